import type { Column, RowColumn } from './columns.ts';
import { mapValues } from './merge.ts';
import { NONE } from './pair-table.ts';
import type { StackTable } from './stack-table.ts';
import type { Examples, FlameState } from './state.ts';
import { nodesByFrame } from './tree.ts';
import { settle } from './values.ts';
import { childrenOf, preorder } from './walk.ts';

/**
 * The one form in which a state is stored: strings sorted, frames by name and file, nodes depth first with siblings in the
 * order of their frames, columns by index, and nothing that no column uses. States that say the same become equal, in
 * whatever order they were put together. O(n log n) in strings and frames, else linear.
 */
export function canonicalFlame(state: FlameState): FlameState {
  const used = usedBy(state);
  const { table, nodeTo, rowTo } = canonicalTable(state.table, used);
  const places = new Int32Array(Math.max(table.parent.length, table.line.length));
  const columns = (map: ReadonlyMap<string, Column>) =>
    mapValues(map, (column): Column => {
      const { at, from } = sortedAt(column.at, nodeTo, places);
      return { at, values: picked(column.values, from) };
    });
  const lines = (map: ReadonlyMap<string, RowColumn>) =>
    mapValues(map, (column): RowColumn => {
      const { at, from } = sortedAt(column.at, rowTo, places);
      return { at, self: picked(column.self, from), total: picked(column.total, from) };
    });
  return {
    table,
    sums: columns(state.sums),
    lines: lines(state.lines),
    counts: state.counts,
    examples: mapValues(state.examples, (examples) => canonicalExamples(examples, nodeTo, places)),
    snapshots: mapValues(state.snapshots, (snapshot) => ({
      ...snapshot,
      columns: columns(snapshot.columns),
      lines: lines(snapshot.lines),
    })),
    levels: columns(state.levels),
    levelLines: lines(state.levelLines),
    levelTotals: state.levelTotals,
  };
}

interface Used {
  readonly nodes: Uint8Array;
  readonly rows: Uint8Array;
}

function usedBy(state: FlameState): Used {
  const { parent, line } = state.table;
  const nodes = new Uint8Array(parent.length);
  const rows = new Uint8Array(line.length);
  const mark = (flags: Uint8Array, map: ReadonlyMap<string, { readonly at: Uint32Array }>) => {
    for (const { at } of map.values()) for (let i = 0; i < at.length; i += 1) flags[at[i]!] = 1;
  };
  for (const map of [state.sums, state.examples, state.levels]) mark(nodes, map);
  for (const map of [state.lines, state.levelLines]) mark(rows, map);
  for (const { columns, lines } of state.snapshots.values()) {
    mark(nodes, columns);
    mark(rows, lines);
  }
  for (let node = nodes.length - 1; node > 0; node -= 1) if (nodes[node] === 1) nodes[parent[node]!] = 1;
  nodes[0] = 1;
  return { nodes, rows };
}

function canonicalTable(table: StackTable, used: Used) {
  const { strings, frameRank, frames } = canonicalFrames(table, used);
  const { nodeTo, parent, frame } = canonicalNodes(table, used.nodes, frameRank);
  const { rowTo, lineFrame, line } = canonicalRows(table, used.rows, frameRank);
  const canonical: StackTable = { strings, ...frames, parent, frame, lineFrame, line };
  return { table: canonical, nodeTo, rowTo };
}

function canonicalNodes(table: StackTable, used: Uint8Array, frameRank: Uint32Array) {
  const order = preorder(table.parent, childrenOf(table.parent, nodesByFrame(table, frameRank)));
  const nodeTo = new Uint32Array(order.length);
  const parent = new Uint32Array(order.length);
  const frame = new Uint32Array(order.length);
  let length = 0;
  for (let i = 0; i < order.length; i += 1) {
    const node = order[i]!;
    if (used[node] !== 1) continue;
    nodeTo[node] = length;
    // The parent came before; the root stands for itself.
    parent[length] = nodeTo[table.parent[node]!]!;
    frame[length] = node === 0 ? 0 : frameRank[table.frame[node]!]!;
    length += 1;
  }
  return { nodeTo, parent: parent.slice(0, length), frame: frame.slice(0, length) };
}

function canonicalRows(table: StackTable, used: Uint8Array, frameRank: Uint32Array) {
  const rank = new Uint32Array(table.line.length);
  for (let row = 0; row < rank.length; row += 1) rank[row] = frameRank[table.lineFrame[row]!]!;
  const rows = sortedByPair(placesOf(used), rank, table.line, frameRank.length);
  const rowTo = new Uint32Array(table.line.length);
  const lineFrame = new Uint32Array(rows.length);
  const line = new Uint32Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) {
    const row = rows[place]!;
    rowTo[row] = place;
    lineFrame[place] = rank[row]!;
    line[place] = table.line[row]!;
  }
  return { rowTo, lineFrame, line };
}

function canonicalFrames(table: StackTable, used: Used) {
  const frames = placesOf(usedFrames(table, used));
  const { strings, stringTo } = canonicalStrings(table, frames);
  const count = table.frameName.length;
  const name = new Uint32Array(count);
  const file = new Uint32Array(count);
  for (let frame = 0; frame < count; frame += 1) {
    name[frame] = stringTo[table.frameName[frame]!]!;
    file[frame] = stringTo[table.frameFile[frame]!]!;
  }
  const sorted = sortedByPair(frames, name, file, strings.length);
  // Frames that nothing uses go last: their nodes are not kept, but have to lie somewhere while nodes are sorted.
  const frameRank = new Uint32Array(count).fill(Math.max(0, count - 1));
  const columns = {
    frameName: new Uint32Array(sorted.length),
    frameFile: new Uint32Array(sorted.length),
    inApp: new Int8Array(sorted.length),
  };
  for (let rank = 0; rank < sorted.length; rank += 1) {
    const frame = sorted[rank]!;
    frameRank[frame] = rank;
    columns.frameName[rank] = name[frame]!;
    columns.frameFile[rank] = file[frame]!;
    columns.inApp[rank] = table.inApp[frame]!;
  }
  return { strings, frameRank, frames: columns };
}

function usedFrames(table: StackTable, used: Used): Uint8Array {
  const frames = new Uint8Array(table.frameName.length);
  for (let node = 1; node < used.nodes.length; node += 1) {
    if (used.nodes[node] === 1) frames[table.frame[node]!] = 1;
  }
  for (let row = 0; row < used.rows.length; row += 1) {
    if (used.rows[row] === 1) frames[table.lineFrame[row]!] = 1;
  }
  return frames;
}

/** The strings of some frames, sorted, and where each of the table's went. */
function canonicalStrings(table: StackTable, frames: Uint32Array) {
  const texts = new Set(['']);
  for (let i = 0; i < frames.length; i += 1) {
    texts.add(table.strings[table.frameName[frames[i]!]!]!);
    texts.add(table.strings[table.frameFile[frames[i]!]!]!);
  }
  const strings = [...texts].sort();
  const places = new Map<string, number>();
  for (let place = 0; place < strings.length; place += 1) places.set(strings[place]!, place);
  const stringTo = new Uint32Array(table.strings.length);
  for (let i = 0; i < stringTo.length; i += 1) stringTo[i] = places.get(table.strings[i]!) ?? 0;
  return { strings, stringTo };
}

/** Indices of the flags that are set. */
function placesOf(flags: Uint8Array): Uint32Array {
  const places = new Uint32Array(flags.length);
  let length = 0;
  for (let i = 0; i < flags.length; i += 1) {
    places[length] = i;
    length += flags[i]!;
  }
  return places.slice(0, length);
}

/** Sorts `items` by `first[item]`, which is below `limit`, then by `second[item]`. Linear but for items of one `first`. */
function sortedByPair(
  items: Uint32Array,
  first: Uint32Array,
  second: Uint32Array,
  limit: number,
): Uint32Array {
  const ends = new Uint32Array(limit + 1);
  for (let i = 0; i < items.length; i += 1) ends[first[items[i]!]! + 1]! += 1;
  for (let i = 1; i < ends.length; i += 1) ends[i]! += ends[i - 1]!;
  const sorted = new Uint32Array(items.length);
  for (let i = 0; i < items.length; i += 1) {
    const at = first[items[i]!]!;
    sorted[ends[at]!] = items[i]!;
    ends[at]! += 1;
  }
  for (let start = 0; start < sorted.length; ) {
    const end = ends[first[sorted[start]!]!]!;
    if (end - start > 1) sorted.subarray(start, end).sort((a, b) => second[a]! - second[b]!);
    start = end;
  }
  return sorted;
}

/** The translated indices in ascending order, and which entry each of them came from. */
function sortedAt(at: Uint32Array, to: Uint32Array, places: Int32Array) {
  const sorted = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i += 1) {
    const place = to[at[i]!]!;
    sorted[i] = place;
    places[place] = i;
  }
  sorted.sort();
  const from = new Uint32Array(at.length);
  for (let i = 0; i < from.length; i += 1) from[i] = places[sorted[i]!]!;
  return { at: sorted, from };
}

function picked(values: Column['values'], from: Uint32Array): Column['values'] {
  if (values instanceof Float64Array) {
    const numbers = new Float64Array(from.length);
    for (let i = 0; i < from.length; i += 1) numbers[i] = values[from[i]!]!;
    return settle(numbers);
  }
  return settle(BigInt64Array.from(from, (i) => values[i]!));
}

function canonicalExamples(examples: Examples, nodeTo: Uint32Array, places: Int32Array): Examples {
  const { at, from } = sortedAt(examples.at, nodeTo, places);
  const used = new Uint8Array(examples.uploads.length);
  for (const column of [examples.first, examples.second]) {
    for (let i = 0; i < column.length; i += 1) if (column[i] !== NONE) used[column[i]!] = 1;
  }
  const to = new Uint32Array(used.length);
  let length = 0;
  for (let upload = 0; upload < used.length; upload += 1) {
    to[upload] = length;
    length += used[upload]!;
  }
  const moved = (column: Uint32Array) => {
    const places = new Uint32Array(from.length);
    for (let i = 0; i < from.length; i += 1) {
      const upload = column[from[i]!]!;
      places[i] = upload === NONE ? NONE : to[upload]!;
    }
    return places;
  };
  return {
    uploads: examples.uploads.filter((_, upload) => used[upload] === 1),
    at,
    first: moved(examples.first),
    second: moved(examples.second),
  };
}
