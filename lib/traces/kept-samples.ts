import type { Sampled } from './foreign.ts';
import { named } from './names.ts';
import { eachWithin, firstAt, framesOf, type ThreadSamples } from './samples.ts';

/**
 * The samples of the thread that ran a trace, as they are kept with it: of each of its profiles one. Flat rows, because
 * they are stored as JSON.
 */
export interface KeptSamples {
  readonly periodUs: number;
  readonly silenceUs: number;
  readonly strings: readonly string[];
  /** [name, file, inApp] of each frame; indices into strings. */
  readonly frames: readonly number[];
  /** [parent, frame] of each node from node 1 on; node 0 is the root. */
  readonly nodes: readonly number[];
  /** [time, node] of each sample; µs since the trace's start. */
  readonly samples: readonly number[];
}

/** Of one trace. A longer profile is thinned, stacks beyond end at the frames that are there. */
const MAX_SAMPLES = 1000;
const MAX_NODES = 4000;
const SILENT_PERIODS = 20;

/** What to keep of the profiles of a trace. Cost: O(frames of its samples). */
export function keptSamples(sampled: readonly Sampled[]): readonly KeptSamples[] {
  return sampled.map(({ trace, samples }) => {
    const { start, end } = trace.root;
    // One more on either side: how far a sample reaches depends on its neighbours.
    const first = Math.max(0, firstAt(samples, start) - 1);
    const last = Math.min(samples.timeUs.length, firstAt(samples, end) + 1);
    const step = Math.max(1, Math.ceil(((last - first) * sampled.length) / MAX_SAMPLES));
    return keep(samples, start, { first, last, step }, MAX_NODES / sampled.length);
  });
}

function keep(
  { profile, timeUs, stack, periodUs, silenceUs }: ThreadSamples,
  start: number,
  { first, last, step }: { readonly first: number; readonly last: number; readonly step: number },
  maxNodes: number,
): KeptSamples {
  const strings: string[] = [];
  const frames: number[] = [];
  const nodes: number[] = [];
  const samples: number[] = [];
  const stringOf = indexer<string>((text) => strings.push(text) - 1);
  const frameOf = indexer<number>((frame) => {
    const { strings: all, name, file, inApp } = profile.frames;
    const row = [stringOf(named(all[name[frame]!]!)), stringOf(named(all[file[frame]!]!)), inApp[frame]!];
    return frames.push(...row) / 3 - 1;
  });
  const childOf = indexer<string>((key) => nodes.push(...key.split(' ').map(Number)) / 2);
  const known = new Map<number, number>([[0, 0]]);
  const nodeOf = (leaf: number) => {
    const before = known.get(leaf);
    if (before !== undefined) return before;
    let at = 0;
    for (const frame of framesOf(profile, leaf)) {
      if (nodes.length / 2 >= maxNodes) break;
      at = childOf(`${at} ${frameOf(frame)}`);
    }
    known.set(leaf, at);
    return at;
  };
  for (let i = first; i < last; i += step) samples.push(Math.round(timeUs[i]! - start), nodeOf(stack[i]!));
  const period = periodUs * step;
  return {
    periodUs: Math.round(period),
    silenceUs: Math.round(Math.max(silenceUs, step === 1 ? 0 : SILENT_PERIODS * period)),
    ...{ strings, frames, nodes, samples },
  };
}

/** Index of each thing, given when it is seen first. */
function indexer<T>(add: (thing: T) => number): (thing: T) => number {
  const known = new Map<T, number>();
  return (thing) => {
    let index = known.get(thing);
    if (index === undefined) {
      index = add(thing);
      known.set(thing, index);
    }
    return index;
  };
}

/**
 * Visits kept samples within [from, to), µs since the trace's start, each with its part of that time: as gaps are explained.
 *
 * @param visit `node` of `kept`
 */
export function eachKeptWithin(
  { periodUs, silenceUs, samples }: KeptSamples,
  from: number,
  to: number,
  visit: (node: number, us: number) => void,
): void {
  const count = samples.length / 2;
  const timeUs = Float64Array.from({ length: count }, (_, i) => samples[2 * i]!);
  const stack = Uint32Array.from({ length: count }, (_, i) => samples[2 * i + 1]!);
  eachWithin({ timeUs, stack, periodUs, silenceUs }, from, to, visit);
}
