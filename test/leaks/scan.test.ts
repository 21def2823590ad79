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
      'releases',
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
      [1, ['x.csv', '--rules', 'r.json']],
      [2, ['x.csv', '--unknown']],
    ] as const) {
      const result = await run(...args);
      expect(result.code, args.join(' ')).toBe(code);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
      expect(result.stdout).toBe('');
    }
  });

  it.each([
    ['no memory in it', '{"resourceMetrics":[{}]}'],
    ['blanks before it', '\n \t{"resourceMetrics":[]}'],
    ['a byte order mark before it', '\ufeff{"resourceMetrics":[]}'],
  ])('says of OTLP with %s that no memory metric was found', async (_name, text) => {
    let stderr = '';
    const code = await scan(['export.json'], {
      stdout: () => undefined,
      stderr: (line) => {
        stderr += line;
      },
      readFile: async () => new TextEncoder().encode(text),
    });
    expect([code, stderr]).toEqual([
      1,
      'tidemark scan: export.json: Cannot find a memory metric in these exports\n',
    ]);
  });

  it('has help', async () => {
    expect((await run('--help')).stdout).toMatch(/^Usage: tidemark scan/);
  });

  it('runs alert rules beside the analysis', async () => {
    const rising = `time_s,rss_bytes\n${Array.from({ length: 721 }, (_, i) => `${i * 15},${1e8 + i * 15 * 12_000}`).join('\n')}`;
    const rules = JSON.stringify({
      rules: [
        { alert: 'Growth', expr: 'deriv(process_resident_memory_bytes[1h]) > 10000', for: '30m' },
        { alert: 'NearLimit', expr: 'process_resident_memory_bytes / memory_limit > 0.8', forSeconds: 300 },
        { alert: 'Goroutines', expr: 'deriv(go_goroutines[1h]) > 0.1', for: '30m' },
      ],
    });
    let stdout = '';
    const io = {
      stdout: (text: string) => {
        stdout += text;
      },
      stderr: () => {},
      readFile: async (path: string) => new TextEncoder().encode(path === 'rules.json' ? rules : rising),
    };
    const code = await scan(['x.csv', '--limit', '250000000', '--rules', 'rules.json', '--json'], io);
    expect(code).toBe(0);
    // 80 % of the limit are passed at 8,333 s: first seen at 8,340 s, firing five evaluations later.
    expect(JSON.parse(stdout).results[0].rules).toEqual([
      { rule: 'Growth', state: 'firing', since: 1860 },
      { rule: 'NearLimit', state: 'firing', since: 8640 },
      { rule: 'Goroutines', state: 'inactive', since: null },
    ]);
    stdout = '';
    await scan(['x.csv', '--role', 'heap_used', '--rules'], io);
    expect(stdout).toContain('rule HeapGrowth: firing since 1860.0 s');
  });
});
