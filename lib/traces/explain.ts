import { CauseTally } from './causes.ts';
import type { ForeignWork, Sampled } from './foreign.ts';
import { eachWithin } from './samples.ts';

/** What the samples of an interval say. Coverage is `explainedUs` over the interval's length. */
export function explain(
  runs: readonly Sampled[],
  foreign: ForeignWork,
  start: number,
  end: number,
): CauseTally {
  const tally = new CauseTally();
  for (const run of runs) {
    eachWithin(run.samples, start, end, (stack, us, i) => {
      const reading = run.readStack(stack);
      tally.add(reading, us, foreign(run, reading, run.samples.timeUs[i]!));
    });
  }
  return tally;
}
