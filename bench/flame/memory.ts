// Memory of flame states per million distinct stacks: while they are built, merged, as a reader holds them, and as stored.
//
//   node bench/flame/memory.ts [--stacks 1000000]
//
// Stacks are drawn as a fleet's: depth 5 to 40 over 20,000 functions, each step one of a function's few callees and mostly the
// first, so that they share beginnings. Two profiles with half of them each, and a tenth in common, are folded and merged.
// Sizes are those of the arrays and texts themselves, as the caches count them; the peak is the process's own.

import { parseArgs } from 'node:util';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import type { FlameState } from '../../lib/flame/state.ts';
import type { UploadId } from '../../lib/model/ids.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { decodedBytes } from '../../lib/segments/decoded-bytes.ts';
import { flameKind } from '../../lib/segments/kinds/flame.ts';
import { random } from './generate.ts';

const { values } = parseArgs({ options: { stacks: { type: 'string', default: '1000000' } } });
const STACKS = Number(values.stacks);
const FUNCTIONS = 20_000;
const CALLEES = 5;
const MOSTLY = 0.85;

/** A profile with `count` distinct stacks; those of the first `common` are the same whatever the seed. */
function profileOf(count: number, common: number, seed: number): Profile {
  const children = new Map<number, number>(); // parent · FUNCTIONS + function → node
  const parent = [0];
  const frame = [0];
  const stack: number[] = [];
  const used = new Set<number>();
  let draw = random(7);
  while (stack.length < count) {
    if (stack.length === common) draw = random(seed);
    const depth = 5 + Math.floor(draw() * 36);
    let node = 0;
    let at = Math.floor(draw() * 50);
    for (let d = 0; d < depth; d += 1) {
      const key = node * FUNCTIONS + at;
      let next = children.get(key);
      if (next === undefined) {
        next = parent.length;
        parent.push(node);
        frame.push(at);
        children.set(key, next);
      }
      node = next;
      at =
        (Math.imul(at + 1, 40_503) + (draw() < MOSTLY ? 0 : 1 + Math.floor(draw() * CALLEES)) * 7919) %
        FUNCTIONS;
      if (at < 0) at += FUNCTIONS;
    }
    if (!used.has(node)) stack.push(node);
    used.add(node);
  }
  const names = Array.from({ length: FUNCTIONS }, (_, i) => `shop/orders.(*Service).method${i}`);
  const files = Array.from({ length: FUNCTIONS / 20 }, (_, i) => `shop/orders/file${i}.go`);
  const value = random(seed + 1);
  return {
    format: 'bench',
    sampleTypes: [{ type: 'cpu', unit: 'nanoseconds', temporality: 'delta' }],
    defaultType: 0,
    start: 0,
    durationNs: 60e9,
    frames: {
      strings: ['', ...names, ...files],
      name: Uint32Array.from(names, (_, i) => i + 1),
      file: Uint32Array.from(names, (_, i) => 1 + FUNCTIONS + Math.floor(i / 20)),
      line: Int32Array.from(names, (_, i) => 10 + (i % 90)),
      inApp: Int8Array.from(names, () => 1),
    },
    stacks: { parent: Uint32Array.from(parent), frame: Uint32Array.from(frame) },
    samples: {
      stack: Uint32Array.from(stack),
      values: [Float64Array.from(stack, () => 1e7 * (1 + Math.floor(value() * 9)))],
      unit: new Int32Array(stack.length).fill(-1),
    },
    units: [],
    threads: [],
    labels: new Map(),
  };
}

const origin = (n: number) => ({
  upload: String(n).repeat(32) as UploadId,
  version: '',
  instance: '',
  lifeStart: null,
  time: 0,
  scrub: (text: string) => text,
});

const half = Math.round(STACKS / 1.9);
const common = Math.round(half / 10);
const parts: FlameState[] = [];
for (const n of [1, 2]) parts.push(flameOf(profileOf(half, common, n), origin(n)));
const began = performance.now();
const merged = mergeFlame(parts[0]!, parts[1]!);
const mergeMs = performance.now() - began;
const [stacks, nodes] = [merged.sums.values().next().value!.at.length, merged.table.parent.length];
const ofState = decodedBytes(merged);
const encodeBegan = performance.now();
const bytes = flameKind.encode(merged);
const encodeMs = performance.now() - encodeBegan;
const decodeBegan = performance.now();
const decoded = flameKind.decode(bytes, 1);
const decodeMs = performance.now() - decodeBegan;
const asRead = decodedBytes(decoded);
if (decoded.table.parent.length !== nodes) throw new Error('The decoded state differs');

const per = (total: number) => (total / stacks).toFixed(1);
console.table({
  'distinct stacks': { value: stacks },
  'nodes of the prefix tree': { value: nodes },
  'merged state, bytes per stack': { value: per(ofState) },
  'decoded state, bytes per stack': { value: per(asRead) },
  'stored, bytes per stack': { value: per(bytes.length) },
  'MB per million stacks, as read': { value: Math.round(asRead / stacks) },
  'peak of the process, MB': { value: Math.round(process.resourceUsage().maxRSS / 1024) },
  'merge, ms': { value: Math.round(mergeMs) },
  'encode, ms': { value: Math.round(encodeMs) },
  'decode, ms': { value: Math.round(decodeMs) },
});
