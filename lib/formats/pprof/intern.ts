import { invalidInput } from '../../model/fault.ts';

// Content to small numbers, by hash tables over typed arrays: a merge of a thousand profiles looks up millions of
// strings, stacks and label sets, and a Map would need a JavaScript string for each.

/**
 * Open addressing, at most half full. A slot is two integers, the hash and where the content lies (0: free), so that a
 * look-up costs one line of cache here and those of the content there.
 */
interface Slots {
  table: Int32Array;
  mask: number;
}

const slots = (size: number): Slots => ({ table: new Int32Array(2 * size), mask: size - 1 });

/**
 * Half full, a table has no runs of more than some dozens. Names that were made to collide have: each look-up would go through
 * all of them, so that a profile of a megabyte takes seconds and one of 64 MB hours.
 */
const RUN_MAX = 1024;
const tooLong = () => invalidInput('Cannot decode pprof profile: its content is made to be slow to look up');

function lengthen(interner: { longest: number }, run: number): void {
  interner.longest = run;
  if (run > RUN_MAX) throw tooLong();
}

/**
 * Content that is found costs its run as well, and a run within the limit can be gone through millions of times: all longer
 * than names as they are make together are bounded.
 */
export const RUN_LONG = 200;
const LONG_STEPS_MAX = 4_000_000;

function countLong(interner: { longSteps: number }, run: number): void {
  interner.longSteps += run;
  if (interner.longSteps > LONG_STEPS_MAX) throw tooLong();
}

/** Twice the size; hashes are kept, so that growing needs no content. */
function doubled({ table, mask }: Slots): Slots {
  const grown = slots(2 * (mask + 1));
  for (let i = 0; i < table.length; i += 2) {
    if (table[i + 1] === 0) continue;
    let slot = table[i]! & grown.mask;
    while (grown.table[2 * slot + 1] !== 0) slot = (slot + 1) & grown.mask;
    grown.table[2 * slot] = table[i]!;
    grown.table[2 * slot + 1] = table[i + 1]!;
  }
  return grown;
}

function longer(column: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(column);
  return grown;
}

/** Mixes one integer into a hash: FxHash's step (rustc's own hasher), one multiplication. `finish` makes up for it. */
const mix = (hash: number, value: number): number =>
  Math.imul(((hash << 5) | (hash >>> 27)) ^ value, 0x9e3779b1);

/** The last step of MurmurHash3 (public domain, A. Appleby): every bit of the hash depends on every bit of the input. */
function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Distinct byte strings in the order of their arrival; 0 is the empty one. Never decodes them. */
export interface ByteInterner {
  count: number;
  bytes: Uint8Array;
  /** String i is bytes [start[i], start[i + 1]). */
  start: Int32Array;
  /** Where: place + 1. */
  slots: Slots;
  /** The longest run that a look-up went through. */
  longest: number;
  /** Steps of all look-ups that found something behind a long run. */
  longSteps: number;
}

export function createByteInterner(): ByteInterner {
  const interner: ByteInterner = {
    count: 0,
    bytes: new Uint8Array(1 << 16),
    start: new Int32Array(1 << 12),
    slots: slots(1 << 13),
    longest: 0,
    longSteps: 0,
  };
  internBytes(interner, interner.bytes, 0, 0);
  return interner;
}

export function internBytes(interner: ByteInterner, source: Uint8Array, from: number, to: number): number {
  const hash = hashBytes(source, from, to);
  const { table, mask } = interner.slots;
  let slot = hash & mask;
  let run = 0;
  for (let entry = table[2 * slot + 1]!; entry !== 0; entry = table[2 * slot + 1]!) {
    if (table[2 * slot] === hash && isBytes(interner, entry - 1, source, from, to)) {
      if (run > RUN_LONG) countLong(interner, run);
      return entry - 1;
    }
    slot = (slot + 1) & mask;
    run += 1;
  }
  if (run > interner.longest) lengthen(interner, run);
  return addBytes(interner, source, from, to, hash, slot);
}

/** Four bytes at a time; eight would need two registers and buy nothing for names of 30 bytes. */
function hashBytes(source: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (const last = to - 4; at <= last; at += 4) {
    const word = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
    hash = mix(hash, word);
  }
  let tail = 0;
  for (; at < to; at += 1) tail = (tail << 8) | source[at]!;
  return finish(mix(hash, tail));
}

function isBytes(
  interner: ByteInterner,
  place: number,
  source: Uint8Array,
  from: number,
  to: number,
): boolean {
  const { bytes } = interner;
  let at = interner.start[place]!;
  if (interner.start[place + 1]! - at !== to - from) return false;
  for (let i = from; i < to; i += 1) if (bytes[at++] !== source[i]) return false;
  return true;
}

function addBytes(
  interner: ByteInterner,
  source: Uint8Array,
  from: number,
  to: number,
  hash: number,
  slot: number,
): number {
  const place = interner.count;
  const at = interner.start[place]!;
  const end = at + to - from;
  if (end > interner.bytes.length) {
    const grown = new Uint8Array(2 * end);
    grown.set(interner.bytes);
    interner.bytes = grown;
  }
  if (place + 2 > interner.start.length) {
    interner.start = longer(interner.start, 2 * interner.start.length);
  }
  interner.bytes.set(source.subarray(from, to), at);
  interner.start[place + 1] = end;
  interner.slots.table[2 * slot] = hash;
  interner.slots.table[2 * slot + 1] = place + 1;
  interner.count = place + 1;
  if (2 * interner.count > interner.slots.mask) interner.slots = doubled(interner.slots);
  return place;
}

/** Byte order, as Go sorts strings. */
export function compareInterned({ bytes, start }: ByteInterner, a: number, b: number): number {
  if (a === b) return 0;
  let atA = start[a]!;
  let atB = start[b]!;
  const endA = start[a + 1]!;
  const endB = start[b + 1]!;
  for (; atA < endA && atB < endB; atA += 1, atB += 1) {
    const difference = bytes[atA]! - bytes[atB]!;
    if (difference !== 0) return difference;
  }
  return endA - atA - (endB - atB);
}

/** Distinct sequences of integers in the order of their arrival. */
export interface SequenceInterner {
  count: number;
  /** Of each sequence its place, its length, and its integers. */
  items: Int32Array;
  used: number;
  /** Where the integers of sequence i begin in `items`; see `endOf`. */
  start: Int32Array;
  /** Where: `start` of the sequence. */
  slots: Slots;
  /** The longest run that a look-up went through. */
  longest: number;
  /** Steps of all look-ups that found something behind a long run. */
  longSteps: number;
}

/** Before the integers of each sequence. */
const HEAD = 2;

export const createSequenceInterner = (): SequenceInterner => ({
  count: 0,
  items: new Int32Array(1 << 14),
  used: 0,
  start: new Int32Array(1 << 10),
  slots: slots(1 << 11),
  longest: 0,
  longSteps: 0,
});

/** Where the integers of a sequence end in `items`. */
export const endOf = ({ items, start }: SequenceInterner, place: number): number =>
  start[place]! + items[start[place]! - 1]!;

/** @returns the place of source[0 … length); a new one equals the count before */
export const internSequence = (interner: SequenceInterner, source: Int32Array, length: number): number =>
  internHashed(interner, source, 0, length, hashSequence(source, 0, length));

function hashSequence(source: Int32Array, from: number, length: number): number {
  let hash = length;
  for (let i = from; i < from + length; i += 1) hash = mix(hash, source[i]!);
  return finish(hash);
}

function internHashed(
  interner: SequenceInterner,
  source: Int32Array,
  from: number,
  length: number,
  hash: number,
) {
  const { items } = interner;
  const { table, mask } = interner.slots;
  let slot = hash & mask;
  let run = 0;
  for (let at = table[2 * slot + 1]!; at !== 0; at = table[2 * slot + 1]!) {
    if (table[2 * slot] === hash && isSequence(items, at, source, from, length)) {
      if (run > RUN_LONG) countLong(interner, run);
      return items[at - HEAD]!;
    }
    slot = (slot + 1) & mask;
    run += 1;
  }
  if (run > interner.longest) lengthen(interner, run);
  return addSequence(interner, source, from, length, hash, slot);
}

/** Sequences that are looked up together. Everything is longer than what it holds, and used again. */
export interface SequenceBatch {
  count: number;
  items: Int32Array;
  used: number;
  /** Sequence i is items [start[i], start[i + 1]). */
  start: Int32Array;
  hashes: Int32Array;
  /** Answers of `internBatch`. */
  places: Int32Array;
  /** Only here so that nobody optimises the warming away. */
  warmth: number;
}

export const createSequenceBatch = (): SequenceBatch => ({
  count: 0,
  items: new Int32Array(1 << 12),
  used: 0,
  start: new Int32Array(1 << 9),
  hashes: new Int32Array(1 << 9),
  places: new Int32Array(1 << 9),
  warmth: 0,
});

export function clearBatch(batch: SequenceBatch): void {
  batch.count = 0;
  batch.used = 0;
}

/** Begins a sequence of `length` integers, which the caller writes into `items` at the returned place. */
export function addToBatch(batch: SequenceBatch, length: number): number {
  const at = batch.used;
  const { count } = batch;
  if (at + length > batch.items.length) batch.items = longer(batch.items, 2 * (at + length));
  if (count + 2 > batch.start.length) {
    batch.start = longer(batch.start, 2 * batch.start.length);
    batch.hashes = new Int32Array(batch.start.length);
    batch.places = new Int32Array(batch.start.length);
  }
  batch.used = at + length;
  batch.start[count + 1] = at + length;
  batch.count = count + 1;
  return at;
}

/**
 * Interns a whole batch, in its order. The tables are larger than the caches, and a look-up by itself waits for memory
 * twice. Loops that do nothing but touch what the look-ups will need let the processor wait for many at once.
 */
export function internBatch(interner: SequenceInterner, batch: SequenceBatch): void {
  const { count, items, start, hashes } = batch;
  for (let i = 0; i < count; i += 1) hashes[i] = hashSequence(items, start[i]!, start[i + 1]! - start[i]!);
  lookUp(interner, batch);
}

/** The same, where all integers but the first of each sequence are places in `map`, whose entries are meant. */
export function internMapped(interner: SequenceInterner, batch: SequenceBatch, map: Int32Array): void {
  const { count, items, start, hashes } = batch;
  for (let i = 0; i < count; i += 1) {
    const from = start[i]!;
    const end = start[i + 1]!;
    // In two, for each step waits for the one before it.
    let even = mix(end - from, items[from]!);
    let odd = 0;
    let at = from + 1;
    for (; at + 1 < end; at += 2) {
      const first = map[items[at]!]!;
      const second = map[items[at + 1]!]!;
      items[at] = first;
      items[at + 1] = second;
      even = mix(even, first);
      odd = mix(odd, second);
    }
    if (at < end) {
      items[at] = map[items[at]!]!;
      even = mix(even, items[at]!);
    }
    hashes[i] = finish(mix(even, odd));
  }
  lookUp(interner, batch);
}

/** `hashes` are known. */
function lookUp(interner: SequenceInterner, batch: SequenceBatch): void {
  const { count, items, start, hashes, places } = batch;
  const { table, mask } = interner.slots;
  for (let i = 0; i < count; i += 1) places[i] = table[2 * (hashes[i]! & mask) + 1]!;
  let warmth = 0;
  for (let i = 0; i < count; i += 1) warmth ^= interner.items[places[i]!]!;
  batch.warmth = warmth;
  for (let i = 0; i < count; i += 1) {
    places[i] = internHashed(interner, items, start[i]!, start[i + 1]! - start[i]!, hashes[i]!);
  }
}

function isSequence(
  items: Int32Array,
  at: number,
  source: Int32Array,
  from: number,
  length: number,
): boolean {
  if (items[at - 1] !== length) return false;
  for (let i = 0; i < length; i += 1) if (items[at + i] !== source[from + i]) return false;
  return true;
}

function addSequence(
  interner: SequenceInterner,
  source: Int32Array,
  from: number,
  length: number,
  hash: number,
  slot: number,
): number {
  const place = interner.count;
  const at = interner.used + HEAD;
  if (at + length > interner.items.length) interner.items = longer(interner.items, 2 * (at + length));
  if (place === interner.start.length) interner.start = longer(interner.start, 2 * place);
  const { items } = interner;
  items[at - HEAD] = place;
  items[at - 1] = length;
  for (let i = 0; i < length; i += 1) items[at + i] = source[from + i]!;
  interner.used = at + length;
  interner.start[place] = at;
  interner.slots.table[2 * slot] = hash;
  interner.slots.table[2 * slot + 1] = at;
  interner.count = place + 1;
  if (2 * interner.count > interner.slots.mask) interner.slots = doubled(interner.slots);
  return place;
}
