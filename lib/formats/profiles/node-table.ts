import { pairHash } from '../../model/pair-hash.ts';
import { MAX_DEPTH, MAX_NODES, tooMany } from './limits.ts';

const FIRST_SIZE = 1 << 8;

/** Stacks as a prefix tree that grows: node 0 is the root, every other one a frame below its parent. */
export interface NodeTable {
  count: number;
  parent: Uint32Array;
  frame: Uint32Array;
  /** Frames from the root. */
  depth: Uint16Array;
  /** Open addressing by (parent, frame), at most half full; 0: free, for nobody looks the root up. */
  slots: Int32Array;
}

/** @param expected nodes; more only cost more growing */
export function createNodeTable(expected = FIRST_SIZE): NodeTable {
  const size = 1 << (32 - Math.clz32(Math.max(FIRST_SIZE, expected) - 1));
  return {
    count: 1,
    parent: new Uint32Array(size),
    frame: new Uint32Array(size),
    depth: new Uint16Array(size),
    slots: new Int32Array(2 * size),
  };
}

/** The node of `frame` below `parent`. The innermost loop of every decoder. */
export function childOf(table: NodeTable, parent: number, frame: number): number {
  const { slots } = table;
  const mask = slots.length - 1;
  let slot = pairHash(parent, frame) & mask;
  for (let node = slots[slot]!; node !== 0; node = slots[slot]!) {
    if (table.parent[node] === parent && table.frame[node] === frame) return node;
    slot = (slot + 1) & mask;
  }
  return addNode(table, parent, frame, slot);
}

function addNode(table: NodeTable, parent: number, frame: number, slot: number): number {
  const node = table.count;
  if (node >= MAX_NODES) throw tooMany('nodes in its tree of stacks', MAX_NODES);
  const depth = table.depth[parent]! + 1;
  if (depth > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
  table.parent[node] = parent;
  table.frame[node] = frame;
  table.depth[node] = depth;
  table.slots[slot] = node;
  table.count = node + 1;
  if (table.count === table.parent.length) grow(table);
  return node;
}

function grow(table: NodeTable): void {
  const { parent, frame, depth, count } = table;
  const size = 2 * count;
  table.parent = new Uint32Array(size);
  table.parent.set(parent);
  table.frame = new Uint32Array(size);
  table.frame.set(frame);
  table.depth = new Uint16Array(size);
  table.depth.set(depth);
  const slots = new Int32Array(2 * size);
  const mask = slots.length - 1;
  for (let node = 1; node < count; node += 1) {
    let slot = pairHash(parent[node]!, frame[node]!) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = node;
  }
  table.slots = slots;
}
