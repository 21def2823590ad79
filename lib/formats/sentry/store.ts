import { Fault } from '../../model/fault.ts';
import type { Envelope } from './envelope.ts';
import { idAt, parseObject } from './json.ts';

const EVENT_ID_DIGITS = 32;
const OPENING_BRACE = 0x7b;

/**
 * The body of the old `/store/`: one event as JSON, or that JSON in base64 (what is also deflated inside of the base64
 * has to be unpacked by the door, see `storeText`), as an envelope of one item.
 *
 * @throws Fault `invalid-input` when it is no JSON object: Relay answers 400 here, not later
 */
export function envelopeOfStore(bytes: Uint8Array): Envelope {
  const payload = withoutNaN(bytes);
  const event = parseObject(payload, 'event');
  const type = event.type === 'transaction' ? 'transaction' : 'event';
  return {
    header: {},
    eventId: idAt(event, 'event_id', EVENT_ID_DIGITS),
    items: [{ type, header: { type }, payload }],
  };
}

/** @returns the bytes inside of base64, which old clients wrap around JSON or zlib; undefined for anything else */
export function unwrapBase64(bytes: Uint8Array): Uint8Array | undefined {
  if (firstByte(bytes) === OPENING_BRACE) return undefined;
  const text = new TextDecoder('latin1').decode(bytes).trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot read event: broken base64', { cause });
  }
}

function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20);
}

/** Python's json writes NaN and Infinity, which are no JSON; Relay takes them for null on this path alone. */
function withoutNaN(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  if (!/NaN|Infinity/.test(text)) return bytes;
  const fixed = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs, (token) =>
    token.startsWith('"') ? token : 'null',
  );
  return new TextEncoder().encode(fixed);
}
