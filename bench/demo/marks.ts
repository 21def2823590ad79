import type { toJson } from '../../lib/cli/demo/report.ts';

// What counts as right. Pure, and tested: a table that marks itself too kindly is worth nothing.

export type Answer = ReturnType<typeof toJson>;

const WIDTH_MAX_MS = 30_000;
const BYTES_ERROR_MAX = 0.25;
const FIRST_SHARE = 0.9;
const HOLDS_SHARE = 0.8;

export interface Marks {
  readonly found: boolean;
  /** The true route alone stands first; a group that holds it does not count. */
  readonly first: boolean;
  /** The interval holds the true onset and is at most 30 s wide. */
  readonly holds: boolean;
  /** Ends of the interval, seconds from the true onset. */
  readonly onset: { readonly low: number; readonly high: number } | undefined;
  /** Of the first suspect, if it is the true route. */
  readonly bytesError: number | undefined;
}

export function marksOf(answer: Answer | undefined): Marks {
  const { finding, truth } = answer ?? {};
  if (!finding || !truth)
    return { found: false, first: false, holds: false, onset: undefined, bytesError: undefined };
  const [suspect] = finding.suspects;
  const first = suspect?.units.length === 1 && suspect.units[0] === truth.unit;
  const { onset } = finding;
  const holds =
    onset !== null &&
    onset.low <= truth.onset &&
    truth.onset <= onset.high &&
    onset.high - onset.low <= WIDTH_MAX_MS;
  return {
    found: true,
    first,
    holds,
    onset: onset
      ? { low: (onset.low - truth.onset) / 1000, high: (onset.high - truth.onset) / 1000 }
      : undefined,
    bytesError:
      first && suspect.bytesPerUnit ? suspect.bytesPerUnit.value / truth.bytesPerUnit - 1 : undefined,
  };
}

export function judge(marks: readonly Marks[], quiet: number, quietRuns: number) {
  const count = (is: (mark: Marks) => boolean) => marks.filter(is).length;
  const first = count((mark) => mark.first);
  const near = count(({ bytesError }) => bytesError !== undefined && Math.abs(bytesError) <= BYTES_ERROR_MAX);
  const of = marks.length;
  return [
    { name: 'the true route first', passed: first, of, needed: Math.ceil(of * FIRST_SHARE) },
    {
      name: 'the onset interval holds the onset and is at most 30 s wide',
      passed: count((mark) => mark.holds),
      of,
      needed: Math.ceil(of * HOLDS_SHARE),
    },
    { name: 'bytes per request within 25 %, of those', passed: near, of: first, needed: first },
    { name: 'nothing found without a leak', passed: quiet, of: quietRuns, needed: quietRuns },
  ];
}
