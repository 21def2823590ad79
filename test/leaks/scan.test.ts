import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scan } from '../../lib/cli/scan.ts';
import { normal, random } from './draw.ts';
import { BEGAN, carts, exported, MINUTE_MS, requestsUntil } from './service-story.ts';

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

/** Scans files that are given by name and text. */
async function scanned(files: Readonly<Record<string, string>>, ...options: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await scan([...Object.keys(files), ...options, '--json'], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    readFile: async (path) => new TextEncoder().encode(files[path] ?? ''),
  });
  const { results } = JSON.parse(stdout);
  return { code, results, stderr: stderr.split('\n').slice(0, -1) };
}

describe('tidemark scan of many files', () => {
  const LEVEL = Array.from({ length: 40 }, (_, i) => `${i * 15},${2e8 + ((i * 7919) % 101) * 1e4}`).join(
    '\n',
  );

  it('tells what is wrong with some of them beside the results of the others', async () => {
    const { code, results, stderr } = await scanned({
      'a.csv': `time_s,value\n${LEVEL}`,
      'empty.csv': '',
      'text.csv': 'time_s,value\n0,x\n1,y\n',
      'header.csv': 'time_s,pod,value\n',
      'one.csv': 'time_s,value\n0,5e8\n',
      'nan.csv': 'time_s,value\n0,NaN\n15,\n',
      'broken.json': '{"status":',
      'z.csv': `0,1e8\n${LEVEL}`,
    });
    expect(code).toBe(1);
    expect(results.map((one: { file: string; verdict: string }) => [one.file, one.verdict])).toEqual([
      ['a.csv', 'stable'],
      ['header.csv', 'insufficient-data'],
      ['one.csv', 'insufficient-data'],
      ['nan.csv', 'insufficient-data'],
      ['z.csv', 'stable'],
    ]);
    expect(stderr.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual(
      ['empty.csv', 'text.csv', 'broken.json'].map((file) => `tidemark scan: ${file}`),
    );
  });

  it('says beside the results what it took a file for', async () => {
    const { code, stderr } = await scanned({
      'a.csv': `time_s,value\n${LEVEL.split('\n').reverse().join('\n')}`,
    });
    expect([code, stderr]).toEqual([0, ['tidemark scan: a.csv: Assumed: rows are sorted by time']]);
  });

  it('says that rows of one moment are of several processes, where no column tells them apart', async () => {
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${Math.floor(i / 4) * 15},${1.5e8 + (i % 4) * 4e7 + (i % 7) * 1e5}`,
    );
    const { results } = await scanned({ 'a.csv': `time_s,value\n${rows.join('\n')}` });
    expect(results).toMatchObject([{ verdict: 'mixed-writers' }]);
    const named = rows.map((row, i) => `${row},worker-${i % 4}`);
    const each = await scanned({ 'a.csv': `time_s,value,worker\n${named.join('\n')}` });
    expect(each.results.map(({ verdict }: { verdict: string }) => verdict)).toEqual(Array(4).fill('stable'));
  });

  it('calls no growth a leak that has the page cache in it', async () => {
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${i * 15},${(200 + Math.max(0, i - 100) + ((i * 7919) % 101) / 50) * 2 ** 20}`,
    );
    const told = async (metric: string) =>
      (await scanned({ 'a.csv': [`time_s,${metric}`, ...rows].join('\n') })).results[0];
    expect(await told('container_memory_working_set_bytes')).toMatchObject({ verdict: 'leak' });
    for (const metric of ['container_memory_usage_bytes', 'page_cache_bytes'])
      expect(await told(metric)).toMatchObject({
        verdict: 'growth-unconfirmed',
        reason: expect.stringContaining('page cache'),
      });
  });

  it('writes percent as percent', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i * 300},${40 + ((i * 7919) % 101) / 500}`);
    const { results } = await scanned({ 'a.csv': `time_s,value\n${rows.join('\n')}` });
    expect(results[0].reason).toMatch(/^The floor stays near 40\.1 % over \d+ lows\.$/);
    const nothing = rows.map((row) => row.replace(/,.*/, ',0'));
    const without = await scanned({ 'a.csv': `time_s,external\n${nothing.join('\n')}` });
    expect(without.results[0].reason).toMatch(/^The floor stays near 0 B over/);
  });

  it('does not say that a floor stays where it rises by too little for a leak', async () => {
    const rows = (perRow: number) =>
      Array.from({ length: 240 }, (_, i) => `${i * 15},${2e8 + i * perRow + ((i * 7919) % 101) * 1e4}`);
    const reasonOf = async (perRow: number) =>
      (await scanned({ 'a.csv': ['time_s,value', ...rows(perRow)].join('\n') })).results[0];
    expect(await reasonOf(0)).toMatchObject({
      verdict: 'stable',
      reason: expect.stringContaining('stays near'),
    });
    const { verdict, reason } = await reasonOf(8e4);
    expect(verdict).toBe('stable');
    expect(reason).toMatch(/^The floor rose from 19\d\.\d MiB to 20\d\.\d MiB over \d+ lows, too little or/);
  });

  it('finds the leak of a process that was replaced, on a clock that began again', async () => {
    const row = (i: number, mib: number) => `${i * 15},${(mib + ((i * 7919) % 101) / 50) * 1048576}`;
    const leaking = Array.from({ length: 240 }, (_, i) => row(i, 200 + i));
    const present = Array.from({ length: 40 }, (_, i) => row(i, 200));
    const { results } = await scanned({ 'a.csv': ['time_s,value', ...leaking, ...present].join('\n') });
    expect(results).toMatchObject([{ verdict: 'leak' }]);
  });
});

describe('tidemark scan of a Prometheus answer', () => {
  const STEP_S = 60;
  /** `lives` processes of so many readings each, in ranks of ten, that keep so many MiB in an hour. */
  function answer(lives: number, readings: number, perHour: number): string {
    const gauss = normal(random(lives));
    const result = Array.from({ length: lives }, (_, life) => {
      const born =
        1_790_000_000 + Math.floor(life / 10) * readings * STEP_S + Math.round(100 * Math.abs(gauss()));
      const values = Array.from({ length: readings }, (__, i) => {
        const mib = 150 + 60 * (1 - Math.exp(-i / 15)) + (perHour * i) / 60 + 4 * gauss();
        return [born + i * STEP_S, `${Math.round(mib * 2 ** 20)}`];
      });
      return { metric: { __name__: 'process_resident_memory_bytes', job: 'shop', pod: `p${life}` }, values };
    });
    return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  }
  const told = async (text: string) =>
    (await scanned({ 'a.json': text })).results.map(
      (one: { series: { instance: string }; verdict: string }) => [one.series.instance, one.verdict],
    );

  it('judges every series of an answer, also beside some whose names tell no role', async () => {
    const { data } = JSON.parse(answer(1, 60, 6));
    const [one] = data.result;
    const unnamed = { ...one, metric: { instance: 'b' } };
    const { results } = await scanned({
      'a.json': JSON.stringify({ ...data, result: [one, unnamed] }),
    });
    expect(results).toHaveLength(2);
  });

  it('hears rules of a file whose last row tells no time', async () => {
    const { code, results } = await scanned({ 'a.csv': 'time_s,rss\n0,5\n60,5\n,5\n' }, '--rules');
    expect([code, results.length]).toEqual([0, 1]);
  });

  it('pools processes that replaced each other', async () => {
    expect(await told(answer(160, 180, 6))).toEqual([['160 lives', 'leak']]);
    expect(await told(answer(160, 180, 0))).toEqual([['160 lives', 'stable']]);
    const cached = answer(160, 180, 6).replaceAll(
      'process_resident_memory_bytes',
      'container_memory_usage_bytes',
    );
    expect(await told(cached)).not.toContainEqual(['160 lives', 'leak']);
    expect(await told(answer(160, 20, 12))).toEqual([['160 lives', 'insufficient-data']]);
  });

  it('says that units of all processes explain none of those that are pooled', async () => {
    const files = { 'a.json': answer(20, 60, 0), 'units.csv': 'time_s,GET /a\n0,5\n60,9\n' };
    const { stderr } = await scanned(
      { 'a.json': files['a.json'], 'units.csv': files['units.csv'] },
      '--units',
      'units.csv',
    );
    expect(stderr.some((line) => line.includes('explain none of those that are pooled'))).toBe(true);
  });

  it('puts processes together that have a file each, when told so', async () => {
    const { data } = JSON.parse(answer(160, 180, 6));
    const rows = ({ values }: { values: [number, string][] }) => values.map((pair) => pair.join(','));
    const files = data.result.map((one: { values: [number, string][] }, i: number) => [
      `${i}.csv`,
      ['time_s,rss_bytes', ...rows(one)].join('\n'),
    ]);
    const { results } = await scanned(Object.fromEntries(files), '--together');
    expect(results).toMatchObject([{ series: { instance: '160 lives' }, verdict: 'leak' }]);
  });

  it('tells of each rule the gravest state of any process', async () => {
    const { data } = JSON.parse(answer(80, 180, 0));
    const last = data.result.at(-1);
    for (const value of last.values) value[1] = '9e8';
    const rules = JSON.stringify([
      { alert: 'Large', expr: 'process_resident_memory_bytes > 8e8', for: '30m' },
    ]);
    const files = { 'a.json': JSON.stringify({ status: 'success', data }), 'rules.json': rules };
    let stdout = '';
    const io = {
      stdout: (text: string) => {
        stdout += text;
      },
      stderr: () => undefined,
      readFile: async (path: string) => new TextEncoder().encode(files[path as keyof typeof files]),
    };
    await scan(['a.json', '--rules', 'rules.json', '--json'], io);
    const [{ series, rules: told }] = JSON.parse(stdout).results;
    expect(series.instance).toBe('80 lives');
    expect(told).toEqual([{ rule: 'Large', state: 'firing', since: last.values[0][0] + 1800 }]);
  });

  it('judges those that run beside each other one by one', async () => {
    expect((await told(answer(10, 300, 0))).map(([instance]: string[]) => instance)).toEqual(
      Array.from({ length: 10 }, (_, i) => `p${i}`),
    );
  });
});

describe('tidemark scan of several OTLP files', () => {
  const LEAKING = { version: '1.0', kept: 40 * 1024, minutes: 120 };
  const run = (first: number, from: number, to: number) =>
    JSON.stringify(exported('shop', LEAKING, first, from, to));
  const counted = ({ results }: { results: { file: string }[] }) =>
    [...Map.groupBy(results, ({ file }) => file)].map(([file]) => file);

  it('judges each run by itself, in the order of the files, and one that goes on in several as one', async () => {
    const files = {
      'a.json': run(0, 0, 60),
      'b.csv': 'time_s,value\n0,5e8\n',
      'other.json': run(700, 700, 760),
      'a-2.json': run(0, 60, 120),
    };
    const each = await scanned(files, '--role', 'heap_used');
    expect([each.code, each.stderr]).toEqual([0, []]);
    expect(counted(each)).toEqual(['a.json', 'b.csv', 'other.json']);
    expect(counted(await scanned(files, '--together'))).toEqual(['a.json', 'b.csv']);
    const copies = { 'a.json': files['a.json'], 'copy.json': files['a.json'] };
    expect(counted(await scanned(copies))).toEqual(['a.json', 'copy.json']);
  });

  it('puts the parts of a rotated file together, whatever the order of their names', async () => {
    const parts = { '.json': 90, '.json.1': 60, '.json.10': 0, '.json.2': 30 };
    const files = Object.entries(parts).map(([name, from]) => [name, run(0, from, from + 30)]);
    expect(counted(await scanned(Object.fromEntries(files), '--role', 'heap_used'))).toEqual(['.json']);
  });

  it('takes files without names of processes for one run where they are one that was rotated', async () => {
    const gauges = (from: number) => {
      const all = exported('shop', { ...LEAKING, resource: { 'host.name': 'a' } }, 0, from, from + 30);
      const [{ resource, scopeMetrics }] = all.resourceMetrics as [(typeof all.resourceMetrics)[0]];
      const metrics = scopeMetrics[0]!.metrics.slice(0, 1);
      return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
    };
    const rotated = {
      'm.json': gauges(90),
      'm-2026-11-22T10-00-00.000.json': gauges(60),
      'm.json.1.gz': gauges(30),
    };
    const others = { 'run-1.json': gauges(0), 'run-2.json': gauges(30) };
    expect(counted(await scanned({ ...rotated, ...others }))).toEqual(['m.json', 'run-1.json', 'run-2.json']);
  });

  it('joins spans and facts of machines that come in files of their own', async () => {
    const POD = { 'k8s.pod.uid': 'p1' };
    const attributes = (of: Readonly<Record<string, string>>) =>
      Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
    const hex = (i: number, length: number) => (i + 1).toString(16).padStart(length, '0');
    const nanos = (ms: number) => `${Math.round(ms)}000000`;
    const spansOf = (path: string, count: (minute: number) => number) =>
      Array.from({ length: 120 }, (_, minute) =>
        Array.from({ length: count(minute) / 4 }, (__, i) => ({
          ...{ name: path, kind: 2 },
          startTimeUnixNano: nanos(BEGAN + minute * MINUTE_MS + i),
          endTimeUnixNano: nanos(BEGAN + minute * MINUTE_MS + i + 5),
          attributes: attributes({ 'http.request.method': 'GET', 'http.route': path }),
        })),
      ).flat();
    const spans = [
      ...spansOf('/cart', (minute) => carts(minute, minute)),
      ...spansOf('/other', (minute) => requestsUntil(minute, 23) - requestsUntil(minute - 1, 23)),
    ];
    const traces = JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: attributes({ 'service.name': 'shop', ...POD }) },
          scopeSpans: [
            { spans: spans.map((one, i) => ({ ...one, traceId: hex(i, 32), spanId: hex(i, 16) })) },
          ],
        },
      ],
    });
    const limit = { timeUnixNano: nanos(BEGAN + 60 * MINUTE_MS), asInt: String(2 ** 30) };
    const cluster = JSON.stringify({
      resourceMetrics: [
        {
          resource: { attributes: attributes({ ...POD, 'k8s.container.name': 'app' }) },
          scopeMetrics: [
            { metrics: [{ name: 'k8s.container.memory_limit', gauge: { dataPoints: [limit] } }] },
          ],
        },
      ],
    });
    const metrics = JSON.stringify(
      exported('shop', { ...LEAKING, resource: POD, sendsCounts: false }, 0, 0, 120),
    );
    const { code, results, stderr } = await scanned({
      'traces.json': traces,
      'metrics.json': metrics,
      'cluster.json': cluster,
    });
    expect([code, stderr]).toEqual([0, []]);
    expect(results).toMatchObject([{ file: 'metrics.json', verdict: 'leak' }]);
    expect(results[0].suspects).toMatchObject([{ units: ['GET /cart'] }]);
    expect(results[0].timeToLimitS).toBeGreaterThan(0);
  });

  it('reads the lines of a file whose last one was being written', async () => {
    const lines = [run(0, 0, 60), run(0, 60, 90), run(0, 90, 120).slice(0, 900)].join('\n');
    const { code, results, stderr } = await scanned({ 'a.jsonl': lines });
    expect([code, counted({ results })]).toEqual([0, ['a.jsonl']]);
    expect(stderr).toEqual(['tidemark scan: a.jsonl: Assumed: 1 of its 3 lines cannot be read']);
  });
});

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
