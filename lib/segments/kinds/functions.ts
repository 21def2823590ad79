import { isUnit } from '../../flame/functions.ts';
import { bytesOfHex, hexOf, type UploadId, uploadId } from '../../model/ids.ts';
import { mergeAllSketches, type Sketch } from '../../model/sketch.ts';
import { OTHER_UNITS, unitKey } from '../../model/unit-of-work.ts';
import { type ByteReader, type ByteWriter, compareText, readStrings, StringTable } from '../bytes.ts';
import { codec } from '../codec.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import { boundedMap } from './bounded.ts';
import { mergeMaps, readMap, writeMap } from './columns.ts';
import { readSketch, writeSketch } from './sketch-codec.ts';

/**
 * What functions cost, per unit of work and version: the spread over the pieces of work, or over profiles of stretches of
 * time. Of those pieces in which a function was not seen it took nothing: they are counted once, by `work`.
 */
export interface FunctionsState {
  /** `workKey` → what was looked at. */
  readonly work: ReadonlyMap<string, LookedAt>;
  /** `functionKey` → one function in it. */
  readonly functions: ReadonlyMap<string, FunctionSpread>;
}

export interface LookedAt {
  /** Profiles: of a transaction each, or of a stretch of time. */
  readonly profiles: number;
  /** Transactions without a profile that were so short that an SDK sends none; and the others without one. */
  readonly short: number;
  readonly unprofiled: number;
  /** Sum of what the profiles measured, microseconds, and of its squares. */
  readonly us: bigint;
  readonly squares: bigint;
}

export interface FunctionSpread {
  /** Profiles in which it was seen, thousandths as in sketches. */
  readonly seen: number;
  /** Microseconds in each of those. */
  readonly total: Sketch;
  readonly self: Sketch;
  readonly totalUs: bigint;
  readonly selfUs: bigint;
  /** Sums over profiles of total², and of total × what the whole profile measured: the spread of a share follows. */
  readonly squares: bigint;
  readonly products: bigint;
  /** Any profiles, chosen by hash, and those in which it took longest. */
  readonly examples: readonly FunctionExample[];
  readonly worst: readonly FunctionExample[];
}

export interface FunctionExample {
  readonly upload: UploadId;
  /** Of the transaction; '' for a profile of a stretch of time. */
  readonly traceId: string;
  readonly time: number;
  readonly us: number;
  /** How long all of it took: the transaction, or the stretch that the profile covers. */
  readonly ofUs: number;
}

/** transaction: times per piece of work; profile: per profile, of whatever length those are. */
export type Basis = 'transaction' | 'profile';

export interface WorkOfFunctions {
  readonly basis: Basis;
  /** `unitKey`, '' for samples of none, ALL_WORK for a whole profile. */
  readonly unit: string;
  readonly version: string;
}
export const workKey = ({ basis, unit, version }: WorkOfFunctions) => JSON.stringify([basis, unit, version]);
export function workOfKey(key: string): WorkOfFunctions {
  const [basis, unit, version] = JSON.parse(key) as [Basis, string, string];
  return { basis, unit, version };
}
export interface FunctionOfWork extends WorkOfFunctions {
  readonly name: string;
  readonly file: string;
  /** 1: the team's own code, 0: a library or the runtime, −1: not told. */
  readonly inApp: number;
}
export const functionKey = ({ name, file, inApp, ...work }: FunctionOfWork) =>
  functionKeysOf(work)(JSON.stringify(name), JSON.stringify(file), inApp);
/** Keys of many functions of one work: names and files come as JSON, because they come again in every unit. */
export function functionKeysOf(work: WorkOfFunctions) {
  const head = workKey(work).slice(0, -1);
  return (name: string, file: string, inApp: number) => `${head},${name},${file},${inApp}]`;
}
export function functionOfKey(key: string): FunctionOfWork {
  const [basis, unit, version, name, file, inApp] = JSON.parse(key) as [
    Basis,
    string,
    string,
    string,
    string,
    number,
  ];
  return { basis, unit, version, name, file, inApp };
}

const EXAMPLES_MAX = 2;

/** Upload ids are hashes: the smallest are any. */
const byHash = (a: FunctionExample, b: FunctionExample) =>
  compareText(a.upload, b.upload) ||
  compareText(a.traceId, b.traceId) ||
  a.time - b.time ||
  a.us - b.us ||
  a.ofUs - b.ofUs;
const byTime = (a: FunctionExample, b: FunctionExample) => b.us - a.us || byHash(a, b);

/** The first EXAMPLES_MAX of all, each once. */
function firstOf(
  spreads: readonly FunctionSpread[],
  examplesOf: (spread: FunctionSpread) => readonly FunctionExample[],
  order: (a: FunctionExample, b: FunctionExample) => number,
): readonly FunctionExample[] {
  const first: FunctionExample[] = [];
  for (const spread of spreads) for (const one of examplesOf(spread)) offer(first, one, order);
  return first;
}

/** Puts an example where it belongs among the first ones, unless it is there or comes after them. */
function offer(
  first: FunctionExample[],
  one: FunctionExample,
  order: (a: FunctionExample, b: FunctionExample) => number,
) {
  let at = first.length;
  for (; at > 0; at -= 1) {
    const difference = order(first[at - 1]!, one);
    if (difference === 0) return;
    if (difference < 0) break;
  }
  if (at === EXAMPLES_MAX) return;
  first.splice(at, 0, one);
  if (first.length > EXAMPLES_MAX) first.pop();
}

export const mergeLookedAt = (a: LookedAt, b: LookedAt): LookedAt => ({
  profiles: addUpTo53(a.profiles, b.profiles),
  short: addUpTo53(a.short, b.short),
  unprofiled: addUpTo53(a.unprofiled, b.unprofiled),
  us: a.us + b.us,
  squares: a.squares + b.squares,
});

export const mergeSpreads = (a: FunctionSpread, b: FunctionSpread): FunctionSpread => mergeAllSpreads([a, b]);

/** All at once: maps of sketches are made once, however many there are. */
function mergeAllSpreads(spreads: readonly FunctionSpread[]): FunctionSpread {
  let [seen, totalUs, selfUs, squares, products] = [0, 0n, 0n, 0n, 0n];
  for (const spread of spreads) {
    seen = addUpTo53(seen, spread.seen);
    totalUs += spread.totalUs;
    selfUs += spread.selfUs;
    squares += spread.squares;
    products += spread.products;
  }
  return {
    seen,
    total: mergeAllSketches(spreads.map(({ total }) => total)),
    self: mergeAllSketches(spreads.map(({ self }) => self)),
    totalUs,
    selfUs,
    squares,
    products,
    examples: firstOf(spreads, ({ examples }) => examples, byHash),
    worst: firstOf(spreads, ({ worst }) => worst, byTime),
  };
}

/** Units and versions of one state, each of which may have hundreds of functions. */
const WORK_MAX = 2000;
const OTHER = workKey({ basis: 'transaction', unit: unitKey(OTHER_UNITS), version: '' });
const BOUND = {
  max: WORK_MAX,
  // Whole profiles, and what is of no unit in them, are few and no sender names them.
  other: (key: string) => (isUnit(workOfKey(key).unit) ? OTHER : key),
  merge: mergeLookedAt,
};

/** A state of which work beyond WORK_MAX units adds up as one, without its functions: nothing can be said of those together. */
export function boundedFunctions({ work, functions }: FunctionsState): FunctionsState {
  const kept = boundedMap(work, BOUND);
  if (kept === work) return { work, functions };
  const isKept = ([key]: readonly [string, unknown]) => kept.has(workKey(functionOfKey(key)));
  return { work: kept, functions: new Map([...functions].filter(isKept)) };
}

function mergeAllStates(states: readonly FunctionsState[]): FunctionsState {
  const groups = new Map<string, FunctionSpread[]>();
  for (const { functions } of states) {
    for (const [key, spread] of functions) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [spread]);
      else group.push(spread);
    }
  }
  const functions = new Map<string, FunctionSpread>();
  for (const [key, group] of groups)
    functions.set(key, group.length === 1 ? group[0]! : mergeAllSpreads(group));
  const work = states.map((state) => state.work).reduce((a, b) => mergeMaps(a, b, mergeLookedAt));
  return boundedFunctions({ work, functions });
}

function* stringsOf({ work, functions }: FunctionsState): Iterable<string> {
  yield* work.keys();
  for (const [key, { examples, worst }] of functions) {
    yield key;
    for (const { traceId } of [...examples, ...worst]) yield traceId;
  }
}

const ID_BYTES = 16;

function writeExamples(
  out: ByteWriter,
  examples: readonly FunctionExample[],
  indexOf: (text: string) => number,
) {
  out.uint(examples.length);
  for (const { upload, traceId, time, us, ofUs } of examples) {
    out.raw(bytesOfHex(upload));
    out.uint(indexOf(traceId));
    out.int(time);
    out.uint(us);
    out.uint(ofUs);
  }
}

const readExamples = (from: ByteReader, textAt: (index: number) => string): FunctionExample[] =>
  Array.from({ length: from.count(ID_BYTES) }, () => ({
    upload: uploadId(hexOf(from.raw(ID_BYTES))),
    traceId: textAt(from.uint()),
    time: from.int(),
    us: from.uint(),
    ofUs: from.uint(),
  }));

function writeState(out: ByteWriter, state: FunctionsState) {
  const table = new StringTable(stringsOf(state));
  const indexOf = (text: string) => table.indexOf(text);
  table.write(out);
  writeMap(out, state.work, indexOf, (_, { profiles, short, unprofiled, us, squares }) => {
    for (const count of [profiles, short, unprofiled]) out.uint(count);
    for (const sum of [us, squares]) out.big(sum);
  });
  writeMap(out, state.functions, indexOf, (_, spread) => {
    out.uint(spread.seen);
    for (const sum of [spread.totalUs, spread.selfUs, spread.squares, spread.products]) out.big(sum);
    writeSketch(out, spread.total);
    writeSketch(out, spread.self);
    writeExamples(out, spread.examples, indexOf);
    writeExamples(out, spread.worst, indexOf);
  });
}

function readState(from: ByteReader): FunctionsState {
  const textAt = readStrings(from);
  const work = readMap(from, textAt, () => ({
    profiles: from.uint(),
    short: from.uint(),
    unprofiled: from.uint(),
    us: from.big(),
    squares: from.big(),
  }));
  const functions = readMap(from, textAt, (): FunctionSpread => {
    const seen = from.uint();
    const [totalUs, selfUs, squares, products] = [from.big(), from.big(), from.big(), from.big()];
    const [total, self] = [readSketch(from), readSketch(from)];
    return {
      seen,
      total,
      self,
      totalUs,
      selfUs,
      squares,
      products,
      examples: readExamples(from, textAt),
      worst: readExamples(from, textAt),
    };
  });
  return { work, functions };
}

export const functionsKind: Kind<FunctionsState> = {
  name: 'functions',
  empty: () => ({ work: new Map(), functions: new Map() }),
  merge: (a, b) =>
    boundedFunctions({
      work: mergeMaps(a.work, b.work, mergeLookedAt),
      functions: mergeMaps(a.functions, b.functions, mergeSpreads),
    }),
  mergeMany: mergeAllStates,

  ...codec('functions', [{ read: readState }], writeState),
};
