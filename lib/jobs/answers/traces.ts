import type { ServiceName } from '../../model/service.ts';
import { ONE, quantileUs, type Sketch } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { listSetAside, type SetAside, setAsideName } from '../../records/set-aside.ts';
import { mergeAll } from '../../segments/kind.ts';
import type { StatePart } from '../../segments/read.ts';
import { spreadOf } from '../../traces/functions.ts';
import {
  causeOfKey,
  type GapSum,
  mergeUnitSpans,
  noSpans,
  noUnitSpans,
  OTHER,
  type SpansState,
  type TraceExample,
  type UnitSpans,
  unitOfSpansKey,
} from '../../traces/spans-state.ts';
import type { JobContext } from '../context.ts';
import { isCoarse } from '../load-service.ts';
import { percentilesBy } from './latency-figures.ts';

export interface TracesQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
}
export interface UnitQuery extends TracesQuery {
  /** `unitKey` */
  readonly unit: string;
  readonly version: string | undefined;
}

const US_PER_MS = 1000;
const LIST_MAX = 200;
const CAUSES_MAX = 12;

/** Sums are thousandths of a request times µs. */
const msOf = (sum: bigint) => Number(sum / BigInt(ONE)) / US_PER_MS;
const shareOf = (part: bigint, whole: bigint) =>
  whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1e6;
const spread = (sketch: Sketch, sum: bigint) => ({
  ...percentilesBy((q) => quantileUs(sketch, q) ?? 0),
  sumMs: msOf(sum),
});

const exampleOf = ({ traceId, spanId, at, us }: TraceExample) => ({
  traceId,
  spanId,
  at,
  ms: us / US_PER_MS,
});

export async function statesOf(
  { reader }: Pick<JobContext, 'reader'>,
  { project, service, from, to }: TracesQuery,
  part?: StatePart<SpansState>,
) {
  const coarse = isCoarse(from, to);
  const parts = await reader.range('spans', { project, service, from, to, coarse }, part);
  return parts.map(({ state }) => state);
}

/** A service's groups of spans are most of its states, and questions are about one unit. */
const partOf = (unit: string): StatePart<SpansState> => ({
  name: `unit ${unit}`,
  of: ({ units }) => ({
    ...noSpans,
    units: new Map([...units].filter(([key]) => unitOfSpansKey(key).unit === unit)),
  }),
});

/** What all versions of a unit, or one of them, add up to. */
export async function unitSpansOf(
  context: Pick<JobContext, 'reader'>,
  { unit, version, ...query }: UnitQuery,
): Promise<UnitSpans> {
  return sumOfUnit(await statesOf(context, query, partOf(unit)), unit, version);
}

/** A service's states without anything but how many requests they are of. */
const SEEN: StatePart<SpansState> = {
  name: 'seen',
  of: ({ units }) => ({
    ...noSpans,
    units: new Map(
      [...units].map(([key, { requests, weight }]) => [key, { ...noUnitSpans, requests, weight }]),
    ),
  }),
};

/** How many requests of each unit, and of each of its versions, were seen, and stand for how many. */
export async function seenByVersion(context: Pick<JobContext, 'reader'>, query: TracesQuery) {
  const sums = new Map<string, { requests: number; weight: number }>();
  const nameOf = (unit: string, version?: string) => JSON.stringify([unit, version]);
  for (const { units } of await statesOf(context, query, SEEN)) {
    for (const [key, { requests, weight }] of units) {
      const { unit, version } = unitOfSpansKey(key);
      for (const name of [nameOf(unit), nameOf(unit, version)]) {
        const sum = sums.get(name);
        sums.set(name, { requests: requests + (sum?.requests ?? 0), weight: weight + (sum?.weight ?? 0) });
      }
    }
  }
  return (unit: string, version?: string) => sums.get(nameOf(unit, version)) ?? { requests: 0, weight: 0 };
}

function sumOfUnit(states: readonly SpansState[], unit: string, version: string | undefined): UnitSpans {
  const found = states.flatMap(({ units }) =>
    [...units]
      .filter(([key]) => {
        const one = unitOfSpansKey(key);
        return one.unit === unit && (version === undefined || one.version === version);
      })
      .map(([, state]) => state),
  );
  return mergeAll(found, mergeUnitSpans) ?? noUnitSpans;
}

const facts = (unit: UnitSpans, { unit: key, version }: UnitQuery) => ({
  unit: unitOfKey(key),
  version: version ?? null,
  requests: unit.weight / ONE,
  seen: unit.requests,
  misnested: unit.misnested,
  profiled: unit.profiled,
  totalMs: msOf(unit.whole),
});

/** Where the time of a unit's requests went: spans, functions, patterns. */
export async function suspectsAnswer(context: JobContext, query: UnitQuery) {
  const unit = await unitSpansOf(context, query);
  const aside = await listSetAside(context.records, query.project, query.service);
  const unique = new Map(
    [
      ...unit.examples.map((one) => ['any', one] as const),
      ...unit.slowest.map((one) => ['slow', one] as const),
      ...unit.wrong.map((one) => ['misnested', one] as const),
    ].map(([why, one]) => [`${one.traceId} ${one.rootId}`, { why, ...exampleOf(one) }]),
  );
  return {
    ...facts(unit, query),
    spans: spansOf(unit),
    functions: functionsOf(unit),
    patterns: patternsOf(unit, query.unit, aside),
    examples: [...unique.values()],
  };
}

function spansOf(unit: UnitSpans) {
  return [...unit.groups]
    .sort(([, a], [, b]) => Number(b.selfSum - a.selfSum))
    .slice(0, LIST_MAX)
    .map(([key, group]) => {
      const [op, description] = JSON.parse(key) as [string, string];
      return {
        op,
        group: description,
        count: group.weight / ONE,
        perRequest: group.requests === 0 ? 0 : group.weight / group.requests,
        frequency: unit.weight === 0 ? 0 : group.requests / unit.weight,
        share: shareOf(group.selfSum, unit.whole),
        self: spread(group.self, group.selfSum),
        total: spread(group.total, group.totalSum),
        examples: group.examples.map(exampleOf),
      };
    });
}

function functionsOf(unit: UnitSpans) {
  return [...unit.functions]
    .filter(([key]) => key !== OTHER)
    .sort(([, a], [, b]) => Number(b.sum - a.sum))
    .slice(0, LIST_MAX)
    .map(([key, one]) => {
      const [name = '', file = ''] = key.split('\n');
      // Requests whose functions are known and that show none of it took no time in it.
      const without = Math.max(0, unit.known - one.seen) * ONE;
      const buckets = new Map(one.time.buckets).set(ZERO, (one.time.buckets.get(ZERO) ?? 0) + without);
      const all = spread({ buckets }, one.sum);
      const slowShare = one.slowWhole === 0n ? 0 : shareOf(one.slow, one.slowWhole);
      return {
        name,
        file,
        requests: unit.known,
        seen: one.seen,
        ...all,
        spread: spreadOf({ p50: all.p50Ms, p95: all.p95Ms, requests: unit.known, slowShare }),
      };
    });
}
/** Bucket of what took no time. */
const ZERO = -1;

function patternsOf(unit: UnitSpans, key: string, aside: ReadonlyMap<string, SetAside>) {
  return [...unit.patterns]
    .filter(([subject]) => subject !== OTHER)
    .sort(([, a], [, b]) => Number(b.sum - a.sum))
    .map(([text, pattern]) => {
      const [kind, subject] = JSON.parse(text) as [string, string];
      const ignored = aside.get(setAsideName({ kind: 'pattern', unit: key, subject: text }));
      return {
        kind,
        subject,
        requests: pattern.requests / ONE,
        worstMs: pattern.worstUs / US_PER_MS,
        sumMs: msOf(pattern.sum),
        evidence: pattern.evidence,
        examples: pattern.examples.map(exampleOf),
        ignored: asideOf(ignored),
      };
    });
}

const asideOf = (one: SetAside | undefined) =>
  one === undefined ? null : { at: one.at, reason: one.reason };

/** Time that no span tells of, by what lies around it, with its causes; the largest sum first. */
export async function gapsAnswer(context: JobContext, query: UnitQuery) {
  const unit = await unitSpansOf(context, query);
  const aside = await listSetAside(context.records, query.project, query.service);
  const gaps = [...unit.gaps]
    .filter(([key]) => key !== OTHER)
    .sort(([, a], [, b]) => Number(b.sum - a.sum))
    .slice(0, LIST_MAX)
    .map(([key, gap]) => gapAnswer(key, gap, unit, query.unit, aside));
  return { ...facts(unit, query), gaps };
}

type Side = string | null;

function gapAnswer(
  key: string,
  gap: GapSum,
  unit: UnitSpans,
  unitName: string,
  aside: ReadonlyMap<string, SetAside>,
) {
  const [within, after, before] = JSON.parse(key) as [string, Side, Side];
  const subject = JSON.stringify([after, before]);
  return {
    within,
    after,
    before,
    count: gap.weight / ONE,
    frequency: unit.weight === 0 ? 0 : gap.requests / unit.weight,
    share: shareOf(gap.sum, unit.whole),
    ...spread(gap.time, gap.sum),
    coverage: shareOf(gap.explained, gap.sum),
    causes: causesOf(gap),
    examples: gap.examples.map(exampleOf),
    dismissed: asideOf(aside.get(setAsideName({ kind: 'gap', unit: unitName, subject }))),
  };
}

/** The largest first; the small rest as one, so that the sum stays. */
export function causesOf({ causes, explained }: Pick<GapSum, 'causes' | 'explained'>) {
  const all = [...causes]
    .filter(([key]) => key !== OTHER)
    .sort(([, a], [, b]) => Number(b.sum - a.sum))
    .map(([key, { sum, frames }]) => {
      const { kind, unit, callers } = causeOfKey(key);
      const [frame = ''] = [...frames].sort(([, a], [, b]) => Number(b - a))[0] ?? [];
      const blockedBy = kind === 'foreign' && unit !== '' ? unitOfKey(unit) : null;
      return { kind, frame, callers, blockedBy, ms: msOf(sum), share: shareOf(sum, explained) };
    });
  const rest = all.slice(CAUSES_MAX);
  if (rest.length === 0) return all;
  const ms = rest.reduce((sum, one) => sum + one.ms, 0);
  const share = rest.reduce((sum, one) => sum + one.share, 0);
  return [
    ...all.slice(0, CAUSES_MAX),
    { kind: 'app' as const, frame: `${rest.length} smaller places`, callers: [], blockedBy: null, ms, share },
  ];
}
