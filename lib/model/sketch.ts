/**
 * DDSketch of durations with a relative error of 1 %: a count per logarithmic bucket. Counts are whole thousandths of
 * a request, so that weighted spans (1 / sampling rate) stay exact integers and sums do not depend on their order.
 */
export interface Sketch {
  /** Bucket index → weight in thousandths; bucket i holds (γ^(i−1), γ^i] microseconds, bucket ZERO those below 1 µs. */
  readonly buckets: ReadonlyMap<number, number>;
}

const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const ZERO = -1;
/** One request in the sketch's unit of weight. */
export const ONE = 1000;

export const emptySketch: Sketch = { buckets: new Map() };

const bucketOf = (us: number) => (us < 1 ? ZERO : Math.ceil(Math.log(us) / LOG_GAMMA));

const ones = new Map<number, Sketch>();

/** Of one request. There are some thousand buckets, so that all sketches of one in each of them are the same object. */
export function sketchOfOne(us: number): Sketch {
  const index = bucketOf(us);
  const known = ones.get(index);
  if (known !== undefined) return known;
  const made = { buckets: new Map([[index, ONE]]) };
  ones.set(index, made);
  return made;
}

export function sketchOf(durationsUs: Iterable<readonly [us: number, weight: number]>): Sketch {
  const buckets = new Map<number, number>();
  for (const [us, weight] of durationsUs) {
    const index = bucketOf(us);
    buckets.set(index, (buckets.get(index) ?? 0) + weight);
  }
  return { buckets };
}

export const mergeSketches = (a: Sketch, b: Sketch): Sketch => mergeAllSketches([a, b]);

export function mergeAllSketches([first = emptySketch, ...others]: readonly Sketch[]): Sketch {
  const buckets = new Map(first.buckets);
  // Stops at 2^53 − 1: beyond it the order of adding would matter.
  for (const other of others) {
    for (const [index, weight] of other.buckets)
      buckets.set(index, Math.min((buckets.get(index) ?? 0) + weight, Number.MAX_SAFE_INTEGER));
  }
  return { buckets };
}

/** Value in the middle of each bucket with its weight, ascending. */
export const entriesOf = ({ buckets }: Sketch): [value: number, weight: number][] =>
  [...buckets].sort(([a], [b]) => a - b).map(([index, weight]) => [middleOf(index), weight]);

const middleOf = (index: number) => (index === ZERO ? 0 : (2 * GAMMA ** index) / (GAMMA + 1));

/** The duration in microseconds below which the share `q` (0..1) of the weight lies; undefined when empty. */
export function quantileUs(sketch: Sketch, q: number): number | undefined {
  const indices = [...sketch.buckets.keys()].sort((a, b) => a - b);
  let total = 0;
  for (const weight of sketch.buckets.values()) total += weight;
  if (total === 0) return undefined;
  let seen = 0;
  for (const index of indices) {
    seen += sketch.buckets.get(index) ?? 0;
    if (seen >= q * total) return middleOf(index);
  }
  return undefined;
}
