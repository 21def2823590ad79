import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { FaultTable } from './faults.ts';

// Plays seeds in processes of their own: each simulates on one thread, and a mutation has to be there before the first import.

export interface Played {
  readonly code: number | null;
  /** What it says of a history that went wrong, and the command that plays it again. */
  readonly said: string;
  readonly table: FaultTable;
  readonly uploads: number;
}

const MAIN = join(import.meta.dirname, 'main.ts');
const AT_ONCE = 2;

const waiting: (() => void)[] = [];
let running = 0;

/** Runs main.ts with these arguments, two processes at a time. */
export async function play(...args: readonly string[]): Promise<Played> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await played(args);
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function played(args: readonly string[]): Promise<Played> {
  const child = spawn(process.execPath, [MAIN, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = [child.stdout, child.stderr].map((stream) => {
    const said: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
    return said;
  }) as [string[], string[]];
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const said = err.join('');
      try {
        const { table, uploads } = JSON.parse(out.join('')) as Pick<Played, 'table' | 'uploads'>;
        resolve({ code, said, table, uploads });
      } catch {
        reject(new Error(`The simulation ended with ${code}: ${said.slice(0, 2000)}`));
      }
    });
  });
}
