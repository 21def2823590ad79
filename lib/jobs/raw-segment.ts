import { invalidInput } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';

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
  /** Parameters that name the data, in canonical order; absent where the body says it all. */
  readonly naming?: string;
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
  const { uploads, cut } = readRaw(bytes);
  if (cut[0] !== undefined) throw invalidInput(`Cannot read raw segment: upload ${cut[0].id} is cut`);
  return uploads;
}

/**
 * The uploads whose bytes are there, and those that are `cut`.
 * @throws Fault('invalid-input') when not even the index can be read
 */
export function readRaw(bytes: Uint8Array): {
  readonly uploads: readonly Upload[];
  readonly cut: readonly RawIndexEntry[];
} {
  const { entries, start } = rawIndex(bytes);
  const uploads: Upload[] = [];
  const cut: RawIndexEntry[] = [];
  for (const entry of entries) {
    const { offset, length, ...facts } = entry;
    const body = bytes.subarray(start + offset, start + offset + length);
    if (body.length === length) uploads.push({ ...facts, body });
    else cut.push(entry);
  }
  return { uploads, cut };
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

/** Where the index ends, as the header says; undefined when these bytes do not begin as a raw segment. */
export function rawIndexBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  return HEADER_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
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
/** A receiver whose clock is off, by a day and some, files an upload under another hour. */
export const CLOCKS_OFF_MS = 26 * HOUR_MS;
/** Project and hour of arrival of a raw object, as its key names them. */
export function rawPlace(key: string): { readonly project: string; readonly hour: EpochMs } | undefined {
  const [raw, , project, year, month, day, hour] = key.split('/');
  const at = Date.parse(`${year}-${month}-${day}T${hour}:00Z`);
  return raw !== 'raw' || project === undefined || Number.isNaN(at) ? undefined : { project, hour: at };
}
export const shardOfRaw = (key: string): string => key.split('/')[1] ?? '';
export const RAW_SHARDS = Array.from({ length: 64 }, (_, shard) => shard.toString().padStart(2, '0'));
