import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Child } from './children.ts';

export interface Guard {
  watch(child: Child): void;
  /** Ends what is still running and removes the data folder. */
  close(): Promise<void>;
}

/** Starts the process that cleans up after this one. */
export function startGuard(dataDir: string): Guard {
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'guard.worker.ts'), dataDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<void>((resolve) => {
    guard.on('exit', () => resolve());
    guard.on('error', () => resolve());
  });
  guard.stdin.on('error', () => {}); // it was killed: nothing is left to tell it
  return {
    watch(child) {
      const { pid } = child.process;
      if (pid === undefined) return;
      guard.stdin.write(`+${pid}\n`);
      // The system may give the number to somebody else.
      void child.ended.then(() => guard.stdin.writable && guard.stdin.write(`-${pid}\n`));
    },
    async close() {
      guard.stdin.end();
      await ended;
    },
  };
}
