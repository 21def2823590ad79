import { invalidInput } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import type { EpochMs } from '../model/units.ts';

// One immutable object with 1..n uploads: 'TDRW', a version, the length of the index (4 bytes, little-endian), the index
// as JSON, then the bodies as they were sent. The index tells each upload's facts and where its body lies.

/** One accepted request, as it came. */
export interface Upload {
  readonly id: UploadId;
  readonly project: string;
  /** Which door it came through: a name of ROUTES in `formats/`. */
  readonly route: string;
  readonly contentType: string;
  /** As sent: '' or 'identity', 'gzip', 'deflate', 'zstd'. */
  readonly contentEncoding: string;
  readonly receivedAt: EpochMs;
  /** User-Agent, cut. */
  readonly sender: string;
  readonly keyId: string;
  readonly body: Uint8Array;
}
export interface RawIndexEntry extends Omit<Upload, 'body'> {
  /** From the end of the index. */
  readonly offset: number;
  readonly length: number;
}

const MAGIC = 'TDRW';
const VERSION = 1;
const HEADER_BYTES = 9;

export function encodeRaw(uploads: readonly Upload[]): Uint8Array {
  let offset = 0;
  const index = uploads.map(({ body, ...facts }): RawIndexEntry => {
    const entry = { ...facts, offset, length: body.length };
    offset += body.length;
    return entry;
  });
  const json = new TextEncoder().encode(JSON.stringify(index));
  const bytes = new Uint8Array(HEADER_BYTES + json.length + offset);
  bytes.set(new TextEncoder().encode(MAGIC));
  bytes[4] = VERSION;
  new DataView(bytes.buffer).setUint32(5, json.length, true);
  bytes.set(json, HEADER_BYTES);
  let at = HEADER_BYTES + json.length;
  for (const { body } of uploads) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** @throws Fault('invalid-input') when the object is not a whole raw segment */
export function decodeRaw(bytes: Uint8Array): readonly Upload[] {
  const { entries, start } = rawIndex(bytes);
  return entries.map(({ offset, length, ...facts }) => {
    const body = bytes.subarray(start + offset, start + offset + length);
    if (body.length !== length) throw invalidInput(`Cannot read raw segment: upload ${facts.id} is cut`);
    return { ...facts, body };
  });
}

/** Reads the index alone; `bytes` may end anywhere behind it. */
export function rawIndex(bytes: Uint8Array): {
  readonly entries: readonly RawIndexEntry[];
  readonly start: number;
} {
  const magic = new TextDecoder().decode(bytes.subarray(0, 4));
  if (bytes.length < HEADER_BYTES || magic !== MAGIC || bytes[4] !== VERSION)
    throw invalidInput('Cannot read raw segment: it does not begin as one');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
  const start = HEADER_BYTES + length;
  if (bytes.length < start) throw invalidInput('Cannot read raw segment: its index is cut');
  try {
    const json = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, start));
    return { entries: JSON.parse(json) as RawIndexEntry[], start };
  } catch (cause) {
    throw invalidInput('Cannot read raw segment: its index is damaged', { cause });
  }
}

/** `raw/{00..63}/{project}/{yyyy/mm/dd/hh}/{id}`: 64 prefixes, because stores split their load by prefix. */
export function rawKey(project: string, receivedAt: EpochMs, id: string): string {
  const shard = (Number.parseInt(id.slice(0, 2), 16) & 63).toString().padStart(2, '0');
  return `${rawHourPrefix(shard, project, receivedAt)}${id}`;
}
export function rawHourPrefix(shard: string, project: string, at: EpochMs): string {
  const hour = new Date(at).toISOString().slice(0, 13).replaceAll('-', '/').replace('T', '/');
  return `raw/${shard}/${project}/${hour}/`;
}
export const RAW_SHARDS = Array.from({ length: 64 }, (_, shard) => shard.toString().padStart(2, '0'));
