import { studentQuantile } from '../model/student.ts';

// Which functions grew between two sets of profiles. The unit of chance is the profile, not the sample: the samples of one
// profile depend on each other, and on what the process did in that minute. Sums over profiles of x, x² and x·T are enough
// for that, and add up like everything else that is stored.

/** One function over the profiles of one side, x being its time in each of them. Microseconds. */
export interface FunctionMoments {
  /** Σ x. */
  readonly us: bigint;
  /** Σ x². */
  readonly squares: bigint;
  /** Σ x·T, T being all that the profile measured. */
  readonly products: bigint;
}

export interface SideMoments {
  readonly profiles: number;
  /** Σ T and Σ T². */
  readonly us: bigint;
  readonly squares: bigint;
  readonly functions: ReadonlyMap<string, FunctionMoments>;
}

export interface RegressionOptions {
  /** share: part of the time; cost: milliseconds per profile, for profiles of one piece of work each. */
  readonly measures?: readonly Growth['measure'][];
  /** How many such comparisons are made at once: the probability of a false claim is that of all of them together. */
  readonly comparisons?: number;
}

export interface Growth {
  readonly key: string;
  readonly measure: 'share' | 'cost';
  /** Shares 0…1, or milliseconds per profile. */
  readonly left: number;
  readonly right: number;
  readonly change: { readonly value: number; readonly low: number; readonly high: number };
  /**
   * Of shares: the function that shrank, where that explains the growth. What a function takes is part of a whole: when one
   * gets faster, all others seem to grow. Absent where the function takes more of each profile, too.
   */
  readonly dilutedBy?: string;
}

export const REGRESSION = {
  /** Profiles of a side, below which nothing is said: the spread between them is not known. */
  minProfiles: 8,
  /**
   * Probability that any function is called grown where nothing changed, were times as t supposes. Those of requests are
   * skewed, which costs about half as much again: 1,000 splits of real profiles are to stay below 0.05.
   */
  falseClaims: 0.03,
  /** Functions below this part of the time, both sides together, are not looked at: each look costs certainty. */
  minShare: 0.01,
  /** Growth below this part of the time is not worth a word. */
  minGrowth: 0.01,
} as const;

/**
 * Functions that grew from left to right, the largest growth first.
 *
 * Shares are ratios of sums, so that long profiles count for more, with the variance of ratios (Cochran, Sampling Techniques
 * 6.3): Σ(x − s·T)² / (ΣT)² · n/(n−1). The intervals hold together: Welch's t with the error of 5 % divided by the number of
 * functions that were looked at (those with equal sums, callers that only pass on, count once).
 */
export function growths(
  left: SideMoments,
  right: SideMoments,
  { measures = ['share'], comparisons = 1 }: RegressionOptions = {},
): Growth[] {
  if (Math.min(left.profiles, right.profiles) < REGRESSION.minProfiles) return [];
  if (left.us === 0n || right.us === 0n) return [];
  const keys = looked(left, right);
  const tests = comparisons * measures.length * distinct(keys, left, right);
  const probability = REGRESSION.falseClaims / Math.max(1, tests);
  const all = measures.flatMap((measure) =>
    keys.map((key) => compare(key, measure, left, right, probability)),
  );
  const shrunk = all.filter(({ measure, change }) => measure === 'share' && change.high < 0);
  return all
    .filter((one) => isGrowth(one, left))
    .map((one) => withDilution(one, shrunk, left, right))
    .sort((a, b) => relative(b, left) - relative(a, left) || (a.key < b.key ? -1 : 1));
}

const NOTHING: FunctionMoments = { us: 0n, squares: 0n, products: 0n };
const of = ({ functions }: SideMoments, key: string) => functions.get(key) ?? NOTHING;

/** By the mean of both sides' shares, which says nothing about their difference. */
function looked(left: SideMoments, right: SideMoments): string[] {
  const share = (side: SideMoments, key: string) => Number(of(side, key).us) / Number(side.us);
  return [...new Set([...left.functions.keys(), ...right.functions.keys()])].filter(
    (key) => (share(left, key) + share(right, key)) / 2 >= REGRESSION.minShare,
  );
}

/** Functions with equal sums are always on the stack together: one test decides for all of them. */
function distinct(keys: readonly string[], left: SideMoments, right: SideMoments): number {
  const seen = new Set<string>();
  for (const key of keys) {
    const [a, b] = [of(left, key), of(right, key)];
    seen.add([a.us, a.squares, a.products, b.us, b.squares, b.products].join(' '));
  }
  return seen.size;
}

function compare(
  key: string,
  measure: Growth['measure'],
  left: SideMoments,
  right: SideMoments,
  probability: number,
): Growth {
  const estimate = measure === 'share' ? shareOf : costOf;
  const [a, b] = [estimate(left, of(left, key)), estimate(right, of(right, key))];
  const variance = a.variance + b.variance;
  const degrees =
    variance === 0
      ? left.profiles + right.profiles - 2
      : variance ** 2 / (a.variance ** 2 / (left.profiles - 1) + b.variance ** 2 / (right.profiles - 1));
  const value = b.value - a.value;
  const error = studentQuantile(probability, Math.max(1, degrees)) * Math.sqrt(variance);
  return {
    key,
    measure,
    left: a.value,
    right: b.value,
    change: { value, low: value - error, high: value + error },
  };
}

/** By how much the cost per profile may differ and still count as the same. */
const SAME_COST = 1.05;
/** How near what dilution predicts must come, as a part of the growth. */
const DILUTION_FIT = 0.5;

function withDilution(
  growth: Growth,
  shrunk: readonly Growth[],
  left: SideMoments,
  right: SideMoments,
): Growth {
  if (growth.measure !== 'share') return growth;
  const [before, after] = [costOf(left, of(left, growth.key)), costOf(right, of(right, growth.key))];
  if (after.value > SAME_COST * before.value) return growth;
  const cause = shrunk
    .map((one) => ({ one, miss: Math.abs(growth.right - (growth.left * (1 - one.right)) / (1 - one.left)) }))
    .filter(({ miss }) => miss <= DILUTION_FIT * growth.change.value)
    .sort((a, b) => a.miss - b.miss)[0];
  return cause === undefined ? growth : { ...growth, dilutedBy: cause.one.key };
}

interface Estimate {
  readonly value: number;
  readonly variance: number;
}

function shareOf({ profiles: n, us, squares }: SideMoments, function_: FunctionMoments): Estimate {
  const whole = Number(us);
  const value = Number(function_.us) / whole;
  const residuals =
    Number(function_.squares) - 2 * value * Number(function_.products) + value ** 2 * Number(squares);
  return { value, variance: ((Math.max(0, residuals) / whole ** 2) * n) / (n - 1) };
}

const US_PER_MS = 1000;

function costOf({ profiles: n }: SideMoments, { us, squares }: FunctionMoments): Estimate {
  const value = Number(us) / n / US_PER_MS;
  const residuals = Number(squares) / US_PER_MS ** 2 - n * value ** 2;
  return { value, variance: Math.max(0, residuals) / (n - 1) / n };
}

/** Growth as a part of the left side's time, so that shares and costs can be set side by side. */
const relative = ({ measure, change }: Growth, left: SideMoments): number =>
  measure === 'share' ? change.value : change.value / (Number(left.us) / left.profiles / US_PER_MS);

/**
 * Microseconds that a function takes more, at least, over all that the right side measured: what growths of several units
 * of work are ranked by. 0 for one that only seems to have grown.
 */
export const extraTime = (
  { measure, change, dilutedBy }: Growth,
  { us, profiles }: Pick<SideMoments, 'us' | 'profiles'>,
): number =>
  dilutedBy !== undefined ? 0 : change.low * (measure === 'share' ? Number(us) : profiles * US_PER_MS);

const isGrowth = (growth: Growth, left: SideMoments): boolean =>
  growth.change.low > 0 && relative(growth, left) >= REGRESSION.minGrowth;
