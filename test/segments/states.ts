import fc from 'fast-check';
import { canonicalFlame } from '../../lib/flame/canonical.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { sketchOf } from '../../lib/model/sketch.ts';
import type { AllocationsState } from '../../lib/segments/kinds/allocations.ts';
import { type FactsState, machineKey } from '../../lib/segments/kinds/facts.ts';
import type { Sections } from '../../lib/segments/kinds/index.ts';
import {
  countKey,
  factKey,
  type InstanceState,
  type InstancesState,
  levelKey,
  tallyKey,
} from '../../lib/segments/kinds/instance.ts';
import {
  byHash,
  bySlowness,
  type Example,
  keepExample,
  type LatencyState,
  latencyKey,
  type UnitLatency,
} from '../../lib/segments/kinds/latency.ts';
import { countersOf, levelsOf, tallyOf } from '../../lib/segments/kinds/points.ts';
import {
  byHash as byHashOfTrace,
  bySlowness as bySelfTime,
  type CauseSum,
  type DeploymentSpans,
  type FunctionSum,
  firstOf,
  type GapSum,
  mergeSpans,
  noSpans,
  OTHER,
  type PatternSum,
  type SpanGroup,
  type SpansState,
  type TraceExample,
  traceKey,
  type UnitSpans,
  unitSpansKey,
} from '../../lib/traces/spans-state.ts';
import { flameState } from '../flame/states.ts';
import { functionsState } from './functions-state.ts';

// States as analyzers make them, drawn at random: few keys and few times, so that two of them often meet in one.

const T0 = Date.UTC(2031, 4, 6, 7, 8);
const time = fc.integer({ min: 0, max: 12 }).map((step) => T0 + step * 500);
/** Small ones, both sides of every edge of the codec, and fractions. */
export const whole = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 51 - 1, 2 ** 51, 2 ** 52, 2 ** 53 - 1),
);
const finite = fc.oneof(
  whole,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0), // −0 is 0
);
const name = fc.constantFrom('', 'a', 'heap', 'GET /orders/:id', 'ünïcode €𝄞', '"[]"', 'z'.repeat(200));

const levels = fc.array(fc.record({ time, value: finite }), { minLength: 1, maxLength: 8 }).map(levelsOf);
const counters = (width: number) =>
  fc
    .array(fc.record({ time, start: time, cells: fc.array(whole, { minLength: width, maxLength: width }) }), {
      minLength: 1,
      maxLength: 6,
    })
    .map(countersOf);
const tallies = fc.array(fc.tuple(fc.nat(20), fc.nat(9000)), { minLength: 1, maxLength: 6 }).map(tallyOf);
const seen = fc.tuple(time, fc.nat(1000)).map(([first, more]) => ({ first, last: first + more }));

const mapOf = <V>(key: fc.Arbitrary<string>, value: fc.Arbitrary<V>, maxLength = 3) =>
  fc.array(fc.tuple(key, value), { maxLength }).map((entries): ReadonlyMap<string, V> => new Map(entries));

/** The bounds stand in the key, so that columns of one key are of one width. */
const counts = fc
  .array(
    fc.constantFrom('', '100', '100,2500').chain((bounds) =>
      fc.tuple(
        fc.tuple(name, fc.constantFrom('2xx', '5xx')).map(([unit, status]) =>
          countKey({
            role: 'work',
            unit: `http ${unit}`,
            status,
            metric: 'http.server.request.duration',
            stream: 's.1',
            temporality: 'cumulative',
            bounds,
          }),
        ),
        counters(bounds === '' ? 2 : 3 + bounds.split(',').length),
      ),
    ),
    { maxLength: 3 },
  )
  .map((entries) => new Map(entries));

const instance: fc.Arbitrary<InstanceState> = fc.record({
  facts: mapOf(
    fc.tuple(fc.constantFrom('pid', 'version'), name).map(([fact, value]) => factKey(fact, value)),
    seen,
  ),
  levels: mapOf(
    fc.tuple(fc.constantFrom('rss', 'heap_used'), name).map(([role, part]) => levelKey(role, 'm', part)),
    levels,
  ),
  counts,
  work: mapOf(
    fc
      .tuple(name, fc.boolean())
      .map(([unit, weighted]) => tallyKey({ unit: `job ${unit}`, status: 'ok', weighted })),
    tallies,
  ),
});
export const instancesState: fc.Arbitrary<InstancesState> = fc.record({
  instances: mapOf(fc.constantFrom('pod-1', 'pod-2', 'ë'), instance),
  unused: mapOf(name, fc.oneof(fc.nat(50), fc.constant(2 ** 53 - 1))),
});

export const factsState: fc.Arbitrary<FactsState> = fc.record({
  machines: mapOf(
    fc
      .tuple(fc.constantFrom('pod', 'host'), name)
      .map(([by, id]) => machineKey({ by, id, kind: 'restarts', metric: 'm' })),
    levels,
  ),
});

const example: fc.Arbitrary<Example> = fc.record({
  hash: fc.constantFrom('00000000', '0000000f', 'ffffffff'),
  traceId: fc.constantFrom('', 'aa', 'bb'),
  durationUs: whole,
  time,
});
const unitLatency: fc.Arbitrary<UnitLatency> = fc
  .record({
    durations: fc.array(fc.tuple(whole, fc.nat(5000)), { maxLength: 6 }),
    count: whole,
    failures: fc.nat(50),
    sum: fc.oneof(fc.bigInt({ min: 0n, max: 1n << 110n }), fc.constantFrom(0n, (1n << 64n) - 1n, 1n << 64n)),
    examples: fc.array(example, { maxLength: 6 }),
  })
  .map(({ durations, examples, ...rest }) => ({
    ...rest,
    sketch: sketchOf(durations),
    examples: examples.reduce<readonly Example[]>((kept, one) => keepExample(kept, one, byHash), []),
    slowest: examples.reduce<readonly Example[]>((kept, one) => keepExample(kept, one, bySlowness), []),
  }));
export const latencyState: fc.Arbitrary<LatencyState> = fc.record({
  units: mapOf(
    fc.tuple(name, fc.constantFrom('', '1.2.3')).map(([unit, version]) => latencyKey(unit, version)),
    unitLatency,
  ),
});

/** Deep states: two of each thing meet often enough. */
const few = <V>(key: fc.Arbitrary<string>, value: fc.Arbitrary<V>) => mapOf(key, value, 2);
const big = fc.oneof(fc.nat(300).map(BigInt), fc.constantFrom(0n, 127n, 2n ** 53n, 2n ** 90n));
const sketch = fc.array(fc.tuple(fc.nat(5000), fc.nat(3000)), { maxLength: 3 }).map(sketchOf);
const spanExample: fc.Arbitrary<TraceExample> = fc.record({
  hash: fc.constantFrom('00', '01', 'ff'),
  traceId: fc.constantFrom('aa', 'bb'),
  spanId: fc.constantFrom('1', '2'),
  rootId: fc.constantFrom('1', '9'),
  at: time,
  us: fc.nat(500),
});
const drawnExamples = fc.array(spanExample, { maxLength: 3 });
const anyExamples = drawnExamples.map((list) => firstOf(list, byHashOfTrace, 3));
const slowExamples = (max: number) => drawnExamples.map((list) => firstOf(list, bySelfTime, max));
const spanGroup: fc.Arbitrary<SpanGroup> = fc.record({
  weight: whole,
  requests: whole,
  self: sketch,
  total: sketch,
  selfSum: big,
  totalSum: big,
  examples: slowExamples(1),
});
const causeSum: fc.Arbitrary<CauseSum> = fc.record({ sum: big, frames: few(name, big) });
const gapSum: fc.Arbitrary<GapSum> = fc.record({
  weight: whole,
  requests: whole,
  time: sketch,
  sum: big,
  explained: big,
  causes: few(name, causeSum),
  examples: slowExamples(1),
});
const functionSum: fc.Arbitrary<FunctionSum> = fc.record({
  seen: whole,
  time: sketch,
  sum: big,
  slow: big,
  slowWhole: big,
});
const patternSum: fc.Arbitrary<PatternSum> = fc.record({
  requests: whole,
  sum: big,
  worstUs: fc.nat(9),
  evidence: name,
  examples: slowExamples(1),
});
const unitSpans: fc.Arbitrary<UnitSpans> = fc.record({
  weight: whole,
  requests: whole,
  misnested: whole,
  profiled: whole,
  whole: big,
  groups: few(fc.oneof(name, fc.constant(OTHER)), spanGroup),
  gaps: few(name, gapSum),
  known: whole,
  functions: few(name, functionSum),
  patterns: few(name, patternSum),
  examples: anyExamples,
  slowest: slowExamples(3),
  wrong: anyExamples,
});
const deployment: fc.Arbitrary<DeploymentSpans> = fc.record({
  traces: whole,
  shared: whole,
  apart: whole,
  against: whole,
  misnested: whole,
  detached: whole,
  advice: few(name, whole),
  endpoints: few(name, fc.record({ traces: whole, misnested: whole })),
  fragmented: few(name, fc.record({ units: whole, fragmentedUnits: whole, fragments: whole })),
});
/** Without traces that no example names, as merging leaves them. */
export const spansState: fc.Arbitrary<SpansState> = fc
  .record({
    units: few(
      name.map((unit) => unitSpansKey(unit, '1.2.3')),
      unitSpans,
    ),
    deployments: few(name, deployment),
    traces: few(
      fc.tuple(fc.constantFrom('aa', 'bb'), fc.constantFrom('1', '9')).map(([t, r]) => traceKey(t, r)),
      name,
    ),
  })
  .map((state) => mergeSpans(state, noSpans));

export const allocationsState: fc.Arbitrary<AllocationsState> = fc.record({
  units: mapOf(
    name,
    fc.record({
      ...{ grown: sketch, shrunk: sketch },
      top: mapOf(name, fc.record({ requests: whole, bytes: big })),
    }),
  ),
});

/** In the form in which decode() gives it. */
export const flameSection = flameState.map(canonicalFlame);

export const sections: fc.Arbitrary<Sections> = fc.record(
  {
    allocations: allocationsState,
    facts: factsState,
    flame: flameSection,
    functions: functionsState,
    instance: instancesState,
    latency: latencyState,
    spans: spansState,
  },
  { requiredKeys: [] },
);

export const idOf = (number: number) => uploadId(number.toString(16).padStart(32, '0'));
export const uploadIds = fc.uniqueArray(fc.nat(2 ** 30).map(idOf), { maxLength: 5 });
