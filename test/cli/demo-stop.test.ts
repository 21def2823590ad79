import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PROJECT_DIR } from '../../lib/cli/demo/children.ts';

/** Pairs of process and parent: from /proc, or where there is none (macOS) from ps. */
function processes(): [pid: number, parent: number][] {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' });
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): [number, number][] => {
      try {
        // pid (name, which may hold anything) state ppid …
        const [, parent] = /^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return [[Number(pid), Number(parent)]];
      } catch {
        return []; // it has just ended
      }
    });
}
const childrenOf = (pid: number) => processes().flatMap(([child, parent]) => (parent === pid ? [child] : []));
const isRunning = (pid: number) => processes().some(([other]) => other === pid);

async function startedDemo(): Promise<{ demo: ChildProcess; children: number[]; said: () => string }> {
  const main = join(PROJECT_DIR, 'lib', 'cli', 'main.ts');
  const demo = spawn(process.execPath, [main, 'demo', '--seed', '5', '--once'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  demo.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  for (let i = 0; i < 400 && !/\d requests/.test(said); i++) await setTimeout(50);
  return { demo, children: childrenOf(demo.pid!), said: () => said };
}

describe('tidemark demo, stopping', () => {
  it.each([['SIGINT'], ['SIGTERM'], ['SIGKILL']] as const)(
    'leaves nothing running after %s',
    async (signal) => {
      const { demo, children, said } = await startedDemo();
      const ended = new Promise((resolve) => demo.on('exit', resolve));
      expect(children, said()).toHaveLength(3); // guard, server, shop
      demo.kill(signal);
      await ended;
      for (let i = 0; i < 200 && children.some(isRunning); i++) await setTimeout(50);
      expect(children.filter(isRunning)).toEqual([]);
    },
  );
});
