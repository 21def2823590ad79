import type { LeakResult, Verdict } from '../model/leak.ts';
import { hasLasted } from './lasting.ts';

/** Lives that are alike in length: with so many of them one alone does not speak for all. */
const MANY = 5;
const ALIKE = 0.5;
/**
 * How often a healthy life of hours looks like a leak at the edge of the gates, taken high. Measured on made cohorts of
 * three hours: 1 to 3 in 100.
 */
const CHANCE = 0.04;
/** The same of lives that still warm up when they end: up to 11 in 100. */
const CHANCE_WARMING = 0.12;
const RARE = 0.01;
/** A verdict that is no leak is the cohort's when this share of its lives has it or a graver one. */
const COMMON = 0.25;

/**
 * Which life may speak, the gravest first: of 240 healthy lives a few look like leaks by chance, so that there must be
 * more of them, or stronger ones, than chance makes. Undefined when none may.
 *
 * @param isWarming whether together the lives slow towards their ends
 */
export function spokesman(
  perLife: readonly LeakResult[],
  gravity: readonly Verdict[],
  isWarming: boolean,
): LeakResult | undefined {
  for (const verdict of gravity) {
    const same = perLife.filter((one) => one.verdict === verdict).toSorted(byStrength);
    const strongest = same[0];
    if (strongest === undefined) continue;
    const alike = perLife.filter(({ lows }) => lows >= ALIKE * strongest.lows);
    if (alike.length < MANY || verdict === 'exhausted') return strongest;
    if (verdict !== 'leak') {
      if (isCommon(verdict, perLife, gravity)) return strongest;
      continue;
    }
    // A rise that ended while its process lived on is no witness of a leak in the code of all: of lives that warm up, one in
    // ten falls back a little by chance, where readings are dense, and looks like a leak that was given back.
    const lasting = same.filter(hasLasted);
    if (isRare(lasting, alike.length, isWarming ? CHANCE_WARMING : CHANCE)) return lasting[0];
  }
  return undefined;
}

const byStrength = (a: LeakResult, b: LeakResult) =>
  b.confidence * Math.log1p(b.lows) - a.confidence * Math.log1p(a.lows);

function isCommon(verdict: Verdict, perLife: readonly LeakResult[], gravity: readonly Verdict[]): boolean {
  const grave = perLife.filter((one) => gravity.indexOf(one.verdict) <= gravity.indexOf(verdict));
  return grave.length >= COMMON * perLife.length;
}

/** Whether so many lives that are at least so strong would hardly come about by chance. */
function isRare(leaks: readonly LeakResult[], alike: number, chance: number): boolean {
  const margins = leaks
    .map(({ confidence }) => 0.5 / Math.max(1e-3, 1 - confidence))
    .toSorted((a, b) => b - a);
  return margins.some((margin, k) => atLeast(k + 1, alike, chance / margin ** 3) < RARE);
}

/** P(X ≥ k) of a binomial. */
function atLeast(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let below = 0;
  for (let i = 0; i < k; i++) {
    below += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return Math.max(0, 1 - below);
}
