// Flame graphs of parts of one trace, from the samples that are kept with it.
import { describe, expect, it } from 'vitest';
import { totalOf } from '../../lib/flame/tree.ts';
import type { Interval } from '../../lib/model/uncovered.ts';
import { foldTraces } from '../../lib/traces/fold.ts';
import { keptSamples } from '../../lib/traces/kept-samples.ts';
import type { RetainedTrace } from '../../lib/traces/retained.ts';
import { samplesByTrace } from '../../lib/traces/sampled.ts';
import { selfIntervals, traceFlame } from '../../lib/traces/trace-flame.ts';
import { foldedText } from '../flame/drawing.ts';
import { profileOf } from './profile-picture.ts';
import { traceOf } from './trace-picture.ts';

const EVENT = 'e'.repeat(32);
const TRACE = traceOf(
  `
  GET /cart | 0-400
    function view | 0-400
      db SELECT 1 | 50-100
      function render | 300-400
`,
  { profile: { eventId: EVENT, profilerId: '' } },
);
const PICTURE = `
  0-50: main > view > auth
  50-100: main > view > execute@db.py
  100-300: main > view > load@orm.py
  300-400: main > view > render
`;
const profileIn = (picture: string, periodMs = 10) => ({
  profile: profileOf(picture, periodMs),
  eventId: EVENT,
  profilerId: '',
  activeThreadId: '',
  threadIds: [],
});
const sampledBy = (picture: string, periodMs = 10, trace = TRACE) =>
  samplesByTrace([profileIn(picture, periodMs)])(trace);
const US = 1000;
const drawn = (picture: string, ...intervals: Interval[]) => {
  const { tree, ...rest } = traceFlame(
    keptSamples(sampledBy(picture)),
    intervals.map(([from, to]) => [from * US, to * US] as const),
  );
  return { text: foldedText(tree).trim().split('\n').sort(), ...rest };
};

describe('traceFlame()', () => {
  it('shows what ran between two times, to the sample, and nothing else', () => {
    expect(drawn(PICTURE, [100, 300]).text).toEqual(['main;view;load 200000']);
    const both = drawn(PICTURE, [0, 50], [100, 300]);
    expect(both.text).toEqual(['main;view;auth 50000', 'main;view;load 200000']);
    expect([both.us, both.sampledUs, both.samples]).toEqual([250_000, 250_000, 25]);
  });

  it('says how much of the time lies near no sample', () => {
    const gone = drawn('0-100: main > view', [0, 400]);
    expect(gone.sampledUs).toBe(100_000);
    expect(drawn('', [0, 400])).toMatchObject({ text: [''], sampledUs: 0, samples: 0 });
  });

  it('keeps a thousand samples of a long profile, and its sums', () => {
    const long = traceOf('GET /export | 0-100000', { profile: { eventId: EVENT, profilerId: '' } });
    const kept = keptSamples(sampledBy('0-50000: a\n50000-100000: b', 10, long));
    expect(kept.reduce((sum, { samples }) => sum + samples.length / 2, 0)).toBeLessThanOrEqual(1000);
    const { tree, sampledUs } = traceFlame(kept, [[0, 1e8]]);
    expect(sampledUs).toBeCloseTo(1e8, -5);
    const [a, b] = foldedText(tree)
      .trim()
      .split('\n')
      .sort()
      .map((line) => Number(line.split(' ').at(-1)));
    expect(a! / b!).toBeCloseTo(1, 1);
  });

  it('cuts stacks that are too many and too deep, and loses no time by it', () => {
    const deep = Array.from(
      { length: 100 },
      (_, i) => `${4 * i}-${4 * i + 4}: ${Array.from({ length: 100 }, (_, k) => `f${i}_${k}`).join(' > ')}`,
    ).join('\n');
    const kept = keptSamples(sampledBy(deep, 4));
    expect(kept[0]!.nodes.length / 2).toBeLessThanOrEqual(4000);
    expect(totalOf(traceFlame(kept, [[0, 400 * US]]).tree)).toBe(400 * US);
  });
});

describe('a retained trace', () => {
  const [part] = foldTraces({ traces: [TRACE], profiles: [profileIn(PICTURE)] }, () => 0);
  const kept = JSON.parse([...part!.state.traces.values()][0]!) as RetainedTrace;
  const spanOf = (name: string) => kept.spans.find(({ description }) => description === name)!;

  it('has the graph of a gap, whose amounts are those of its causes', () => {
    const gap = kept.gaps.find(({ durationUs }) => durationUs === 200_000)!;
    const { tree } = traceFlame(kept.samples!, [[gap.startUs, gap.startUs + gap.durationUs]]);
    expect(totalOf(tree)).toBe(gap.causes.reduce((sum, { us }) => sum + us, 0));
  });

  it('has the graph of a span without its children, and of one with them', () => {
    expect(selfIntervals(kept, spanOf('view'))).toEqual([
      [0, 50_000],
      [100_000, 300_000],
    ]);
    expect(selfIntervals(kept, spanOf('render'))).toEqual([[300_000, 400_000]]);
    expect(selfIntervals(kept, spanOf('GET /cart'))).toEqual([]);
    expect(totalOf(traceFlame(kept.samples!, selfIntervals(kept, spanOf('view'))).tree)).toBe(250_000);
  });
});
