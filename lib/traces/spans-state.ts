import { mergeSketches, type Sketch } from '../model/sketch.ts';
import type { CauseKind } from './stack-reading.ts';

// What the joined traces of some time add up to: the state of the kind `spans`. Everything here merges by adding, by key, or
// by keeping the first few of a total order, so that any order of merging gives the same.

export interface SpansState {
  /** `unitSpansKey` → what its requests' spans say. */
  readonly units: ReadonlyMap<string, UnitSpans>;
  /** JSON of a deployment's id → how its traces are nested. */
  readonly deployments: ReadonlyMap<string, DeploymentSpans>;
  /** `traceKey` → a retained trace as JSON: those that an example names. */
  readonly traces: ReadonlyMap<string, string>;
}

/** Sums of weights are thousandths of a request, sums of time thousandths of a microsecond: beyond 2^53, hence bigints. */
export interface UnitSpans {
  readonly weight: number;
  /** Requests that were seen, whatever they stand for. */
  readonly requests: number;
  readonly misnested: number;
  readonly profiled: number;
  readonly whole: bigint;
  /** JSON of [op, description group]. */
  readonly groups: ReadonlyMap<string, SpanGroup>;
  /** JSON of [within, after, before]. */
  readonly gaps: ReadonlyMap<string, GapSum>;
  /** Requests whose functions are known: profiled, or too short to be. */
  readonly known: number;
  /** `name\nfile` of the team's own functions. */
  readonly functions: ReadonlyMap<string, FunctionSum>;
  /** JSON of [kind, subject]. */
  readonly patterns: ReadonlyMap<string, PatternSum>;
  /** Any requests, the slowest ones, and those that are nested wrongly. */
  readonly examples: readonly TraceExample[];
  readonly slowest: readonly TraceExample[];
  readonly wrong: readonly TraceExample[];
}

export interface SpanGroup {
  /** Of the spans. */
  readonly weight: number;
  /** Of the requests that have one. */
  readonly requests: number;
  readonly self: Sketch;
  readonly total: Sketch;
  readonly selfSum: bigint;
  readonly totalSum: bigint;
  readonly examples: readonly TraceExample[];
}

export interface GapSum {
  readonly weight: number;
  readonly requests: number;
  readonly time: Sketch;
  readonly sum: bigint;
  /** The part that samples were taken in. */
  readonly explained: bigint;
  /** `causeKey` → its time. */
  readonly causes: ReadonlyMap<string, CauseSum>;
  readonly examples: readonly TraceExample[];
}

export interface CauseSum {
  readonly sum: bigint;
  /** How it was worded, and how much of the time so: the way down a library differs a little from time to time. */
  readonly frames: ReadonlyMap<string, bigint>;
}

export interface FunctionSum {
  readonly seen: number;
  /** Milliseconds of each request in which it was seen, callees included. */
  readonly time: Sketch;
  readonly sum: bigint;
  /** Of its slow requests: time in it, and their whole duration. */
  readonly slow: bigint;
  readonly slowWhole: bigint;
}

export interface PatternSum {
  readonly requests: number;
  readonly sum: bigint;
  readonly worstUs: number;
  /** Of the worst. */
  readonly evidence: string;
  readonly examples: readonly TraceExample[];
}

export interface DeploymentSpans {
  readonly traces: number;
  readonly shared: number;
  readonly apart: number;
  readonly against: number;
  readonly misnested: number;
  readonly detached: number;
  /** JSON of [cause, reason, fix] → traces that it was told of. */
  readonly advice: ReadonlyMap<string, number>;
  readonly endpoints: ReadonlyMap<string, { readonly traces: number; readonly misnested: number }>;
  /** Endpoint → requests that come apart. */
  readonly fragmented: ReadonlyMap<string, FragmentSum>;
}
export interface FragmentSum {
  readonly units: number;
  readonly fragmentedUnits: number;
  readonly fragments: number;
}

export interface TraceExample {
  readonly hash: string;
  readonly traceId: string;
  /** Of the span that it is an example of; the root's for a request. */
  readonly spanId: string;
  /** Of the request's root: with the trace id it names the retained trace. */
  readonly rootId: string;
  /** Start, epoch ms. */
  readonly at: number;
  readonly us: number;
}

export const unitSpansKey = (unit: string, version: string) => JSON.stringify([unit, version]);
export function unitOfSpansKey(key: string): { unit: string; version: string } {
  const [unit, version] = JSON.parse(key) as [string, string];
  return { unit, version };
}
export const traceKey = (traceId: string, rootId: string) => `${traceId} ${rootId}`;
export const causeKey = (kind: CauseKind, unit: string, callers: readonly string[], file: string): string =>
  JSON.stringify([kind, unit, callers, file]);
export function causeOfKey(key: string) {
  const [kind, unit, callers, file] = JSON.parse(key) as [CauseKind, string, string[], string];
  return { kind, unit, callers, file };
}

// Safety bounds, far above what services have. What is beyond them is chosen by the hash of its key, so that merging in
// any order leaves the same, and adds up under one name.
const MAX = { units: 2000, groups: 400, gaps: 400, causes: 100, frames: 8, functions: 300, patterns: 100 };
const MAX_DEPLOYMENTS = 500;
const MAX_ENDPOINTS = 200;
const MAX_REASONS = 50;
/** Name of what is beyond a bound. */
export const OTHER = '["(other)","",""]';
const EXAMPLES = { request: 3, span: 1 };

export const noSpans: SpansState = {
  units: new Map(),
  deployments: new Map(),
  traces: new Map(),
};
export const noUnitSpans: UnitSpans = {
  weight: 0,
  requests: 0,
  misnested: 0,
  profiled: 0,
  whole: 0n,
  groups: new Map(),
  gaps: new Map(),
  known: 0,
  functions: new Map(),
  patterns: new Map(),
  examples: [],
  slowest: [],
  wrong: [],
};
export const noDeployment: DeploymentSpans = {
  traces: 0,
  shared: 0,
  apart: 0,
  against: 0,
  misnested: 0,
  detached: 0,
  advice: new Map(),
  endpoints: new Map(),
  fragmented: new Map(),
};

export function mergeSpans(a: SpansState, b: SpansState): SpansState {
  const units = mergeBounded(a.units, b.units, mergeUnitSpans, MAX.units);
  return {
    units,
    deployments: mergeBounded(a.deployments, b.deployments, mergeDeployments, MAX_DEPLOYMENTS),
    traces: retained(units, a.traces, b.traces),
  };
}

/** Only what an example still names. The same trace of two sides is the same text, but for a replayed one: the larger. */
function retained(
  units: SpansState['units'],
  ...sides: readonly ReadonlyMap<string, string>[]
): ReadonlyMap<string, string> {
  const wanted = new Set<string>();
  for (const unit of units.values())
    for (const { traceId, rootId } of examplesOf(unit)) wanted.add(traceKey(traceId, rootId));
  const kept = new Map<string, string>();
  for (const side of sides)
    for (const [key, text] of side) if (wanted.has(key) && text > (kept.get(key) ?? '')) kept.set(key, text);
  return kept;
}

export function* examplesOf(unit: UnitSpans): Iterable<TraceExample> {
  yield* unit.examples;
  yield* unit.slowest;
  yield* unit.wrong;
  for (const map of [unit.groups, unit.gaps, unit.patterns])
    for (const { examples } of map.values()) yield* examples;
}

export const mergeUnitSpans = (a: UnitSpans, b: UnitSpans): UnitSpans => ({
  weight: add(a.weight, b.weight),
  requests: add(a.requests, b.requests),
  misnested: add(a.misnested, b.misnested),
  profiled: add(a.profiled, b.profiled),
  whole: a.whole + b.whole,
  groups: mergeBounded(a.groups, b.groups, mergeGroups, MAX.groups),
  gaps: mergeBounded(a.gaps, b.gaps, mergeGaps, MAX.gaps),
  known: add(a.known, b.known),
  functions: mergeBounded(a.functions, b.functions, mergeFunctions, MAX.functions),
  patterns: mergeBounded(a.patterns, b.patterns, mergePatterns, MAX.patterns),
  examples: firstOf([...a.examples, ...b.examples], byHash, EXAMPLES.request),
  slowest: firstOf([...a.slowest, ...b.slowest], bySlowness, EXAMPLES.request),
  wrong: firstOf([...a.wrong, ...b.wrong], byHash, EXAMPLES.request),
});

export const mergeGroups = (a: SpanGroup, b: SpanGroup): SpanGroup => ({
  weight: add(a.weight, b.weight),
  requests: add(a.requests, b.requests),
  self: mergeSketches(a.self, b.self),
  total: mergeSketches(a.total, b.total),
  selfSum: a.selfSum + b.selfSum,
  totalSum: a.totalSum + b.totalSum,
  examples: firstOf([...a.examples, ...b.examples], bySlowness, EXAMPLES.span),
});

export const mergeGaps = (a: GapSum, b: GapSum): GapSum => ({
  weight: add(a.weight, b.weight),
  requests: add(a.requests, b.requests),
  time: mergeSketches(a.time, b.time),
  sum: a.sum + b.sum,
  explained: a.explained + b.explained,
  causes: mergeBounded(a.causes, b.causes, mergeCauses, MAX.causes),
  examples: firstOf([...a.examples, ...b.examples], bySlowness, EXAMPLES.span),
});

const mergeCauses = (a: CauseSum, b: CauseSum): CauseSum => ({
  sum: a.sum + b.sum,
  frames: mergeBounded(a.frames, b.frames, (x, y) => x + y, MAX.frames),
});

const mergeFunctions = (a: FunctionSum, b: FunctionSum): FunctionSum => ({
  seen: add(a.seen, b.seen),
  time: mergeSketches(a.time, b.time),
  sum: a.sum + b.sum,
  slow: a.slow + b.slow,
  slowWhole: a.slowWhole + b.slowWhole,
});

export function mergePatterns(a: PatternSum, b: PatternSum): PatternSum {
  const aIsWorse = a.worstUs > b.worstUs || (a.worstUs === b.worstUs && a.evidence >= b.evidence);
  return {
    requests: add(a.requests, b.requests),
    sum: a.sum + b.sum,
    worstUs: Math.max(a.worstUs, b.worstUs),
    evidence: aIsWorse ? a.evidence : b.evidence,
    examples: firstOf([...a.examples, ...b.examples], bySlowness, EXAMPLES.span),
  };
}

export const mergeDeployments = (a: DeploymentSpans, b: DeploymentSpans): DeploymentSpans => ({
  traces: add(a.traces, b.traces),
  shared: add(a.shared, b.shared),
  apart: add(a.apart, b.apart),
  against: add(a.against, b.against),
  misnested: add(a.misnested, b.misnested),
  detached: add(a.detached, b.detached),
  advice: mergeBounded(a.advice, b.advice, add, MAX_REASONS),
  endpoints: mergeBounded(
    a.endpoints,
    b.endpoints,
    (x, y) => ({ traces: add(x.traces, y.traces), misnested: add(x.misnested, y.misnested) }),
    MAX_ENDPOINTS,
  ),
  fragmented: mergeBounded(
    a.fragmented,
    b.fragmented,
    (x, y) => ({
      units: add(x.units, y.units),
      fragmentedUnits: add(x.fragmentedUnits, y.fragmentedUnits),
      fragments: add(x.fragments, y.fragments),
    }),
    MAX_ENDPOINTS,
  ),
});

/** Sums that stop at 2^53 − 1 instead of losing their last digits. */
const add = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
export const byHash = (a: TraceExample, b: TraceExample) =>
  compareText(a.hash, b.hash) ||
  compareText(a.traceId, b.traceId) ||
  compareText(a.rootId, b.rootId) ||
  compareText(a.spanId, b.spanId) ||
  a.at - b.at ||
  a.us - b.us;
export const bySlowness = (a: TraceExample, b: TraceExample) => b.us - a.us || byHash(a, b);

/** The first of an order, each once. */
export function firstOf(
  examples: readonly TraceExample[],
  order: (a: TraceExample, b: TraceExample) => number,
  max: number,
): readonly TraceExample[] {
  const sorted = [...examples].sort(order);
  return sorted.filter((one, i) => i === 0 || order(sorted[i - 1]!, one) !== 0).slice(0, max);
}

/**
 * Merges by key. Beyond `max` keys those with the smallest hash stay, and the others become one under OTHER: whichever
 * was left out on one side would have been left out of the whole as well.
 */
function mergeBounded<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  merge: (x: V, y: V) => V,
  max: number,
): ReadonlyMap<string, V> {
  const merged = new Map(a);
  for (const [key, value] of b) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value));
  }
  const spare = merged.size - max - (merged.has(OTHER) ? 1 : 0);
  if (spare <= 0) return merged;
  const order = [...merged.keys()]
    .filter((key) => key !== OTHER)
    .map((key) => ({ key, hash: spreadHash(key) }))
    .sort((x, y) => x.hash - y.hash || compareText(x.key, y.key));
  for (const { key } of order.slice(max)) {
    const value = merged.get(key) as V;
    const others = merged.get(OTHER);
    merged.set(OTHER, others === undefined ? value : merge(others, value));
    merged.delete(key);
  }
  return merged;
}

/** FNV-1a, 32 bits. */
function spreadHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
