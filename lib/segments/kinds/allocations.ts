import { byShortHash } from '../../model/hash.ts';
import { emptySketch, mergeSketches, type Sketch } from '../../model/sketch.ts';
import { OTHER_UNITS, unitKey } from '../../model/unit-of-work.ts';
import { type ByteReader, type ByteWriter, readStrings, StringTable } from '../bytes.ts';
import { codec } from '../codec.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import { boundedMap } from './bounded.ts';
import { mergeMaps, readMap, writeMap } from './columns.ts';
import { readSketch, writeSketch } from './sketch-codec.ts';

/** What requests said that they allocated: net, so that one that frees what others left is negative. */
export interface AllocationsState {
  /** `unitKey` → what its requests allocated. */
  readonly units: ReadonlyMap<string, UnitAllocations>;
}

export interface UnitAllocations {
  /** Bytes of the requests after which there was as much or more, and of those after which there was less, without sign. */
  readonly grown: Sketch;
  readonly shrunk: Sketch;
  /** File → what the requests that name it among their largest allocators say of it. */
  readonly top: ReadonlyMap<string, Allocator>;
}

export interface Allocator {
  /** Sum of weights, thousandths of a request. */
  readonly requests: number;
  /** Sum of weight × bytes, thousandths of a byte. */
  readonly bytes: bigint;
}

/** A safety bound: of so many files those with the smallest hash are kept, the same ones in whatever order they come. */
const FILES_MAX = 1000;

const mergeAllocator = (a: Allocator, b: Allocator): Allocator => ({
  requests: addUpTo53(a.requests, b.requests),
  bytes: a.bytes + b.bytes,
});

/** Of the allocators those that are kept. */
export function bounded(top: ReadonlyMap<string, Allocator>): ReadonlyMap<string, Allocator> {
  if (top.size <= FILES_MAX) return top;
  const files = byShortHash(top.keys()).slice(0, FILES_MAX);
  return new Map(files.map((file) => [file, top.get(file)!]));
}

export const noAllocations: UnitAllocations = { grown: emptySketch, shrunk: emptySketch, top: new Map() };

export const mergeAllocations = (a: UnitAllocations, b: UnitAllocations): UnitAllocations => ({
  grown: mergeSketches(a.grown, b.grown),
  shrunk: mergeSketches(a.shrunk, b.shrunk),
  top: bounded(mergeMaps(a.top, b.top, mergeAllocator)),
});

/** Of one state: as many as of functions. */
const UNITS_MAX = 2000;
const OTHER = unitKey(OTHER_UNITS);
const BOUND = { max: UNITS_MAX, other: () => OTHER, merge: mergeAllocations };

/** A state of these units; what is beyond UNITS_MAX of them adds up as one. */
export const boundedAllocations = (units: AllocationsState['units']): AllocationsState => ({
  units: boundedMap(units, BOUND),
});

function* stringsOf({ units }: AllocationsState): Iterable<string> {
  for (const [key, { top }] of units) {
    yield key;
    yield* top.keys();
  }
}

function writeState(out: ByteWriter, state: AllocationsState) {
  const table = new StringTable(stringsOf(state));
  const indexOf = (text: string) => table.indexOf(text);
  table.write(out);
  writeMap(out, state.units, indexOf, (_, { grown, shrunk, top }) => {
    writeSketch(out, grown);
    writeSketch(out, shrunk);
    writeMap(out, top, indexOf, (_, { requests, bytes }) => {
      out.uint(requests);
      out.big(bytes);
    });
  });
}

function readState(from: ByteReader): AllocationsState {
  const textAt = readStrings(from);
  const units = readMap(from, textAt, (): UnitAllocations => {
    const grown = readSketch(from);
    const shrunk = readSketch(from);
    const top = readMap(from, textAt, () => {
      const requests = from.uint();
      return { requests, bytes: from.big() };
    });
    return { grown, shrunk, top };
  });
  return { units };
}

export const allocationsKind: Kind<AllocationsState> = {
  name: 'allocations',
  empty: () => ({ units: new Map() }),
  merge: (a, b) => boundedAllocations(mergeMaps(a.units, b.units, mergeAllocations)),

  ...codec('allocations', [{ read: readState }], writeState),
};
