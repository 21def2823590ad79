import { hexOf, type UploadId, uploadId } from '../model/ids.ts';

const ID_BYTES = 16;
const HEAD_DIGITS = 8;

/** The uploads of a segment, as its footer holds them: a hot service's partition has hundreds of thousands. */
export interface StoredIds {
  readonly bytes: Uint8Array;
  has(id: UploadId): boolean;
  /** All of them, unpacked: seven times as large. */
  list(): readonly UploadId[];
}

/** @param bytes 16 for each id, in ascending order. Cost of `has`: the logarithm of their number */
export function storedIds(bytes: Uint8Array): StoredIds {
  const count = bytes.length / ID_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headAt = (n: number) => view.getUint32(n * ID_BYTES);
  const idAt = (n: number) => hexOf(bytes.subarray(n * ID_BYTES, (n + 1) * ID_BYTES));
  return {
    bytes,
    has(id) {
      const head = Number.parseInt(id.slice(0, HEAD_DIGITS), 16);
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (headAt(middle) < head) low = middle + 1;
        else high = middle;
      }
      for (; low < count && headAt(low) === head; low += 1) if (idAt(low) === id) return true;
      return false;
    },
    list: () => Array.from({ length: count }, (_, n) => uploadId(idAt(n))),
  };
}

export const NO_IDS = storedIds(new Uint8Array());
