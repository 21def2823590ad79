import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../lib/jobs/answers/units.ts';
import { type Folded, fold } from '../../lib/jobs/fold.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { MACHINES, PARTITION_MS } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import type { UploadFacts } from '../../lib/model/telemetry.ts';
import { HOUR_MS } from '../../lib/model/units.ts';
import { KIND_NAMES, KINDS, mergeSections, type Sections } from '../../lib/segments/kinds/index.ts';
import { tallyOfKey } from '../../lib/segments/kinds/instance.ts';
import { encodeSegment, readFooter, readSection } from '../../lib/segments/segment.ts';
import { count, factsOf, level, machine, NOON, ORDERS, report, SHOP, span } from './facts.ts';

const ID = uploadId('0123456789abcdef'.repeat(2));
const foldAll = (facts: UploadFacts): Folded =>
  fold({ project: 'p', uploadId: ID, facts, from: NOON - 48 * HOUR_MS, to: NOON + HOUR_MS });

/** Partition → bytes of its sections: equal states give equal bytes. */
const bytesOf = (parts: Iterable<readonly [string, Sections]>) =>
  new Map([...parts].map(([key, sections]) => [key, encodeSegment(sections, [])]));
const keyed = ({ parts }: Folded) =>
  parts.map(({ partition, sections }) => [`${partition.service} ${partition.start}`, sections] as const);

function mergeAll(folds: readonly Folded[]) {
  const merged = new Map<string, Sections>();
  for (const [key, sections] of folds.flatMap(keyed)) {
    merged.set(key, mergeSections(merged.get(key) ?? {}, sections));
  }
  return merged;
}

// Few times, in two partitions, some with fractions; few series: most draws hold points that meet.
const time = fc
  .tuple(fc.nat(3), fc.constantFrom(0, 0.25, PARTITION_MS))
  .map(([step, more]) => NOON + step + more);
const levels = fc.record({
  role: fc.constantFrom('heap_used' as const, 'rss' as const),
  part: fc.constantFrom('', 'old_space'),
  time,
  value: fc.nat(3),
});
const counts = fc.record({
  status: fc.constantFrom('2xx', '5xx'),
  time,
  start: fc.constantFrom(NOON - 5000, NOON - 4000),
  count: fc.nat(3),
  sumUs: fc.nat(2),
  buckets: fc.tuple(fc.nat(2), fc.nat(2)).map((bucketCounts) => ({ boundsUs: [100], counts: bucketCounts })),
});
const spans = fc.record({
  unit: fc.constantFrom(ORDERS, { kind: 'job' as const, name: 'send mail' }),
  start: time,
  durationUs: fc.nat(5_000_000),
  failed: fc.boolean(),
  weight: fc.constantFrom(undefined, 1, 8, 1.3),
  spanId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
});
const machines = fc.record({
  time,
  value: fc.nat(2),
  joins: fc.constantFrom({ podUid: 'u' }, { host: 'h' }),
});

describe('fold()', () => {
  it('gives what folding the points one by one and merging the results gives', () => {
    fc.assert(
      fc.property(
        fc.array(levels, { maxLength: 12 }),
        fc.array(counts, { maxLength: 12 }),
        fc.array(spans, { maxLength: 12 }),
        fc.array(machines, { maxLength: 8 }),
        (drawnLevels, drawnCounts, drawnSpans, drawnMachines) => {
          const all = {
            levels: drawnLevels.map(level),
            counts: drawnCounts.map(count),
            work: drawnSpans.map(span),
          };
          const facts = drawnMachines.map(machine);
          const alone = [
            ...all.levels.map((one) => report({ levels: [one] })),
            ...all.counts.map((one) => report({ counts: [one] })),
            ...all.work.map((one) => report({ work: [one] })),
          ].map((one) => foldAll(factsOf([one])));
          const aloneMachines = facts.map((one) => foldAll(factsOf([], { machines: [one] })));
          const together = foldAll(factsOf([report(all)], { machines: facts }));
          expect(bytesOf(keyed(together))).toEqual(bytesOf(mergeAll([...alone, ...aloneMachines])));
        },
      ),
      { seed: 20_310_508, numRuns: 300 },
    );
  });

  it('sorts points into the 10 minutes in which they lie', () => {
    const facts = factsOf([
      report({
        levels: [level({ time: NOON - 1 }), level({ time: NOON }), level({ time: NOON + PARTITION_MS })],
      }),
    ]);
    expect(foldAll(facts).parts.map(({ partition }) => partition.start)).toEqual([
      NOON - PARTITION_MS,
      NOON,
      NOON + PARTITION_MS,
    ]);
  });

  it('keeps a backfill of 20,000 points of one series, in order of time', () => {
    const points = Array.from({ length: 20_000 }, (_, i) =>
      level({ time: NOON + ((i * 7919) % 20_000) * 20, value: i }),
    );
    const [part] = foldAll(factsOf([report({ levels: points })])).parts;
    const [column] = part?.sections.instance?.instances.get('pod-1')?.levels.values() ?? [];
    expect(column?.times).toEqual(Array.from({ length: 20_000 }, (_, i) => NOON + i * 20));
  });

  it('leaves out what is too late or in the future, counted by reason', () => {
    const { parts, dropped, nothingKept } = foldAll(
      factsOf([
        report({
          levels: [level(), level({ time: NOON - 49 * HOUR_MS }), level({ time: NOON + 2 * HOUR_MS })],
          work: [span({ start: NOON + 2 * HOUR_MS })],
        }),
      ]),
    );
    expect(parts).toHaveLength(1);
    expect(dropped).toEqual({ 'too-late': 1, 'in-future': 2 });
    expect(nothingKept).toBe(false);
  });

  it('says that nothing was kept when every point lay outside of the accepted time', () => {
    expect(foldAll(factsOf([report({ levels: [level({ time: 1 })] })]))).toMatchObject({
      parts: [],
      nothingKept: true,
    });
    expect(foldAll(factsOf([]))).toMatchObject({ parts: [], nothingKept: false });
  });

  it('opens 4,096 partitions at most, and counts the points of others', () => {
    const levels = Array.from({ length: 288 }, (_, i) => level({ time: NOON - i * PARTITION_MS }));
    const reports = Array.from({ length: 15 }, (_, i) =>
      report({ levels }, { service: serviceName({ name: `s${i}` }) }),
    );
    const { parts, dropped, nothingKept } = foldAll(factsOf(reports, { unused: new Map([['other', 7]]) }));
    expect(parts).toHaveLength(4096);
    expect(dropped).toEqual({ 'too many partitions': 15 * 288 - 4096 });
    expect(nothingKept).toBe(false);
  });

  it('leaves out a time, a start, a value or a count that is no number', () => {
    const { parts, dropped } = foldAll(
      factsOf([
        report({
          levels: [
            level({ time: Number.NaN }),
            level({ value: Number.NaN }),
            level({ time: Number.POSITIVE_INFINITY }),
          ],
          counts: [count({ start: Number.NaN }), count({ count: Number.POSITIVE_INFINITY })],
          work: [span({ durationUs: Number.NaN }), span({ start: Number.NEGATIVE_INFINITY })],
        }),
      ]),
    );
    expect(parts).toEqual([]);
    expect(dropped).toEqual({ 'without a time': 2, 'without a value': 3, 'in-future': 1, 'too-late': 1 });
  });

  it('keeps the count of a histogram whose buckets or sum make no sense', () => {
    const buckets = { boundsUs: [100, 200], counts: [1] };
    const [part] = foldAll(factsOf([report({ counts: [count({ buckets, sumUs: Number.NaN })] })])).parts;
    const [column] = part?.sections.instance?.instances.get('pod-1')?.counts.values() ?? [];
    expect(column).toMatchObject({ width: 2, cells: [1, -1] });
  });

  it('makes sections that every reader can decode, whatever the names', () => {
    const odd = ['\ud800', '\udfff\ud800', 'a\ud801', 'a\u{10000}', '\ue000'];
    const facts = factsOf(
      odd.map((key) => report({ levels: [level({ metric: key })], work: [span({ traceId: '' })] }, { key })),
      { unused: new Map(odd.map((name) => [name, 1])) },
    );
    for (const { sections } of foldAll(facts).parts) {
      const bytes = encodeSegment(sections, [ID]);
      for (const name of KIND_NAMES)
        expect(readSection(bytes, readFooter(bytes), name)).toEqual(sections[name]);
    }
  });

  it('lets a span stand for a million requests at most', () => {
    const weight = 2 ** 56;
    const [part] = foldAll(factsOf([report({ work: [span({ weight })] })])).parts;
    expect([...(part?.sections.latency?.units.values() ?? [])][0]).toMatchObject({ count: 1e9 });
    expect(() => encodeSegment(part?.sections ?? {}, [ID])).not.toThrow();
  });

  it('keeps 5,000 units of an upload apart, 2,000 of an instance, and counts all of their requests', () => {
    const unit = (n: number) => ({ kind: 'http' as const, name: `GET /orders/${n}` });
    const work = Array.from({ length: 6000 }, (_, n) =>
      span({ unit: unit(n), spanId: String(n), status: n % 2 === 0 ? '2xx' : '5xx' }),
    );
    const [part] = foldAll(factsOf([report({ work })])).parts;
    const units = [...(part?.sections.latency?.units.values() ?? [])];
    expect(units).toHaveLength(5001);
    expect(units.reduce((sum, one) => sum + one.count, 0)).toBe(6000 * ONE);
    const tallies = [...(part?.sections.instance?.instances.get('pod-1')?.work ?? [])];
    expect(tallies).toHaveLength(2002);
    const requests = (of: typeof tallies) =>
      of.flatMap(([, { sums }]) => sums).reduce((sum, one) => sum + one, 0) / ONE;
    expect(requests(tallies)).toBe(6000);
    expect(requests(tallies.filter(([key]) => isFailure(tallyOfKey(key))))).toBe(3000);
  });

  it('keeps what machines say apart from services', () => {
    const { parts } = foldAll(
      factsOf([], { machines: [machine(), machine({ time: NOON + 1000, value: 600 })] }),
    );
    expect(parts).toHaveLength(1);
    expect(parts[0]?.partition).toMatchObject({ service: MACHINES, start: NOON });
    expect(KINDS.facts.encode(parts[0]?.sections.facts ?? KINDS.facts.empty()).length).toBeGreaterThan(0);
  });

  it('puts names that filled no role beside the first report', () => {
    const { parts } = foldAll(
      factsOf([report({ levels: [level()] })], { unused: new Map([['my.metric', 3]]) }),
    );
    expect(parts[0]?.partition.service).toBe(SHOP);
    expect(parts[0]?.sections.instance?.unused).toEqual(new Map([['my.metric', 3]]));
  });
});
