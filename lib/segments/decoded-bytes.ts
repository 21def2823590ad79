const HEAP_OBJECT = 40;
const POINTER = 8;
const MAP_ENTRY = 48;

/**
 * About how many bytes of memory a decoded state takes, by its shape. It is what caches are bounded by: a state is five to
 * thirty times as large as its encoding.
 *
 * Cost: one visit of every map, object and text; lists of numbers are not walked.
 */
export function decodedBytes(value: unknown): number {
  if (typeof value === 'string') return HEAP_OBJECT + value.length;
  if (typeof value === 'bigint') return HEAP_OBJECT;
  if (typeof value !== 'object' || value === null) return POINTER;
  if (ArrayBuffer.isView(value)) return HEAP_OBJECT + value.byteLength;
  if (value instanceof Map) return mapBytes(value);
  if (Array.isArray(value)) return listBytes(value);
  let sum = HEAP_OBJECT;
  for (const field of Object.values(value)) sum += POINTER + decodedBytes(field);
  return sum;
}

function mapBytes(map: ReadonlyMap<unknown, unknown>): number {
  let sum = HEAP_OBJECT;
  for (const [key, value] of map) sum += MAP_ENTRY + decodedBytes(key) + decodedBytes(value);
  return sum;
}

function listBytes(list: readonly unknown[]): number {
  let sum = HEAP_OBJECT + POINTER * list.length;
  if (typeof list[0] === 'number') return sum;
  for (const item of list) sum += decodedBytes(item);
  return sum;
}
