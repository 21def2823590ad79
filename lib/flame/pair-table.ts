import { pairHash } from '../model/pair-hash.ts';

/** No index. */
export const NONE = 0xffffffff;

/**
 * Distinct pairs of 32-bit numbers, numbered as they come: frames by (name, file), nodes by (parent, frame), lines by
 * (frame, line). Open addressing over two columns, because a Map would want a string or a bigint per pair.
 */
export class PairTable {
  #first: Uint32Array;
  #second: Uint32Array;
  /** Index + 1 of the pair that lies there; 0: free. At most half full. */
  #slots: Int32Array;
  #size = 0;

  constructor(expected = 64) {
    const room = Math.max(16, expected);
    this.#first = new Uint32Array(room);
    this.#second = new Uint32Array(room);
    this.#slots = new Int32Array(slotsFor(room));
  }

  get size() {
    return this.#size;
  }
  firstAt(index: number): number {
    return this.#first[index]!;
  }
  secondAt(index: number): number {
    return this.#second[index]!;
  }

  /** The pair's index; a new pair gets the next one. */
  add(first: number, second: number): number {
    if (this.#size === this.#first.length) this.#grow();
    const slot = this.#slotOf(first, second);
    const found = this.#slots[slot]! - 1;
    if (found >= 0) return found;
    const index = this.#size;
    this.#slots[slot] = index + 1;
    this.#first[index] = first;
    this.#second[index] = second;
    this.#size += 1;
    return index;
  }

  /** Where the pair lies, or the free slot where it would. */
  #slotOf(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = pairHash(first, second) & mask;
    for (;;) {
      const index = this.#slots[slot]! - 1;
      if (index < 0 || (this.#first[index] === first && this.#second[index] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow() {
    const room = this.#first.length * 2;
    this.#first = widened(this.#first, room);
    this.#second = widened(this.#second, room);
    this.#slots = new Int32Array(slotsFor(room));
    for (let index = 0; index < this.#size; index += 1) {
      this.#slots[this.#slotOf(this.#first[index]!, this.#second[index]!)] = index + 1;
    }
  }

  /** Copies of both columns. */
  columns(): readonly [Uint32Array, Uint32Array] {
    return [this.#first.slice(0, this.#size), this.#second.slice(0, this.#size)];
  }
}

const slotsFor = (room: number) => 1 << (32 - Math.clz32(room * 2 - 1));

function widened(values: Uint32Array, length: number): Uint32Array {
  const grown = new Uint32Array(length);
  grown.set(values);
  return grown;
}
