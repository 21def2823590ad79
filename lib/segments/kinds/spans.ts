import type { Sketch } from '../../model/sketch.ts';
import {
  type CauseSum,
  type DeploymentSpans,
  type FunctionSum,
  type GapSum,
  mergeSpans,
  noSpans,
  type PatternSum,
  type SpanGroup,
  type SpansState,
  type TraceExample,
  type UnitSpans,
} from '../../traces/spans-state.ts';
import { type ByteReader, ByteWriter, readStrings, StringTable } from '../bytes.ts';
import { codec } from '../codec.ts';
import type { Kind } from '../kind.ts';
import { readMap, writeMap } from './columns.ts';

/** Suspect spans, gaps and their causes, functions, patterns and nesting, from traces that were put together. */
export const spansKind: Kind<SpansState> = {
  name: 'spans',
  empty: () => noSpans,
  merge: mergeSpans,

  ...codec('spans', [{ read: (from) => readState(new SpansReader(from, readStrings(from))) }], write),
};

function write(out: ByteWriter, state: SpansState) {
  // Written twice: the first time only to see which texts there are.
  const texts = new Set<string>();
  const noticed = (text: string) => {
    texts.add(text);
    return 0;
  };
  writeState(new SpansWriter(new ByteWriter(), noticed), state);
  const table = new StringTable(texts);
  table.write(out);
  writeState(new SpansWriter(out, (text) => table.indexOf(text)), state);
}

class SpansWriter {
  readonly out: ByteWriter;
  readonly indexOf: (text: string) => number;

  constructor(out: ByteWriter, indexOf: (text: string) => number) {
    this.out = out;
    this.indexOf = indexOf;
  }

  text(text: string) {
    this.out.uint(this.indexOf(text));
  }

  uints(...values: readonly number[]) {
    for (const value of values) this.out.uint(value);
  }

  bigs(...values: readonly bigint[]) {
    for (const value of values) this.out.big(value);
  }

  map<V>(map: ReadonlyMap<string, V>, write: (value: V) => void) {
    writeMap(this.out, map, this.indexOf, (_, value) => write(value));
  }

  sketch({ buckets }: Sketch) {
    const sorted = [...buckets].sort(([a], [b]) => a - b);
    this.out.uint(sorted.length);
    for (const [index, weight] of sorted) {
      this.out.int(index);
      this.out.uint(weight);
    }
  }

  examples(examples: readonly TraceExample[]) {
    this.out.uint(examples.length);
    for (const { hash, traceId, spanId, rootId, at, us } of examples) {
      for (const text of [hash, traceId, spanId, rootId]) this.text(text);
      this.out.int(at);
      this.out.uint(us);
    }
  }
}

class SpansReader {
  readonly #from: ByteReader;
  readonly #textAt: (index: number) => string;

  constructor(from: ByteReader, textAt: (index: number) => string) {
    this.#from = from;
    this.#textAt = textAt;
  }

  readonly uint = () => this.#from.uint();
  readonly big = () => this.#from.big();
  readonly text = () => this.#textAt(this.#from.uint());
  readonly longText = () => this.#from.text();
  readonly map = <V>(read: () => V) => readMap(this.#from, this.#textAt, read);

  readonly sketch = (): Sketch => ({
    buckets: new Map(
      Array.from({ length: this.#from.count(2) }, () => [this.#from.int(), this.#from.uint()] as const),
    ),
  });

  readonly examples = (): TraceExample[] =>
    Array.from({ length: this.#from.count(6) }, () => ({
      hash: this.text(),
      traceId: this.text(),
      spanId: this.text(),
      rootId: this.text(),
      at: this.#from.int(),
      us: this.#from.uint(),
    }));
}

// What is written and what is read, pair by pair, in the same order.

function writeState(to: SpansWriter, state: SpansState) {
  to.map(state.units, (unit) => writeUnit(to, unit));
  to.map(state.deployments, (deployment) => writeDeployment(to, deployment));
  // Whole traces are long and unlike each other: not in the table.
  to.map(state.traces, (text) => to.out.text(text));
}
const readState = (from: SpansReader): SpansState => ({
  units: from.map(() => readUnit(from)),
  deployments: from.map(() => readDeployment(from)),
  traces: from.map(from.longText),
});

function writeUnit(to: SpansWriter, unit: UnitSpans) {
  to.uints(unit.weight, unit.requests, unit.misnested, unit.profiled);
  to.bigs(unit.whole);
  to.map(unit.groups, (group) => writeGroup(to, group));
  to.map(unit.gaps, (gap) => writeGap(to, gap));
  to.uints(unit.known);
  to.map(unit.functions, (one) => writeFunction(to, one));
  to.map(unit.patterns, (pattern) => writePattern(to, pattern));
  for (const list of [unit.examples, unit.slowest, unit.wrong]) to.examples(list);
}
const readUnit = (from: SpansReader): UnitSpans => ({
  weight: from.uint(),
  requests: from.uint(),
  misnested: from.uint(),
  profiled: from.uint(),
  whole: from.big(),
  groups: from.map(() => readGroup(from)),
  gaps: from.map(() => readGap(from)),
  known: from.uint(),
  functions: from.map(() => readFunction(from)),
  patterns: from.map(() => readPattern(from)),
  examples: from.examples(),
  slowest: from.examples(),
  wrong: from.examples(),
});

function writeGroup(to: SpansWriter, group: SpanGroup) {
  to.uints(group.weight, group.requests);
  to.sketch(group.self);
  to.sketch(group.total);
  to.bigs(group.selfSum, group.totalSum);
  to.examples(group.examples);
}
const readGroup = (from: SpansReader): SpanGroup => ({
  weight: from.uint(),
  requests: from.uint(),
  self: from.sketch(),
  total: from.sketch(),
  selfSum: from.big(),
  totalSum: from.big(),
  examples: from.examples(),
});

function writeGap(to: SpansWriter, gap: GapSum) {
  to.uints(gap.weight, gap.requests);
  to.sketch(gap.time);
  to.bigs(gap.sum, gap.explained);
  to.map(gap.causes, (cause) => writeCause(to, cause));
  to.examples(gap.examples);
}
const readGap = (from: SpansReader): GapSum => ({
  weight: from.uint(),
  requests: from.uint(),
  time: from.sketch(),
  sum: from.big(),
  explained: from.big(),
  causes: from.map(() => readCause(from)),
  examples: from.examples(),
});

function writeCause(to: SpansWriter, { sum, frames }: CauseSum) {
  to.bigs(sum);
  to.map(frames, (time) => to.bigs(time));
}
const readCause = (from: SpansReader): CauseSum => ({ sum: from.big(), frames: from.map(from.big) });

function writeFunction(to: SpansWriter, one: FunctionSum) {
  to.uints(one.seen);
  to.sketch(one.time);
  to.bigs(one.sum, one.slow, one.slowWhole);
}
const readFunction = (from: SpansReader): FunctionSum => ({
  seen: from.uint(),
  time: from.sketch(),
  sum: from.big(),
  slow: from.big(),
  slowWhole: from.big(),
});

function writePattern(to: SpansWriter, pattern: PatternSum) {
  to.uints(pattern.requests);
  to.bigs(pattern.sum);
  to.uints(pattern.worstUs);
  to.text(pattern.evidence);
  to.examples(pattern.examples);
}
const readPattern = (from: SpansReader): PatternSum => ({
  requests: from.uint(),
  sum: from.big(),
  worstUs: from.uint(),
  evidence: from.text(),
  examples: from.examples(),
});

function writeDeployment(to: SpansWriter, one: DeploymentSpans) {
  to.uints(one.traces, one.shared, one.apart, one.against, one.misnested, one.detached);
  to.map(one.advice, (count) => to.uints(count));
  to.map(one.endpoints, ({ traces, misnested }) => to.uints(traces, misnested));
  to.map(one.fragmented, ({ units, fragmentedUnits, fragments }) =>
    to.uints(units, fragmentedUnits, fragments),
  );
}
const readDeployment = (from: SpansReader): DeploymentSpans => ({
  traces: from.uint(),
  shared: from.uint(),
  apart: from.uint(),
  against: from.uint(),
  misnested: from.uint(),
  detached: from.uint(),
  advice: from.map(from.uint),
  endpoints: from.map(() => ({ traces: from.uint(), misnested: from.uint() })),
  fragmented: from.map(() => ({ units: from.uint(), fragmentedUnits: from.uint(), fragments: from.uint() })),
});
