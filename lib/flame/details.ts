import type { UploadId } from '../model/ids.ts';
import type { RowColumn } from './columns.ts';
import { turned } from './invert.ts';
import { columnsOf, levelSnapshots, snapshotsIn } from './levels.ts';
import { NONE, PairTable } from './pair-table.ts';
import type { Selection } from './select.ts';
import type { StackTable } from './stack-table.ts';
import { exampleOfKey, type FlameState, measureKey, sameMeasure, seriesOfKey } from './state.ts';
import type { FlameTree, Stacks } from './tree.ts';
import { addExact } from './values.ts';

// What a reader asks of one function or one bar: which of its lines ran, and which uploads show it.

export interface LineValues {
  readonly self: number | bigint;
  readonly total: number | bigint;
}

/** Function (`functionName` of it) → line → values. */
export type LinesByFunction = ReadonlyMap<string, ReadonlyMap<number, LineValues>>;

export const functionName = (name: string, file: string) => `${name}\n${file}`;

/**
 * Lines by function, of all units of work together. Deltas add up; of levels instances and buckets do, so that their shares
 * tell, not their sums. Empty for cumulative values, whose differences are not kept by line.
 */
export function linesByFunction(states: readonly FlameState[], selection: Selection): LinesByFunction {
  const found = new Map<string, Map<number, LineValues>>();
  for (const state of states) {
    for (const { at, self, total } of rowsOf(state, selection)) {
      for (const [i, row] of at.entries()) {
        const name = functionAt(state.table, state.table.lineFrame[row]!);
        const lines = found.get(name) ?? new Map<number, LineValues>();
        found.set(name, lines);
        const line = state.table.line[row]!;
        const before = lines.get(line) ?? { self: 0, total: 0 };
        lines.set(line, {
          self: addExact(before.self, self[i]!),
          total: addExact(before.total, total[i]!),
        });
      }
    }
  }
  return found;
}

const functionAt = ({ strings, frameName, frameFile }: StackTable, frame: number) =>
  functionName(strings[frameName[frame]!]!, strings[frameFile[frame]!]!);

function* rowsOf(state: FlameState, selection: Selection): Iterable<RowColumn> {
  const { measure, temporality, version, instance } = selection;
  const fits = (one: string) => version === undefined || one === version;
  if (temporality === 'cumulative') return;
  for (const [key, rows] of temporality === 'delta' ? state.lines : state.levelLines) {
    const of = seriesOfKey(key);
    if (instance === undefined && sameMeasure(of, measure) && fits(of.version)) yield rows;
  }
  if (temporality === 'delta') return;
  for (const { snapshot, instance: of } of levelSnapshots(state, measure)) {
    const rows = snapshot.lines.get(measureKey(measure, 'level'));
    if (rows !== undefined && fits(snapshot.version) && (instance ?? of) === of) yield rows;
  }
}

/**
 * Per bar the smallest upload id among those in which anything at or below it has a value; undefined where none is kept.
 *
 * @param plain the tree as it was selected
 * @param drawn the same, pruned, and turned around where `isInverted`
 */
export function exampleUploads(
  states: readonly FlameState[],
  selection: Selection,
  plain: FlameTree,
  drawn: FlameTree,
  isInverted: boolean,
): (UploadId | undefined)[] {
  const own = ownExamples(states, selection, plain);
  const { tree, to } = isInverted ? turned(plain) : { tree: plain, to: undefined };
  const moved = to === undefined ? own : smallestAt(own, to, tree.self.length);
  const places = nodeFinder(drawn)(tree.stacks);
  return smallestAt(spreadUp(tree.stacks.parent, moved), places, drawn.self.length);
}

type Uploads = (UploadId | undefined)[];

/** The smallest of those that go to one place; what goes to −1 is left out. */
function smallestAt(uploads: Uploads, to: ArrayLike<number>, length: number): Uploads {
  const smallest: Uploads = new Array(length).fill(undefined);
  for (const [i, upload] of uploads.entries()) offer(smallest, to[i]!, upload);
  return smallest;
}

function offer(smallest: Uploads, at: number, upload: UploadId | undefined) {
  const before = smallest[at];
  if (at >= 0 && upload !== undefined && (before === undefined || upload < before)) smallest[at] = upload;
}

/** Per node of the tree the smallest upload id in which it has a value of its own. */
function ownExamples(states: readonly FlameState[], selection: Selection, tree: FlameTree): Uploads {
  const examples: Uploads = new Array(tree.self.length).fill(undefined);
  const placesIn = nodeFinder(tree);
  for (const state of states) {
    const places = placesIn(state.table);
    for (const { at, uploadOf } of shownIn(state, selection))
      for (const [i, node] of at.entries()) {
        const place = places[node]!;
        // What a filter took away has kept its node, without a value.
        if (place >= 0 && Number(tree.self[place]) !== 0) offer(examples, place, uploadOf(i));
      }
  }
  return examples;
}

interface Shown {
  readonly at: Uint32Array;
  readonly uploadOf: (i: number) => UploadId | undefined;
}

/** Beside snapshots roll-ups hold examples of levels, of all instances together. */
function* shownIn(state: FlameState, selection: Selection): Iterable<Shown> {
  const { temporality, instance } = selection;
  if (temporality !== 'delta') yield* shown(state, selection);
  if (temporality === 'delta' || (temporality === 'level' && instance === undefined))
    yield* keptExamples(state, selection);
}

function* keptExamples(state: FlameState, { measure, version, work }: Selection): Iterable<Shown> {
  for (const [key, { uploads, at, first }] of state.examples) {
    const of = exampleOfKey(key);
    const fits =
      of.measures.some(([type, unit]) => sameMeasure({ type, unit }, measure)) &&
      (version === undefined || of.version === version) &&
      (work === undefined || of.work === work);
    if (fits) yield { at, uploadOf: (i) => uploads[first[i]!] }; // of NONE there is none
  }
}

/** Stacks that snapshots have kept: each was one upload. */
function* shown(state: FlameState, selection: Selection): Iterable<Shown> {
  const { measure, version, work, instance } = selection;
  const temporality = selection.temporality === 'level' ? 'level' : 'cumulative';
  const snapshots = temporality === 'level' ? levelSnapshots(state, measure) : snapshotsIn(state);
  for (const { snapshot, instance: of } of snapshots) {
    if ((version ?? snapshot.version) !== snapshot.version || (instance ?? of) !== of) continue;
    for (const one of columnsOf(snapshot, measure, temporality))
      if (work === undefined || one.work === work)
        yield { at: one.column.at, uploadOf: () => snapshot.upload };
  }
}

/** Where the nodes of another table lie in the tree; −1 for those that it does not have. O(both). */
function nodeFinder({ stacks }: FlameTree): (table: Stacks) => Int32Array {
  const strings = new Map(stacks.strings.map((text, index) => [text, index]));
  const frames = new PairTable(stacks.frameName.length);
  for (const [frame, name] of stacks.frameName.entries()) frames.add(name, stacks.frameFile[frame]!);
  const nodes = new PairTable(stacks.parent.length);
  nodes.add(NONE, NONE); // the root
  for (let node = 1; node < stacks.parent.length; node += 1)
    nodes.add(stacks.parent[node]!, stacks.frame[node]!);
  // A pair that is not there is numbered beyond those that are, and found there again.
  const known = { frames: stacks.frameName.length, nodes: stacks.parent.length };
  return (table) => {
    const texts = table.strings.map((text) => strings.get(text) ?? -1);
    const frameOf = table.frameName.map((name, frame) => {
      const [a, b] = [texts[name]!, texts[table.frameFile[frame]!]!];
      const found = a < 0 || b < 0 ? NONE : frames.add(a, b);
      return found < known.frames ? found : NONE;
    });
    const places = new Int32Array(table.parent.length).fill(-1);
    places[0] = 0;
    for (let node = 1; node < places.length; node += 1) {
      const [above, frame] = [places[table.parent[node]!]!, frameOf[table.frame[node]!]!];
      const found = above < 0 || frame === NONE ? -1 : nodes.add(above, frame);
      places[node] = found < known.nodes ? found : -1;
    }
    return places;
  };
}

/** The same for every node with what lies below it: any example of a caller is one of its callees'. */
function spreadUp(parent: Uint32Array, examples: Uploads): Uploads {
  const spread = [...examples];
  for (let node = spread.length - 1; node > 0; node -= 1) {
    const [own, above] = [spread[node], spread[parent[node]!]];
    if (own !== undefined && (above === undefined || own < above)) spread[parent[node]!] = own;
  }
  return spread;
}
