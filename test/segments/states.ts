import fc from 'fast-check';
import { canonicalFlame } from '../../lib/flame/canonical.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { sketchOf } from '../../lib/model/sketch.ts';
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
import { flameState } from '../flame/states.ts';

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

/** In the form in which decode() gives it. */
export const flameSection = flameState.map(canonicalFlame);

export const sections: fc.Arbitrary<Sections> = fc.record(
  { facts: factsState, flame: flameSection, instance: instancesState, latency: latencyState },
  { requiredKeys: [] },
);

export const idOf = (number: number) => uploadId(number.toString(16).padStart(32, '0'));
export const uploadIds = fc.uniqueArray(fc.nat(2 ** 30).map(idOf), { maxLength: 5 });
