import type { StackTable } from '../../flame/stack-table.ts';
import { invalidInput } from '../../model/fault.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { readTexts, writeTexts } from './texts.ts';

// The stack table of a flame section, in canonical order: everything is a small difference from what came before.

/** @param table canonical */
export function writeTable(out: ByteWriter, table: StackTable) {
  writeTexts(out, table.strings);
  out.uint(table.frameName.length);
  let name = 0;
  for (let i = 0; i < table.frameName.length; i += 1) {
    out.uint(table.frameName[i]! - name);
    out.uint(table.frameFile[i]! * 3 + table.inApp[i]! + 1);
    name = table.frameName[i]!;
  }
  writeNodes(out, table);
  out.uint(table.line.length);
  let frame = 0;
  for (let i = 0; i < table.line.length; i += 1) {
    out.uint(table.lineFrame[i]! - frame);
    out.uint(table.line[i]!);
    frame = table.lineFrame[i]!;
  }
}

/** Depth first: each node names its frame and how many levels above the node before it its parent lies. */
function writeNodes(out: ByteWriter, { parent, frame }: StackTable) {
  out.uint(parent.length - 1);
  for (let node = 1; node < parent.length; node += 1) {
    let up = 0;
    for (let above = node - 1; above !== parent[node]; above = parent[above]!) up += 1;
    // Most nodes are the first child of the one before: one bit says so.
    out.uint(frame[node]! * 2 + (up > 0 ? 1 : 0));
    if (up > 0) out.uint(up);
  }
}

/** @throws Fault('invalid-input') unless the table is whole and canonical */
export function readTable(from: ByteReader): StackTable {
  const strings = readTexts(from);
  if (strings[0] !== '') throw damaged('has no empty string');
  const count = from.count(2);
  const frameName = new Uint32Array(count);
  const frameFile = new Uint32Array(count);
  const inApp = new Int8Array(count);
  for (let i = 0; i < count; i += 1) {
    frameName[i] = below(strings.length, (frameName[i - 1] ?? 0) + from.uint());
    const file = from.uint();
    frameFile[i] = below(strings.length, Math.floor(file / 3));
    inApp[i] = (file % 3) - 1;
    if (i > 0 && frameName[i] === frameName[i - 1] && frameFile[i]! <= frameFile[i - 1]!)
      throw damaged('has frames out of order');
  }
  return { strings, frameName, frameFile, inApp, ...readNodes(from, count), ...readRows(from, count) };
}

function readNodes(from: ByteReader, frames: number) {
  const count = from.count() + 1;
  const parent = new Uint32Array(count);
  const frame = new Uint32Array(count);
  const lastChild = new Int32Array(count).fill(-1); // its frame
  for (let node = 1; node < count; node += 1) {
    const code = from.uint();
    frame[node] = below(frames, Math.floor(code / 2));
    let above = node - 1;
    for (let up = code % 2 === 1 ? from.uint() : 0; up > 0; up -= 1) {
      if (above === 0) throw damaged('has a node above its root');
      above = parent[above]!;
    }
    if (frame[node]! <= lastChild[above]!) throw damaged('has nodes out of order');
    lastChild[above] = frame[node]!;
    parent[node] = above;
  }
  return { parent, frame };
}

function readRows(from: ByteReader, frames: number) {
  const count = from.count(2);
  const lineFrame = new Uint32Array(count);
  const line = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) {
    lineFrame[i] = below(frames, (lineFrame[i - 1] ?? 0) + from.uint());
    line[i] = below(2 ** 32, from.uint());
    if (i > 0 && lineFrame[i] === lineFrame[i - 1] && line[i]! <= line[i - 1]!)
      throw damaged('has lines out of order');
  }
  return { lineFrame, line };
}

function below(limit: number, value: number): number {
  if (value >= limit) throw damaged(`names entry ${value} of ${limit}`);
  return value;
}
const damaged = (what: string) => invalidInput(`Cannot decode flame section: its table ${what}`);
