/** Wire type by field of pprof's Profile; comments come packed or one by one. */
const WIRE_TYPES: readonly (readonly number[])[] = [
  [],
  [2],
  [2],
  [2],
  [2],
  [2],
  [2],
  [0],
  [0],
  [0],
  [0],
  [2],
  [0],
  [0, 2],
  [0],
  [0],
];
/** Of random bytes or of another protobuf, three fields in a row hardly ever fit. */
const ENOUGH_FIELDS = 3;
const MAX_FIELDS = 64;

/**
 * Walks the first fields. A file that ends inside a field is pprof all the same, if what came before it was. Text can
 * look like fields (`2`, `p` and `x` are tags), but has no control characters, and no pprof is without.
 */
export function isPprof(bytes: Uint8Array): boolean {
  if (!hasControls(bytes)) return false;
  let at = 0;
  let known = 0;
  for (let count = 0; count < MAX_FIELDS && known < ENOUGH_FIELDS; count += 1) {
    if (at >= bytes.length) break;
    const tag = bytes[at]!;
    const field = tag >> 3;
    // Fields of later versions have tags of two bytes.
    const isUnknown = tag >= 0x80 && known > 0;
    if (!isUnknown && (field < 1 || field > 15 || !WIRE_TYPES[field]!.includes(tag & 7))) return false;
    const end = endOfField(bytes, at + (isUnknown ? 2 : 1), tag & 7);
    if (end === undefined) return false;
    if (!isUnknown && (tag & 7) === 2 && !isMember(bytes, field, end.start, end.end)) return false;
    known += isUnknown ? 0 : 1;
    at = end.end;
  }
  return known > 0;
}

const HEAD_BYTES = 4096;

/** Tags and lengths of the first table; a NUL after every character is UTF-16. */
function hasControls(bytes: Uint8Array): boolean {
  if (bytes[0] !== STRING_TAG && bytes[1] === 0 && bytes[3] === 0) return false;
  return bytes.subarray(0, HEAD_BYTES).some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x1b));
}

const STRING_TAG = 0x32;

function endOfField(
  bytes: Uint8Array,
  from: number,
  wireType: number,
): { start: number; end: number } | undefined {
  if (wireType === 1 || wireType === 5) return { start: from, end: from + (wireType === 1 ? 8 : 4) };
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      const start = from + i + 1;
      return { start, end: wireType === 2 ? start + value : start };
    }
  }
  return undefined;
}

/** First tags that each message may begin with: this is what tells a pprof from other protobuf, OTLP above all. */
const FIRST_TAGS: readonly (readonly number[])[] = [
  [],
  [0x08, 0x10],
  [0x0a, 0x08, 0x12, 0x10, 0x1a],
  [0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50],
  [0x08, 0x10, 0x18, 0x22, 0x28],
  [0x08, 0x10, 0x18, 0x20, 0x28],
];

function isMember(bytes: Uint8Array, field: number, start: number, end: number): boolean {
  const tags = FIRST_TAGS[field === 11 ? 1 : field];
  return tags === undefined || start === end || start >= bytes.length || tags.includes(bytes[start]!);
}

/**
 * A request of OTLP profiles: resources (1) and a dictionary (2), no other fields, and in the one or the other what only
 * they have: a resource (1) or scopes (2) there, a table (1 to 7) here. Requests of traces and metrics have no field 2.
 */
export function isOtlpProfiles(bytes: Uint8Array): boolean {
  let hasDictionary = false;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    if (tag !== 0x0a && tag !== 0x12) return false;
    const end = endOfField(bytes, at + 1, 2);
    if (end === undefined) return hasDictionary;
    const first = bytes[end.start] ?? 0;
    if (end.start < end.end && ((first & 7) !== 2 || first >> 3 > 7)) return false;
    hasDictionary ||= tag === 0x12;
    at = end.end;
  }
  return hasDictionary;
}
