import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PROJECT_DIR } from '../../lib/cli/demo/children.ts';

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await setTimeout(50);
  expect(holds()).toBe(true);
}

// A demo in small: a guard and two children, one of which does not listen to SIGTERM.
const PARENT = `
import { startChild } from './lib/cli/demo/children.ts';
import { startGuard } from './lib/cli/demo/guard.ts';
const guard = startGuard(process.env.DATA_DIR);
const child = (code) => startChild({ args: ['-e', code], env: process.env }, false);
const children = [child('setInterval(() => {}, 1e6)'), child('process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)')];
for (const one of children) guard.watch(one);
setTimeout(() => console.log(JSON.stringify(children.map((one) => one.process.pid))), 300);
setInterval(() => {}, 1e6);
`;

describe('startGuard', () => {
  it('leaves nothing running and no folder behind when the demo is killed outright', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tidemark-demo-test-'));
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
      cwd: PROJECT_DIR,
      env: { ...process.env, DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pids] = (await parent.stdout.take(1).toArray()) as [Buffer];
    const children = JSON.parse(pids.toString()) as number[];
    expect(children.map(isRunning)).toEqual([true, true]);

    parent.kill('SIGKILL');
    await eventually(() => !children.some(isRunning) && !existsSync(dataDir));
  });
});
