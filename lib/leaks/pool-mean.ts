// Means over lives and their errors: lives are few, differ in noise, and are born in clusters.

/** Lives that were born together see the same traffic: they are one witness. Indices of each cluster. */
export function clustersOf(lives: readonly { birth: number }[], reach: number): number[][] {
  const order = lives.map((_, i) => i).toSorted((a, b) => lives[a]!.birth - lives[b]!.birth);
  const clusters: number[][] = [];
  let first = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    const { birth } = lives[i]!;
    if (birth - first > reach) {
      clusters.push([]);
      first = birth;
    }
    clusters.at(-1)!.push(i);
  }
  return clusters;
}

/**
 * Weighted mean over lives; the larger of the errors by lives and by clusters, with the critical value that goes with it.
 * How far lives differ is known badly from a few: the error that each life's own noise gives is taken in as if it came
 * from `known` more of them (a moderated t; Smyth 2004).
 */
export function meanAndError(
  values: readonly Measured[],
  clusters: readonly number[][],
  z: number,
  known: number,
) {
  const n = values.length;
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  const middle = values.reduce((sum, { value, weight }) => sum + weight * value, 0) / total;
  const off = values.map(({ value, weight }) => weight * (value - middle));
  const between = values.reduce((sum, { value }, i) => sum + off[i]! * (value - middle), 0) / (n - 1) / total;
  const within = values.reduce((sum, { error, weight }) => sum + (weight * error) ** 2, 0) / total ** 2;
  const byLife = (between * (n - 1) + within * known) / (n - 1 + known);
  const c = clusters.length;
  const sums = clusters.map((cluster) => cluster.reduce((sum, i) => sum + off[i]!, 0));
  const byCluster =
    c > 1 && c < n ? (sums.reduce((sum, v) => sum + v * v, 0) / total ** 2) * (c / (c - 1)) : 0;
  const freedom = byCluster > byLife ? c - 1 : n - 1 + known;
  return { mean: middle, error: Math.sqrt(Math.max(byLife, byCluster)), critical: studentOf(z, freedom) };
}

/** A figure of one life, its error from the life's own noise, and how much it counts. */
interface Measured {
  readonly value: number;
  readonly error: number;
  readonly weight: number;
}

/** Quantile of Student's t that is as rare as z of the normal (Fisher's expansion, Abramowitz and Stegun 26.7.5). */
function studentOf(z: number, freedom: number): number {
  const [z3, z5] = [z ** 3, z ** 5];
  return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom ** 2);
}
