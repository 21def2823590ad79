import { emptySketch, mergeSketches, type Sketch } from '../../model/sketch.ts';
import { OTHER_UNITS, unitKey } from '../../model/unit-of-work.ts';
import { type ByteReader, type ByteWriter, compareText, readStrings } from '../bytes.ts';
import { codec } from '../codec.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import { boundedMap } from './bounded.ts';
import { mergeMaps, readMap } from './columns.ts';
import { readPackedSketch, readSketch, writePackedSketch } from './sketch-codec.ts';
import { readId, readTexts, writeId, writeTexts } from './texts.ts';

/** Durations of finished work from spans and transactions, per unit and version. */
export interface LatencyState {
  /** `latencyKey` → what its requests took. */
  readonly units: ReadonlyMap<string, UnitLatency>;
}

export interface UnitLatency {
  readonly sketch: Sketch;
  /** Sums of weights, thousandths of a request. */
  readonly count: number;
  readonly failures: number;
  /** Sum of weight × duration, thousandths of a microsecond: beyond 2^53 on a busy fleet, hence a bigint. */
  readonly sum: bigint;
  /** The EXAMPLES_MAX with the smallest hash, so that any order of merging keeps the same ones; and the slowest. */
  readonly examples: readonly Example[];
  readonly slowest: readonly Example[];
}

export interface Example {
  readonly hash: string;
  readonly traceId: string;
  readonly durationUs: number;
  readonly time: number;
}

export const EXAMPLES_MAX = 4;

export const latencyKey = (unit: string, version: string) => JSON.stringify([unit, version]);
export function latencyOfKey(text: string): { unit: string; version: string } {
  const [unit, version] = JSON.parse(text) as [string, string];
  return { unit, version };
}

export const noLatency: UnitLatency = {
  sketch: emptySketch,
  count: 0,
  failures: 0,
  sum: 0n,
  examples: [],
  slowest: [],
};

// Total orders, so that of any examples the same ones are kept in whatever order they come.
export const byHash = (a: Example, b: Example) =>
  compareText(a.hash, b.hash) ||
  compareText(a.traceId, b.traceId) ||
  a.time - b.time ||
  a.durationUs - b.durationUs;
export const bySlowness = (a: Example, b: Example) => b.durationUs - a.durationUs || byHash(a, b);

/** `kept` with `example` at its place among the first EXAMPLES_MAX. */
export function keepExample(
  kept: readonly Example[],
  example: Example,
  order: (a: Example, b: Example) => number,
): readonly Example[] {
  const at = kept.findIndex((other) => order(example, other) <= 0);
  const place = at === -1 ? kept.length : at;
  const there = kept[place];
  if (place >= EXAMPLES_MAX || (there !== undefined && order(example, there) === 0)) return kept;
  return [...kept.slice(0, place), example, ...kept.slice(place, EXAMPLES_MAX - 1)];
}

export const mergeLatency = (a: UnitLatency, b: UnitLatency): UnitLatency => ({
  sketch: mergeSketches(a.sketch, b.sketch),
  count: addUpTo53(a.count, b.count),
  failures: addUpTo53(a.failures, b.failures),
  sum: a.sum + b.sum,
  examples: b.examples.reduce((kept, example) => keepExample(kept, example, byHash), a.examples),
  slowest: b.slowest.reduce((kept, example) => keepExample(kept, example, bySlowness), a.slowest),
});

/**
 * Units and versions of one state, each of some 1.4 kB in memory: a service whose routes are raw paths would have a million in an
 * hour, and end the process that merges them.
 */
const UNITS_MAX = 5000;
const OTHER = latencyKey(unitKey(OTHER_UNITS), '');
const BOUND = { max: UNITS_MAX, other: () => OTHER, merge: mergeLatency };

/** A state of these units; what is beyond UNITS_MAX of them adds up as one. */
export const boundedLatency = (units: LatencyState['units']): LatencyState => ({
  units: boundedMap(units, BOUND),
});

function readUnit(
  from: ByteReader,
  sketch: (from: ByteReader) => Sketch,
  id: (from: ByteReader) => string,
): UnitLatency {
  const examples = () =>
    Array.from({ length: from.count(4) }, (): Example => {
      const [hash, traceId] = [id(from), id(from)];
      return { hash, traceId, durationUs: from.uint(), time: from.int() };
    });
  const [count, failures] = [from.uint(), from.uint()];
  const sum = from.big();
  return { count, failures, sum, sketch: sketch(from), examples: examples(), slowest: examples() };
}

/** One table of all strings, ids among them. */
function readVersion1(from: ByteReader): LatencyState {
  const textAt = readStrings(from);
  const id = () => textAt(from.uint());
  return { units: readMap(from, textAt, () => readUnit(from, readSketch, id)) };
}

/** Keys as what they do not share, ids as their bytes, sketches packed. */
const readVersion2 = (from: ByteReader): LatencyState => ({
  units: new Map(readTexts(from).map((key) => [key, readUnit(from, readPackedSketch, readId)])),
});

function writeState(out: ByteWriter, { units }: LatencyState) {
  const keys = [...units.keys()].sort(compareText);
  writeTexts(out, keys);
  const examples = (list: readonly Example[]) => {
    out.uint(list.length);
    for (const { hash, traceId, durationUs, time } of list) {
      writeId(out, hash);
      writeId(out, traceId);
      out.uint(durationUs);
      out.int(time);
    }
  };
  for (const key of keys) {
    const unit = units.get(key) as UnitLatency;
    out.uint(unit.count);
    out.uint(unit.failures);
    out.big(unit.sum);
    writePackedSketch(out, unit.sketch);
    examples(unit.examples);
    examples(unit.slowest);
  }
}

export const latencyKind: Kind<LatencyState> = {
  name: 'latency',
  empty: () => ({ units: new Map() }),
  merge: (a, b) => boundedLatency(mergeMaps(a.units, b.units, mergeLatency)),
  ...codec('latency', [{ read: readVersion1 }, { read: readVersion2 }], writeState),
};
