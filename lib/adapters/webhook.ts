import { createHash, createHmac } from 'node:crypto';
import { Fault } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notice, Notifier } from '../ports/notifier.ts';
import { DELIVERY_TIMEOUT_MS, deliver } from './http-delivery.ts';

// The bounds of the specification.
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and 24 to 64 bytes in base64. */
  readonly secret: string;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
}

/**
 * A JSON webhook, signed as https://www.standardwebhooks.com has it. Tries of one message carry one `webhook-id`, by
 * which the receiver tells a repetition.
 * @throws Fault('invalid-input') when the secret is none
 */
export function webhook(options: WebhookOptions): Notifier {
  const { url, clock, fetch = globalThis.fetch, timeoutMs = DELIVERY_TIMEOUT_MS } = options;
  const key = secretBytes(options.secret);
  return {
    name: 'webhook',
    send(notice) {
      const timeMs = clock.now();
      const id = messageId(notice);
      const timestampS = Math.floor(timeMs / 1000);
      const timestamp = new Date(timeMs).toISOString();
      const body = JSON.stringify({ type: `finding.${notice.state}`, timestamp, data: notice });
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': signature(key, id, timestampS, body),
      };
      return deliver({ url, headers, body, fetch, timeoutMs, clock });
    },
  };
}

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. */
export const signature = (key: Uint8Array, id: string, timestampS: number, body: string): string =>
  `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;

export function secretBytes(secret: string): Uint8Array {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES) return bytes;
  throw new Fault(
    'invalid-input',
    `Cannot sign webhooks: the secret must be whsec_ and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`,
  );
}

/** By what the message says: a try again has the same, a finding that fires a second time tells another time. */
function messageId({ findingId, state, title, text }: Notice): string {
  const digest = createHash('sha256').update(JSON.stringify([findingId, state, title, text]));
  return `msg_${digest.digest('base64url').slice(0, 27)}`;
}
