const HEAP_OBJECT = 40;
const POINTER = 8;
const MAP_ENTRY = 48;

/** States never change once they are made, and more than one cache asks: a visit takes a third of what decoding took. */
const known = new WeakMap<object, number>();

/**
 * About how many bytes of memory a decoded state takes, by its shape. It is what caches are bounded by: a state is five to
 * thirty times as large as its encoding.
 *
 * Cost: one visit of every map, object and text, once for each state; lists of numbers are not walked.
 */
export function decodedBytes(state: object): number {
  const bytes = known.get(state) ?? bytesOf(state);
  known.set(state, bytes);
  return bytes;
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return HEAP_OBJECT + value.length;
  if (typeof value === 'bigint') return HEAP_OBJECT;
  if (typeof value !== 'object' || value === null) return POINTER;
  if (ArrayBuffer.isView(value)) return HEAP_OBJECT + value.byteLength;
  if (value instanceof Map) return mapBytes(value);
  if (Array.isArray(value)) return listBytes(value);
  let sum = HEAP_OBJECT;
  for (const field of Object.values(value)) sum += POINTER + bytesOf(field);
  return sum;
}

function mapBytes(map: ReadonlyMap<unknown, unknown>): number {
  let sum = HEAP_OBJECT;
  for (const [key, value] of map) sum += MAP_ENTRY + bytesOf(key) + bytesOf(value);
  return sum;
}

function listBytes(list: readonly unknown[]): number {
  let sum = HEAP_OBJECT + POINTER * list.length;
  if (typeof list[0] === 'number') return sum;
  for (const item of list) sum += bytesOf(item);
  return sum;
}
