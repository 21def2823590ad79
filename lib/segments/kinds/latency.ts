import { invalidInput } from '../../model/fault.ts';
import { emptySketch, mergeSketches, type Sketch } from '../../model/sketch.ts';
import { ByteReader, ByteWriter, compareText, readStrings, StringTable } from '../bytes.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import { mergeMaps, readMap, writeMap } from './columns.ts';
import { readSketch, writeSketch } from './sketch-codec.ts';

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

function writeExamples(out: ByteWriter, examples: readonly Example[], indexOf: (text: string) => number) {
  out.uint(examples.length);
  for (const example of examples) {
    out.uint(indexOf(example.hash));
    out.uint(indexOf(example.traceId));
    out.uint(example.durationUs);
    out.int(example.time);
  }
}

const readExamples = (from: ByteReader, textAt: (index: number) => string): Example[] =>
  Array.from({ length: from.count(4) }, () => ({
    hash: textAt(from.uint()),
    traceId: textAt(from.uint()),
    durationUs: from.uint(),
    time: from.int(),
  }));

function* stringsOf(state: LatencyState): Iterable<string> {
  for (const [key, unit] of state.units) {
    yield key;
    for (const example of [...unit.examples, ...unit.slowest]) {
      yield example.hash;
      yield example.traceId;
    }
  }
}

export const latencyKind: Kind<LatencyState> = {
  name: 'latency',
  codecVersion: 1,
  empty: () => ({ units: new Map() }),
  merge: (a, b) => ({ units: mergeMaps(a.units, b.units, mergeLatency) }),

  encode(state) {
    const out = new ByteWriter();
    const table = new StringTable(stringsOf(state));
    const indexOf = (text: string) => table.indexOf(text);
    table.write(out);
    writeMap(out, state.units, indexOf, (_, unit) => {
      out.uint(unit.count);
      out.uint(unit.failures);
      out.big(unit.sum);
      writeSketch(out, unit.sketch);
      writeExamples(out, unit.examples, indexOf);
      writeExamples(out, unit.slowest, indexOf);
    });
    return out.finish();
  },

  decode(bytes, codecVersion) {
    if (codecVersion !== 1)
      throw invalidInput(`Cannot decode latency section: version ${codecVersion}, know 1`);
    const from = new ByteReader(bytes);
    const textAt = readStrings(from);
    const units = readMap(from, textAt, (): UnitLatency => {
      const count = from.uint();
      const failures = from.uint();
      const sum = from.big();
      const sketch = readSketch(from);
      return {
        count,
        failures,
        sum,
        sketch,
        examples: readExamples(from, textAt),
        slowest: readExamples(from, textAt),
      };
    });
    if (!from.done) throw invalidInput('Cannot decode latency section: bytes are left over');
    return { units };
  },
};
