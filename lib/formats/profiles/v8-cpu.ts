import type { LineTicks, Profile, SampleType } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from './builder.ts';
import { isObject, type JsonObject, jsonReader, lineNumber, parseJson } from './json.ts';
import { MAX_LINE_TICKS, MAX_NODES, MAX_TREE_JSON_DEPTH, tooMany } from './limits.ts';
import { isV8Root, unwrapped, v8Frame } from './v8-frames.ts';
import { wholeWeights } from './value-column.ts';

// `node --cpu-prof`, the inspector, Chrome's performance panel.
// https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile and, before Node 8, a nested `head`.
//
// A sample says what ran from its time until the next one; the last one until the end of the profile.

const read = jsonReader('V8 CPU profile');
const NS_PER_US = 1000;

/** @throws Fault('invalid-input') when nodes, samples or times do not fit together */
export function decodeV8Cpu(bytes: Uint8Array): Profile {
  const file = unwrapped(parseJson(bytes, 'V8 CPU profile', { maxDepth: MAX_TREE_JSON_DEPTH }));
  const builder = createProfileBuilder(1);
  const nodes = file.nodes === undefined ? nestedNodes(file) : listedNodes(file);
  const stacks = stacksOf(nodes, builder);
  const times = sampleTimes(file);
  const weights = times === undefined ? counts(file, nodes, stacks) : durations(file, times, stacks);
  for (const [stack, weight] of weights) {
    builder.sample(stack);
    builder.value(0, weight);
  }
  const samples = read.list(file.samples, 'samples').length;
  return builder.finish({
    format: 'v8-cpuprofile',
    sampleTypes: [times === undefined ? COUNTS : DURATIONS],
    durationNs: durationNs(file, times !== undefined),
    ...(samples > 0 && { sampleCount: samples }),
    lineTicks: lineTicks(nodes, stacks),
  });
}

const DURATIONS: SampleType = { type: 'cpu', unit: 'microseconds', temporality: 'delta' };
const COUNTS: SampleType = { type: 'samples', unit: 'count', temporality: 'delta' };

/** Sums by stack: of a profiler that ran for an hour there are millions of samples, and of stacks a few thousand. */
type Weights = Map<number, number>;

const addTo = (weights: Weights, stack: number, weight: number) =>
  weights.set(stack, (weights.get(stack) ?? 0) + weight);

interface Node {
  readonly id: number;
  readonly parent: number;
  readonly value: JsonObject;
}

/** Nodes in any order, linked by `children` (all versions) or `parent` (traces of Chrome). */
function listedNodes(file: JsonObject): Node[] {
  const list = read.array(file.nodes, 'nodes').map((node, i) => read.object(node, `nodes[${i}]`));
  const parents = new Map<number, number>();
  for (const [i, node] of list.entries()) {
    const id = read.number(node.id, `nodes[${i}].id`);
    if (typeof node.parent === 'number') parents.set(id, node.parent);
    for (const child of read.list(node.children, `nodes[${i}].children`)) {
      parents.set(read.number(child, `nodes[${i}].children`), id);
    }
  }
  return list.map((value) => ({
    id: value.id as number,
    parent: parents.get(value.id as number) ?? -1,
    value,
  }));
}

function nestedNodes(file: JsonObject): Node[] {
  const nodes: Node[] = [];
  const left = [{ value: read.object(file.head, 'head'), parent: -1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (nodes.length >= MAX_NODES) throw tooMany('nodes', MAX_NODES);
    const id = read.number(next.value.id, 'the id of a node');
    nodes.push({ id, parent: next.parent, value: next.value });
    for (const child of read.list(next.value.children, 'children')) {
      left.push({ value: read.object(child, 'a child'), parent: id });
    }
  }
  return nodes;
}

/** Stack by id of node. */
function stacksOf(nodes: readonly Node[], builder: ProfileBuilder): Map<number, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  if (byId.size !== nodes.length) throw read.fault('every node', 'the only one with its id');
  const stacks = new Map<number, number>();
  for (const node of nodes) {
    const path: Node[] = [];
    let at: Node | undefined = node;
    while (at !== undefined && !stacks.has(at.id)) {
      if (path.length > nodes.length) throw read.fault('the nodes', 'a tree');
      path.push(at);
      if (at.parent !== -1 && !byId.has(at.parent)) throw read.fault(`node ${at.parent}`, 'in the list');
      at = byId.get(at.parent);
    }
    for (const each of path.reverse()) {
      const parent = each.parent === -1 ? ROOT : stacks.get(each.parent)!;
      const isRoot = each.parent === -1 && isV8Root(each.value);
      stacks.set(each.id, isRoot ? ROOT : builder.node(parent, v8Frame(each.value, builder, read)));
    }
  }
  return stacks;
}

/** `positionTicks`, counted from line 1; what is no count of a line is passed over. Nodes of one stack are told together. */
function lineTicks(nodes: readonly Node[], stacks: ReadonlyMap<number, number>): LineTicks | undefined {
  const byStack = new Map<number, Map<number, number>>();
  let found = 0;
  for (const { id, value } of nodes) {
    const stack = stacks.get(id)!;
    if (stack === ROOT || !Array.isArray(value.positionTicks) || found > MAX_LINE_TICKS) continue;
    found += value.positionTicks.length;
    for (const entry of value.positionTicks) {
      const { line, ticks } = isObject(entry) ? entry : {};
      if (lineNumber(line) === 0 || !Number.isSafeInteger(ticks) || (ticks as number) <= 0) continue;
      const lines = byStack.get(stack) ?? new Map<number, number>();
      byStack.set(stack, lines);
      lines.set(line as number, (lines.get(line as number) ?? 0) + (ticks as number));
    }
  }
  const rows = [...byStack].flatMap(([stack, lines]) =>
    Array.from(lines, ([line, ticks]) => ({ stack, line, ticks })),
  );
  if (rows.length === 0) return undefined;
  return {
    stack: Uint32Array.from(rows, ({ stack }) => stack),
    line: Int32Array.from(rows, ({ line }) => line),
    ticks: Float64Array.from(rows, ({ ticks }) => ticks),
  };
}

/** Times of samples in microseconds on the profiler's own clock, undefined where the file has none. */
function sampleTimes(file: JsonObject): Float64Array | undefined {
  const count = read.list(file.samples, 'samples').length;
  const source = file.timeDeltas ?? file.timestamps;
  if (source === undefined || count === 0) return undefined;
  const list = read.array(source, 'timeDeltas');
  if (list.length < count) throw read.fault('timeDeltas', 'as many as samples');
  const times = new Float64Array(count);
  let time = file.timeDeltas === undefined ? 0 : read.number(file.startTime ?? 0, 'startTime');
  for (let i = 0; i < count; i += 1) {
    const entry = read.number(list[i], `timeDeltas[${i}]`);
    time = file.timeDeltas === undefined ? entry : time + entry;
    times[i] = time;
  }
  return times;
}

function durations(file: JsonObject, times: Float64Array, stacks: ReadonlyMap<number, number>): Weights {
  const samples = read.array(file.samples, 'samples');
  const weights: Weights = new Map();
  const whole = wholeWeights(1);
  for (let i = 0; i < times.length; i += 1) {
    const stack = stacks.get(samples[i] as number);
    if (stack === undefined) throw read.fault(`samples[${i}]`, 'the id of a node');
    const next = i + 1 < times.length ? times[i + 1]! : endOf(file, times);
    addTo(weights, stack, whole(next - times[i]!));
  }
  return weights;
}

/** The old form gives its end in seconds, before the last sample: then nothing is known of the last one. */
function endOf(file: JsonObject, times: Float64Array): number {
  const last = times[times.length - 1]!;
  const end = typeof file.endTime === 'number' ? file.endTime : last;
  return Math.max(last, end);
}

/** Files without times still tell how often each function was at the top: sample by sample, or as a count per node. */
function counts(file: JsonObject, nodes: readonly Node[], stacks: ReadonlyMap<number, number>): Weights {
  const weights: Weights = new Map();
  const samples = read.list(file.samples, 'samples');
  for (const [i, id] of samples.entries()) {
    const stack = stacks.get(id as number);
    if (stack === undefined) throw read.fault(`samples[${i}]`, 'the id of a node');
    addTo(weights, stack, 1);
  }
  for (const { id, value } of samples.length > 0 ? [] : nodes) {
    const hits = value.hitCount ?? 0;
    if (typeof hits !== 'number' || !Number.isInteger(hits) || hits < 0)
      throw read.fault('hitCount', 'a count');
    if (hits > 0) addTo(weights, stacks.get(id)!, hits);
  }
  return weights;
}

function durationNs(file: JsonObject, hasTimes: boolean): number | null {
  if (typeof file.startTime !== 'number' || typeof file.endTime !== 'number') return null;
  // Files of the nested form count whole seconds.
  const scale = file.nodes === undefined ? 1e9 : NS_PER_US;
  const duration = Math.round((file.endTime - file.startTime) * scale);
  return duration > 0 || (duration === 0 && hasTimes) ? duration : null;
}
