import type { UploadId } from '../model/ids.ts';
import type { RowColumn } from './columns.ts';
import { columnsOf, levelSnapshots } from './levels.ts';
import { NONE, PairTable } from './pair-table.ts';
import type { Selection } from './select.ts';
import type { StackTable } from './stack-table.ts';
import { type FlameState, type Measure, measureKey, sameMeasure, seriesOfKey } from './state.ts';
import type { FlameTree } from './tree.ts';
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

function* rowsOf(state: FlameState, { measure, temporality, version }: Selection): Iterable<RowColumn> {
  const fits = (one: string) => version === undefined || one === version;
  if (temporality === 'cumulative') return;
  for (const [key, rows] of temporality === 'delta' ? state.lines : state.levelLines) {
    const of = seriesOfKey(key);
    if (sameMeasure(of, measure) && fits(of.version)) yield rows;
  }
  if (temporality === 'delta') return;
  for (const { snapshot } of levelSnapshots(state, measure)) {
    const rows = snapshot.lines.get(measureKey(measure, 'level'));
    if (rows !== undefined && fits(snapshot.version)) yield rows;
  }
}

/** Per node of the tree the smallest upload id in which it has a value of its own; undefined where none is kept. */
export function exampleUploads(
  states: readonly FlameState[],
  { measure, temporality }: Selection,
  tree: FlameTree,
): (UploadId | undefined)[] {
  const examples: (UploadId | undefined)[] = new Array(tree.self.length).fill(undefined);
  const placesIn = nodeFinder(tree);
  const offer = (node: number, upload: UploadId) => {
    const before = examples[node];
    if (node >= 0 && (before === undefined || upload < before)) examples[node] = upload;
  };
  for (const state of states) {
    const places = placesIn(state.table);
    if (temporality === 'level') {
      for (const { snapshot } of levelSnapshots(state, measure))
        for (const { column } of columnsOf(snapshot, measure, 'level'))
          for (const at of column.at) offer(places[at]!, snapshot.upload);
      continue;
    }
    for (const [family, { uploads, at, first }] of state.examples) {
      if (!includes(family, measure)) continue;
      for (const [i, node] of at.entries()) if (first[i] !== NONE) offer(places[node]!, uploads[first[i]!]!);
    }
  }
  return examples;
}

const includes = (family: string, { type, unit }: Measure) =>
  (JSON.parse(family) as [string, string][]).some((one) => one[0] === type && one[1] === unit);

/** Where the nodes of another table lie in the tree; −1 for those that it does not have. O(both). */
function nodeFinder({ stacks }: FlameTree): (table: StackTable) => Int32Array {
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
export function spreadUp(parent: Uint32Array, examples: (UploadId | undefined)[]): (UploadId | undefined)[] {
  const spread = [...examples];
  for (let node = spread.length - 1; node > 0; node -= 1) {
    const [own, above] = [spread[node], spread[parent[node]!]];
    if (own !== undefined && (above === undefined || own < above)) spread[parent[node]!] = own;
  }
  return spread;
}
