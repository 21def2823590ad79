import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scan } from '../../lib/cli/scan.ts';

const file = (name: string) => fileURLToPath(new URL(`../fixtures/leaks/${name}`, import.meta.url));

async function run(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await scan(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    readFile: async (path) => (path === '-' ? readFileSync(file('pod.csv.gz')) : readFile(path)),
  });
  return { code, stdout, stderr };
}

describe('tidemark scan', () => {
  it('prints one JSON document with the shape of the contract', async () => {
    const { code, stdout } = await run(file('hpc-leak.csv.gz'), '--role', 'rss', '--json');
    const [result] = JSON.parse(stdout).results;
    expect(code).toBe(0);
    expect(Object.keys(result)).toEqual([
      'file',
      'series',
      'verdict',
      'confidence',
      'onset',
      'slopeBytesPerHour',
      'timeToLimitS',
      'floor',
      'segments',
      'reason',
      'suspects',
      'rules',
    ]);
    expect(result.verdict).toBe('leak');
    expect(result.onset.low).toBeLessThan(256);
    expect(result.onset.high).toBeGreaterThan(256);
  });

  it('draws a curve and says why', async () => {
    const { stdout } = await run(file('hpc-leak.csv.gz'));
    expect(stdout).toMatch(/^LEAK /);
    expect(stdout).toMatch(/[▁▂▃▄▅▆▇█]{20}/u);
    expect(stdout).toMatch(/The floor rose from/);
  });

  it('exits with 3 when --fail-on leak holds, with 0 when not', async () => {
    expect((await run(file('hpc-leak.csv.gz'), '--fail-on', 'leak')).code).toBe(3);
    expect((await run('-', '--fail-on', 'leak')).code).toBe(0);
  });

  it('exits with 1 on bad input and 2 on bad usage, one line each', async () => {
    for (const [code, args] of [
      [1, ['/no/such/file']],
      [1, [file('README.md')]],
      [2, []],
      [2, ['x.csv', '--role', 'nonsense']],
      [2, ['x.csv', '--limit', 'much']],
      [2, ['x.csv', '--rules', 'r.json']],
      [2, ['x.csv', '--unknown']],
    ] as const) {
      const result = await run(...args);
      expect(result.code, args.join(' ')).toBe(code);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
      expect(result.stdout).toBe('');
    }
  });

  it('has help', async () => {
    expect((await run('--help')).stdout).toMatch(/^Usage: tidemark scan/);
  });
});
