import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_DIR } from '../../lib/cli/demo/children.ts';

describe('demo/rows.cjs', () => {
  // In a process of its own, with the shop's heap: a test runner's heap is no place to measure.
  it('keeps alive what it says, within 3 %', () => {
    const script = join(PROJECT_DIR, 'bench', 'demo', 'calibrate.ts');
    const done = spawnSync(process.execPath, ['--max-old-space-size=96', script, '--check'], {
      encoding: 'utf8',
    });
    expect(done.stdout + done.stderr).toContain('ok');
    expect(done.status).toBe(0);
  });
});
