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
    for (const { at } of map.values()) for (const index of at) flags[index] = 1;
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
  const order = preorder(table.parent, childrenOf(table.parent, nodesByFrame(table, frameRank)));
  const nodeTo = new Uint32Array(table.parent.length);
  const kept = order.filter((node) => used.nodes[node] === 1);
  for (const [place, node] of kept.entries()) nodeTo[node] = place;
  const rows = Uint32Array.from(table.line.keys()).filter((row) => used.rows[row] === 1);
  rows.sort(
    (a, b) =>
      frameRank[table.lineFrame[a]!]! - frameRank[table.lineFrame[b]!]! || table.line[a]! - table.line[b]!,
  );
  const rowTo = new Uint32Array(table.line.length);
  for (const [place, row] of rows.entries()) rowTo[row] = place;
  const parent = kept.map((node) => nodeTo[table.parent[node]!]!);
  const frame = kept.map((node) => (node === 0 ? 0 : frameRank[table.frame[node]!]!));
  const canonical: StackTable = {
    strings,
    ...frames,
    parent,
    frame,
    lineFrame: rows.map((row) => frameRank[table.lineFrame[row]!]!),
    line: rows.map((row) => table.line[row]!),
  };
  return { table: canonical, nodeTo, rowTo };
}

function canonicalFrames(table: StackTable, used: Used) {
  const usedFrames = new Uint8Array(table.frameName.length);
  for (let node = 1; node < used.nodes.length; node += 1) {
    if (used.nodes[node] === 1) usedFrames[table.frame[node]!] = 1;
  }
  for (let row = 0; row < used.rows.length; row += 1) {
    if (used.rows[row] === 1) usedFrames[table.lineFrame[row]!] = 1;
  }
  const frames = Uint32Array.from(table.frameName.keys()).filter((frame) => usedFrames[frame] === 1);
  const texts = new Set(['']);
  for (const frame of frames) {
    texts.add(table.strings[table.frameName[frame]!]!);
    texts.add(table.strings[table.frameFile[frame]!]!);
  }
  const strings = [...texts].sort();
  const place = new Map(strings.map((text, index) => [text, index]));
  const stringTo = table.strings.map((text) => place.get(text) ?? 0);
  const nameTo = (frame: number) => stringTo[table.frameName[frame]!]!;
  const fileTo = (frame: number) => stringTo[table.frameFile[frame]!]!;
  frames.sort((a, b) => nameTo(a) - nameTo(b) || fileTo(a) - fileTo(b));
  // Frames that nothing uses go last: their nodes are not kept, but have to lie somewhere while nodes are sorted.
  const frameRank = new Uint32Array(table.frameName.length).fill(Math.max(0, table.frameName.length - 1));
  for (const [rank, frame] of frames.entries()) frameRank[frame] = rank;
  return {
    strings,
    frameRank,
    frames: {
      frameName: frames.map(nameTo),
      frameFile: frames.map(fileTo),
      inApp: Int8Array.from(frames, (frame) => table.inApp[frame]!),
    },
  };
}

/** The translated indices in ascending order, and which entry each of them came from. */
function sortedAt(at: Uint32Array, to: Uint32Array, places: Int32Array) {
  const sorted = at.map((index) => to[index]!);
  for (let i = 0; i < sorted.length; i += 1) places[sorted[i]!] = i;
  sorted.sort();
  return { at: sorted, from: sorted.map((index) => places[index]!) };
}

function picked(values: Column['values'], from: Uint32Array): Column['values'] {
  if (values instanceof Float64Array) return settle(Float64Array.from(from, (i) => values[i]!));
  return settle(BigInt64Array.from(from, (i) => values[i]!));
}

function canonicalExamples(examples: Examples, nodeTo: Uint32Array, places: Int32Array): Examples {
  const { at, from } = sortedAt(examples.at, nodeTo, places);
  const used = new Uint8Array(examples.uploads.length);
  for (const column of [examples.first, examples.second]) {
    for (const upload of column) if (upload !== NONE) used[upload] = 1;
  }
  const to = new Uint32Array(used.length);
  let length = 0;
  for (let upload = 0; upload < used.length; upload += 1) {
    to[upload] = length;
    length += used[upload]!;
  }
  const moved = (column: Uint32Array) => from.map((i) => (column[i] === NONE ? NONE : to[column[i]!]!));
  return {
    uploads: examples.uploads.filter((_, upload) => used[upload] === 1),
    at,
    first: moved(examples.first),
    second: moved(examples.second),
  };
}
