import { crc32 } from '../model/crc32.ts';
import { invalidInput } from '../model/fault.ts';
import { bytesOfHex, hexOf, type UploadId, uploadId } from '../model/ids.ts';
import { PIECE_FORMS, type Piece } from '../model/piece.ts';
import { ByteReader, ByteWriter, compareText } from './bytes.ts';

// Layout: 'TDPC' · version · pieces, sorted by key · CRC-32 of all that (4 bytes, little-endian). Pieces live for an hour or
// two: a version that this code does not know is refused, and what it held is folded again by a replay.

const MAGIC = Uint8Array.of(0x54, 0x44, 0x50, 0x43);
const VERSION = 2;
/** Pieces without a process: all that a trace's id tells is joined by it. */
const WITHOUT_PROCESS = 1;
const CRC_BYTES = 4;
const ID_BYTES = 16;

/** A piece and where it came from: an upload that is analysed twice leaves it twice. */
export interface StoredPiece extends Piece {
  readonly upload: UploadId;
  /** Which piece of its upload. */
  readonly index: number;
  /** What has to be added to its times: the offset of its sender's clock, ms. */
  readonly shiftMs: number;
}

export function encodePieces(pieces: readonly StoredPiece[]): Uint8Array {
  const out = new ByteWriter();
  out.raw(MAGIC);
  out.u8(VERSION);
  const sorted = [...pieces].sort(
    (a, b) => compareText(a.key, b.key) || compareText(a.upload, b.upload) || a.index - b.index,
  );
  out.uint(sorted.length);
  for (const { form, key, process, roots, profiler, spans, payload, upload, index, shiftMs } of sorted) {
    out.u8(PIECE_FORMS.indexOf(form));
    out.text(key);
    out.text(process);
    out.uint(roots.length);
    for (const root of roots) out.text(root);
    out.text(profiler);
    out.uint(spans);
    out.raw(bytesOfHex(upload));
    out.uint(index);
    out.int(shiftMs);
    out.uint(payload.length);
    out.raw(payload);
  }
  const body = out.finish();
  const crc = new DataView(new ArrayBuffer(CRC_BYTES));
  crc.setUint32(0, crc32(body), true);
  out.raw(new Uint8Array(crc.buffer));
  return out.finish();
}

/** Payloads share the given bytes. @throws Fault('invalid-input') when they are not a whole object of pieces */
export function decodePieces(bytes: Uint8Array): readonly StoredPiece[] {
  const end = bytes.length - CRC_BYTES;
  if (end <= MAGIC.length || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw invalidInput('Cannot read pieces: they do not begin as such');
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, CRC_BYTES).getUint32(0, true);
  if (crc32(bytes.subarray(0, end)) !== stored) throw invalidInput('Cannot read pieces: they are damaged');
  const from = new ByteReader(bytes.subarray(MAGIC.length, end));
  const version = from.u8();
  if (version !== VERSION && version !== WITHOUT_PROCESS)
    throw invalidInput(`Cannot read pieces: version ${version}, know ${WITHOUT_PROCESS} to ${VERSION}`);
  return Array.from({ length: from.count(ID_BYTES) }, () => readPiece(from, version));
}

function readPiece(from: ByteReader, version: number): StoredPiece {
  const form = PIECE_FORMS[from.u8()];
  if (form === undefined) throw invalidInput('Cannot read pieces: a form that nobody knows');
  const key = from.text();
  const process = version === WITHOUT_PROCESS ? '' : from.text();
  const roots = Array.from({ length: from.count() }, () => from.text());
  const profiler = from.text();
  const spans = from.uint();
  const upload = uploadId(hexOf(from.raw(ID_BYTES)));
  const index = from.uint();
  const shiftMs = from.int();
  const payload = () => from.raw(from.uint());
  return { form, key, process, roots, profiler, spans, upload, index, shiftMs, payload: payload() };
}
