import { StackTableBuilder } from '../flame/stack-table.ts';
import type { FlameTree } from '../flame/tree.ts';
import { Totals } from '../flame/values.ts';
import { type Interval, uncovered } from '../model/uncovered.ts';
import { eachKeptWithin, type KeptSamples } from './kept-samples.ts';
import type { RetainedSpan, RetainedTrace } from './retained.ts';

/** The flame graph of some time of one trace. Values are microseconds. */
export interface TraceFlame {
  readonly tree: FlameTree;
  /** Length of the time that was asked for. */
  readonly us: number;
  /** Of that, so much is near a sample. */
  readonly sampledUs: number;
  readonly samples: number;
}

/** What was sampled in these intervals, µs since the trace's start; they lie apart. */
export function traceFlame(kept: readonly KeptSamples[], intervals: readonly Interval[]): TraceFlame {
  const builder = new StackTableBuilder();
  const us = new Totals(256);
  let sampledUs = 0;
  let samples = 0;
  for (const one of kept) {
    const nodes = nodesIn(builder, one);
    const selfUs = new Float64Array(nodes.length);
    for (const [from, to] of intervals) {
      eachKeptWithin(one, from, to, (node, part) => {
        selfUs[node]! += part;
        sampledUs += part;
        samples += 1;
      });
    }
    us.addAll(selfUs.map(Math.round), (node) => nodes[node]!, builder.nodes);
  }
  const tree = withoutEmpty({ stacks: builder.finish(), self: us.finish(builder.nodes) });
  const all = intervals.reduce((sum, [from, to]) => sum + to - from, 0);
  return { tree, us: all, sampledUs, samples };
}

/** Where the nodes of `kept` lie in the builder's table. */
function nodesIn(builder: StackTableBuilder, { strings, frames, nodes }: KeptSamples): Uint32Array {
  const texts = strings.map((text) => builder.string(text));
  const framed = Array.from({ length: frames.length / 3 }, (_, i) =>
    builder.frame(texts[frames[3 * i]!]!, texts[frames[3 * i + 1]!]!, frames[3 * i + 2]!),
  );
  const placed = new Uint32Array(1 + nodes.length / 2);
  for (let i = 1; i < placed.length; i += 1)
    placed[i] = builder.child(placed[nodes[2 * i - 2]!]!, framed[nodes[2 * i - 1]!]!);
  return placed;
}

/** A stretch of a trace shows few of its stacks; the others would be bars of no width. */
function withoutEmpty({ stacks, self }: FlameTree): FlameTree {
  const { parent, frame } = stacks;
  const isUsed = new Uint8Array(parent.length);
  for (let node = parent.length - 1; node > 0; node -= 1)
    if (isUsed[node] === 1 || self[node] !== 0) {
      isUsed[node] = 1;
      isUsed[parent[node]!] = 1;
    }
  isUsed[0] = 1;
  const used = [...isUsed.keys()].filter((node) => isUsed[node] === 1);
  const places = new Map(used.map((node, place) => [node, place]));
  return {
    stacks: {
      ...stacks,
      parent: Uint32Array.from(used, (node) => places.get(parent[node]!)!),
      frame: Uint32Array.from(used, (node) => frame[node]!),
    },
    self: Float64Array.from(used, (node) => Number(self[node])),
  };
}

/** The stretches of a span that none of its children covers, under the parents to use. */
export function selfIntervals({ spans }: Pick<RetainedTrace, 'spans'>, span: RetainedSpan): Interval[] {
  const endOf = ({ startUs, durationUs }: RetainedSpan) => startUs + durationUs;
  // Spans are in the order of their starts.
  const children = spans.filter(({ spanId, parent }) => parent === span.spanId && spanId !== span.spanId);
  return uncovered(
    span.startUs,
    endOf(span),
    children.map((child) => [child.startUs, endOf(child)]),
  );
}
