import { crc32 } from '../model/crc32.ts';
import { invalidInput } from '../model/fault.ts';
import { bytesOfHex, type UploadId } from '../model/ids.ts';
import { ByteReader, ByteWriter, compareText } from './bytes.ts';
import type { Kind } from './kind.ts';
import { KIND_NAMES, KINDS, type KindName, type Sections, type StateOf } from './kinds/index.ts';
import { type StoredIds, storedIds } from './stored-ids.ts';

// Layout: 'TDSG' · format version · sections one after another · footer · length and CRC-32 of the footer (4 bytes
// each, little-endian). The footer names each section (kind, codec version, offset, length, CRC-32) and holds the
// upload ids, sorted.

const MAGIC = Uint8Array.of(0x54, 0x44, 0x53, 0x47);
const FORMAT_VERSION = 1;
const TRAILER_BYTES = 8;
const ID_BYTES = 16;

export interface SegmentFooter {
  readonly sections: readonly {
    readonly kind: string;
    readonly codecVersion: number;
    readonly offset: number;
    readonly length: number;
    readonly crc: number;
  }[];
  readonly uploads: StoredIds;
}

export function encodeSegment(sections: Sections, uploads: Iterable<UploadId>): Uint8Array {
  const out = new ByteWriter();
  out.raw(MAGIC);
  out.u8(FORMAT_VERSION);
  const index = new ByteWriter();
  const names = KIND_NAMES.filter((name) => sections[name] !== undefined);
  index.uint(names.length);
  for (const name of names) {
    const kind = KINDS[name] as Kind<unknown>;
    const bytes = kind.encode(sections[name]);
    index.text(name);
    index.uint(kind.codecVersion);
    index.uint(out.length);
    index.uint(bytes.length);
    index.uint(crc32(bytes));
    out.raw(bytes);
  }
  const ids = [...new Set(uploads)].sort(compareText);
  index.uint(ids.length);
  for (const id of ids) index.raw(bytesOfHex(id));
  const footer = index.finish();
  out.raw(footer);
  const trailer = new DataView(new ArrayBuffer(TRAILER_BYTES));
  trailer.setUint32(0, footer.length, true);
  trailer.setUint32(4, crc32(footer), true);
  out.raw(new Uint8Array(trailer.buffer));
  return out.finish();
}

/** Ids share the given bytes. @throws Fault('invalid-input') when they are not a whole segment of a version that this code knows */
export function readFooter(bytes: Uint8Array): SegmentFooter {
  if (bytes.length < MAGIC.length + 1 + TRAILER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw invalidInput('Cannot read segment: it does not begin as one');
  }
  if (bytes[MAGIC.length] !== FORMAT_VERSION) {
    throw invalidInput(`Cannot read segment: format version ${bytes[MAGIC.length]}, know ${FORMAT_VERSION}`);
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TRAILER_BYTES, TRAILER_BYTES);
  const length = trailer.getUint32(0, true);
  const start = bytes.length - TRAILER_BYTES - length;
  const footer = bytes.subarray(Math.max(0, start), bytes.length - TRAILER_BYTES);
  if (start < 0 || crc32(footer) !== trailer.getUint32(4, true)) {
    throw invalidInput('Cannot read segment: its footer is damaged');
  }
  const from = new ByteReader(footer);
  const sections = Array.from({ length: from.count(5) }, () => ({
    kind: from.text(),
    codecVersion: from.uint(),
    offset: from.uint(),
    length: from.uint(),
    crc: from.uint(),
  }));
  return { sections, uploads: storedIds(from.raw(ID_BYTES * from.count(ID_BYTES))) };
}

/** One kind's state, or undefined where the segment has no such section. */
export function readSection<N extends KindName>(
  bytes: Uint8Array,
  footer: SegmentFooter,
  name: N,
): StateOf<N> | undefined {
  const entry = footer.sections.find((section) => section.kind === name);
  if (entry === undefined) return undefined;
  const section = bytes.subarray(entry.offset, entry.offset + entry.length);
  if (section.length !== entry.length || crc32(section) !== entry.crc) {
    throw invalidInput(`Cannot read segment: its ${name} section is damaged`);
  }
  return (KINDS[name] as Kind<StateOf<N>>).decode(section, entry.codecVersion);
}
