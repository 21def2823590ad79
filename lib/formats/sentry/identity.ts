import { isDataItem } from './decode.ts';
import type { Envelope } from './envelope.ts';

/**
 * What tells an envelope from another, whatever its headers say: a resend writes a new `sent_at`, the payloads stay. Those
 * of the items that carry data count; in an envelope without such items, all.
 */
export function identityOf({ items }: Envelope): Uint8Array<ArrayBuffer> {
  const data = items.filter(isDataItem);
  const parts = (data.length > 0 ? data : items).flatMap(({ type, payload }) => [
    new TextEncoder().encode(`${type}:${payload.length}:`),
    payload,
  ]);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
