import { CauseTally } from './causes.ts';
import type { ForeignWork, Sampled } from './foreign.ts';
import { eachWithin } from './samples.ts';

export interface Explained {
  /** Coverage is its `explainedUs` over the interval's length. */
  readonly tally: CauseTally;
  /** Time of work that another gap of the trace was told to be the reason of. */
  readonly elsewhereUs: number;
}

/**
 * Says of intervals of one trace what was sampled in them. A thread does one thing at a time: work counts for the first
 * interval that asks, while any number of them may wait.
 */
export function explainer(runs: readonly Sampled[], foreign: ForeignWork) {
  const claimed = runs.map(() => new Set<number>());
  return (start: number, end: number): Explained => {
    const tally = new CauseTally();
    let elsewhereUs = 0;
    for (const [r, run] of runs.entries()) {
      eachWithin(run.samples, start, end, (stack, us, i) => {
        const reading = run.readStack(stack);
        if (reading.kind !== 'waiting') {
          if (claimed[r]!.has(i)) {
            elsewhereUs += us;
            return;
          }
          claimed[r]!.add(i);
        }
        tally.add(reading, us, foreign(run, reading, run.samples.timeUs[i]!));
      });
    }
    return { tally, elsewhereUs };
  };
}
