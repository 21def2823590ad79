import type { Span, Trace } from '../../model/trace.ts';
import { type Sampled, threadKey } from '../foreign.ts';
import { isLeafOp } from '../nesting/span-kinds.ts';
import { firstAt } from '../samples.ts';

// An event loop turns, that is, it lets others run, between two samples where spans prove it: code of another request ran on
// its thread, or the request itself waited for a call out of the process.

/** Whether other requests than `run`'s ran code of theirs on its thread in [from, to], epoch µs. */
export type OthersRan = (run: Sampled, from: number, to: number) => boolean;

/** A span begins and ends in code of its request. Cost: O(spans log spans); a question O(log spans) and those in its time. */
export function othersRan(runs: readonly Sampled[]): OthersRan {
  const threads = new Map<string, { readonly timeUs: Float64Array; readonly whose: readonly Trace[] }>();
  for (const [key, members] of Map.groupBy(runs, threadKey)) {
    const traces = [...new Set(members.map(({ trace }) => trace))];
    const moments = traces.flatMap((trace) => momentsOf(trace).map((at) => ({ at, trace })));
    moments.sort((a, b) => a.at - b.at);
    threads.set(key, {
      timeUs: Float64Array.from(moments, ({ at }) => at),
      whose: moments.map(({ trace }) => trace),
    });
  }
  return (run, from, to) => {
    const thread = threads.get(threadKey(run));
    if (thread === undefined) return false;
    const { timeUs, whose } = thread;
    for (let i = firstAt(thread, from); timeUs[i]! <= to; i += 1) if (whose[i] !== run.trace) return true;
    return false;
  };
}

function momentsOf({ root, spans }: Trace): readonly number[] {
  const isHere = ({ threadId }: Span) => threadId === '' || threadId === root.threadId;
  return [root, ...spans.filter(isHere)].flatMap(({ start, end }) => [start, end]);
}

/**
 * Whether the request itself gave the loop back in [from, to], epoch µs: there a call out of the process began or ended in
 * which its work was not seen. Where it was, as in a synchronous driver's call, the loop was held.
 *
 * @param busy when its work was sampled, ascending
 */
export function selfWaited({ spans }: Trace, busy: Float64Array): (from: number, to: number) => boolean {
  const isHeld = (start: number, end: number) => busy[firstAt({ timeUs: busy }, start)]! < end;
  const waits = spans.filter(({ op, start, end }) => isLeafOp(op) && !isHeld(start, end));
  const timeUs = Float64Array.from(waits.flatMap(({ start, end }) => [start, end])).sort();
  return (from, to) => timeUs[firstAt({ timeUs }, from)]! <= to;
}
