import { Fault } from '../../model/fault.ts';
import { idAt, type JsonObject, parseObject } from './json.ts';
import { MAX_ITEMS, MAX_NAME_LENGTH } from './limits.ts';

// Envelopes, byte by byte: https://develop.sentry.dev/sdk/foundations/data-model/envelopes/ and, where it is silent, what
// Relay does (relay-server/src/envelope). A line of JSON, then items: a line of JSON and a payload each.

export interface Envelope {
  readonly header: JsonObject;
  /** 32 hex digits; '' when the header has none. */
  readonly eventId: string;
  readonly items: readonly EnvelopeItem[];
}

export interface EnvelopeItem {
  readonly type: string;
  readonly header: JsonObject;
  /** A view into the envelope's bytes. */
  readonly payload: Uint8Array;
}

const NEWLINE = 0x0a;
const CLOSING_BRACE = 0x7d;
const EVENT_ID_DIGITS = 32;

/**
 * Splits an envelope into its items; payloads stay unread, whatever their type.
 *
 * @throws Fault `invalid-input` when the framing is broken, `too-large` beyond MAX_ITEMS
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new Fault('invalid-input', 'Cannot read envelope: it is empty');
  return readEnvelope(bytes, 0, false)[0];
}

/**
 * Envelopes one after the other, as in a file that requests were appended to: a header without a type, behind an item,
 * begins the next one. Faults as `parseEnvelope`.
 */
export function* parseEnvelopes(bytes: Uint8Array): Iterable<Envelope> {
  for (let at = afterNewlines(bytes, 0); at < bytes.length; ) {
    const [envelope, end] = readEnvelope(bytes, at, true);
    yield envelope;
    at = afterNewlines(bytes, end);
  }
}

/** @returns the envelope, and where it ends: with the bytes or, where others may follow, before a header without a type */
function readEnvelope(bytes: Uint8Array, from: number, mayFollow: boolean): readonly [Envelope, number] {
  const [header, start] = readHeader(bytes, from, 'envelope header');
  const items: EnvelopeItem[] = [];
  let at = start;
  while (afterNewlines(bytes, at) < bytes.length) {
    if (mayFollow) at = afterNewlines(bytes, at);
    const [itemHeader, payloadAt] = readHeader(bytes, at, `header of item ${items.length + 1}`);
    if (mayFollow && itemHeader.type === undefined) break;
    if (items.length === MAX_ITEMS)
      throw new Fault('too-large', `Cannot take envelope: it has more than ${MAX_ITEMS} items`);
    const { type, length } = itemHeader;
    if (typeof type !== 'string' || type === '') throw broken(items.length, 'its header has no type');
    const end =
      length === undefined || length === null
        ? endOfLine(bytes, payloadAt)
        : endOfPayload(bytes, payloadAt, length, items.length);
    const payload = bytes.subarray(payloadAt, end);
    items.push({ type: canonical(type.slice(0, MAX_NAME_LENGTH)), header: itemHeader, payload });
    at = end + 1;
  }
  return [{ header, eventId: idAt(header, 'event_id', EVENT_ID_DIGITS), items }, at];
}

/** Reads one line of JSON. @returns the object, and where the next line begins */
function readHeader(bytes: Uint8Array, at: number, what: string): readonly [JsonObject, number] {
  const end = endOfLine(bytes, at);
  const line = bytes.subarray(at, end);
  // JSON.parse would let spaces and a carriage return pass, which belong to no header.
  if (line.at(-1) !== CLOSING_BRACE)
    throw new Fault('invalid-input', `Cannot read ${what}: not a JSON object on a line of its own`);
  return [parseObject(line, what), Math.min(end + 1, bytes.length)];
}

function endOfLine(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(NEWLINE, at);
  return end === -1 ? bytes.length : end;
}

/** `length` counts bytes; what follows them is a newline or the end. */
function endOfPayload(bytes: Uint8Array, at: number, length: unknown, index: number): number {
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw broken(index, `its length ${String(JSON.stringify(length)).slice(0, 40)} is no number of bytes`);
  const end = at + length;
  if (end > bytes.length)
    throw broken(index, `unexpected end of file: ${bytes.length - at} bytes are left of ${length}`);
  if (end < bytes.length && bytes[end] !== NEWLINE)
    throw broken(index, `missing newline after its ${length} bytes`);
  return end;
}

/** Newlines after the last item are no item. */
function afterNewlines(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === NEWLINE) at += 1;
  return Math.min(at, bytes.length);
}

const broken = (index: number, why: string) =>
  new Fault('invalid-input', `Cannot read item ${index + 1} of envelope: ${why}`);

/** The browsers' name for the same item. */
const canonical = (type: string) => (type === 'profile_chunk_ui' ? 'profile_chunk' : type);
