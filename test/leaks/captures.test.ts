import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DemoRun, lifeOfRun } from '../../bench/leaks/demo-simulator.ts';
import { parseSeries } from '../../lib/formats/series/index.ts';
import { analyzeLife } from '../../lib/leaks/index.ts';
import type { LeakResult } from '../../lib/model/leak.ts';
import type { MemoryRole } from '../../lib/model/memory.ts';
import { lifeOf } from './draw.ts';

const bytesOf = (name: string) => readFileSync(new URL(`../fixtures/leaks/${name}`, import.meta.url));

/** The series of a file, seen up to a second, every `stride`th reading. */
function judge(
  name: string,
  role: MemoryRole,
  options: { untilS?: number; stride?: number; limit?: number } = {},
) {
  const { untilS = Number.POSITIVE_INFINITY, stride = 1, limit } = options;
  const [series] = parseSeries(bytesOf(name));
  const keep = (_: number, i: number) => i % stride === 0 && series!.times[i]! <= untilS * 1000;
  return analyzeLife({
    ...lifeOf([], 1),
    ...series!,
    role,
    times: series!.times.filter(keep),
    values: series!.values.filter(keep),
    limit: limit ?? series!.limit,
  });
}

const demo = (name: string): DemoRun => JSON.parse(gunzipSync(bytesOf(name)).toString());
const holds = ({ onset }: LeakResult, second: number) =>
  onset !== null && onset.low <= second * 1000 && second * 1000 <= onset.high;

describe('real series', () => {
  it.each([1, 5, 15])(
    'an injected leak at %s s is found with its onset, live and after it was given back',
    (stride) => {
      for (const untilS of [800, undefined]) {
        const result = judge('hpc-leak.csv.gz', 'rss', { stride, ...(untilS && { untilS }) });
        expect(result.verdict).toBe('leak');
        expect(holds(result, 256)).toBe(true);
      }
    },
  );

  it.each([
    ['hpc-quiet.csv.gz', 'rss'],
    ['pod.csv.gz', 'container_usage'],
    ['jvm-fill.gc.csv.gz', 'heap_used'],
  ] as const)('%s is not called a leak', (name, role) => {
    expect(judge(name, role).verdict).not.toBe('leak');
  });

  it('a heap that fills to its cap leaks', () => {
    expect(judge('jvm-leak.gc.csv.gz', 'heap_used', { limit: 536_870_912 }).verdict).toBe('leak');
  });
});

describe('recorded demo runs', () => {
  it.each(['demo-leak.json.gz', 'demo-leak-2.json.gz'])('%s: route, onset and bytes', (name) => {
    const run = demo(name);
    const result = analyzeLife(lifeOfRun(run));
    const suspect = result.suspects[0]!;
    expect(result.verdict).toBe('leak');
    expect(suspect.units[0]!.name).toBe(run.truth.unit);
    expect(Math.abs(suspect.bytesPerUnit!.value / run.truth.bytesPerUnit - 1)).toBeLessThan(0.25);
    expect(holds(result, run.truth.onset_s)).toBe(true);
    expect(result.onset!.high - result.onset!.low).toBeLessThanOrEqual(30_000);
  });

  it('a clean run is not called a leak at any moment', () => {
    const run = demo('demo-clean.json.gz');
    for (let second = 20; second <= 120; second += 10)
      expect(analyzeLife(lifeOfRun(run, second)).verdict).not.toBe('leak');
  });
});
