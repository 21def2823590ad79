import { Fault } from '../model/fault.ts';
import { hexOf } from '../model/ids.ts';

// Per-request signatures in the Standard Webhooks form (standardwebhooks.com): headers webhook-id, webhook-timestamp
// (seconds) and webhook-signature ("v1,<base64> v1,<base64>", one of which must fit: both secrets during a rotation).
// The key is named by `tidemark-key`. Unlike a webhook, a request also has a place where it is sent and a form in which
// its body is to be read, so these are signed too.

export const SIGNATURE_HEADERS = {
  key: 'tidemark-key',
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const;

/** How far the sender's clock may be off, and how long a signed request can be sent again. */
export const SIGNATURE_WINDOW_S = 300;

export interface SignedParts {
  readonly id: string;
  readonly timestamp: string;
  readonly method: string;
  /** Path and query exactly as they stand in the request line. */
  readonly target: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly contentEncoding: string;
}

const utf8 = new TextEncoder();

/** One part a line; no part can hold a line break, since they are header values, a request line and a digest. */
export const signedContent = async (parts: SignedParts): Promise<Uint8Array<ArrayBuffer>> =>
  utf8.encode(`${parts.id}\n${parts.timestamp}\n${await requestText(parts)}`);

/** What is asked, whenever it is: the same for all tries of one request, each of which is signed with its own time. */
export async function requestText(parts: Omit<SignedParts, 'id' | 'timestamp'>): Promise<string> {
  const bodyHash = hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', parts.body)));
  const { method, target, contentType, contentEncoding } = parts;
  return [method, target, bodyHash, contentType, contentEncoding].join('\n');
}

export async function sign(
  secret: Uint8Array<ArrayBuffer>,
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const key = await hmacKey(secret, 'sign');
  return `v1,${base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, content)))}`;
}

/** True when one of the given signatures was made with one of the secrets. Compares in constant time. */
export async function verify(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  content: Uint8Array<ArrayBuffer>,
  header: string,
): Promise<boolean> {
  const candidates = header.split(' ').slice(0, 8).flatMap(signatureBytes);
  let valid = false;
  for (const secret of secrets) {
    const key = await hmacKey(secret, 'verify');
    for (const signature of candidates) {
      if (await crypto.subtle.verify('HMAC', key, signature, content)) valid = true;
    }
  }
  return valid;
}

/** @throws Fault('unauthorized') when the stamp is not a time or not now */
export function checkTimestamp(timestamp: string, nowMs: number): void {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  const off = Math.abs(nowMs / 1000 - seconds);
  if (off <= SIGNATURE_WINDOW_S) return;
  const fact = Number.isNaN(off)
    ? 'it is not a whole number of seconds'
    : `it is off by ${Math.round(off)} s`;
  throw new Fault(
    'unauthorized',
    `Cannot accept signature: webhook-timestamp must be within ${SIGNATURE_WINDOW_S} s of now, ${fact}`,
  );
}

const hmacKey = (secret: Uint8Array<ArrayBuffer>, use: 'sign' | 'verify') =>
  crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);

/** Strict base64: lax decoders take several texts for one signature. */
function signatureBytes(text: string): Uint8Array<ArrayBuffer>[] {
  const encoded = text.startsWith('v1,') ? text.slice(3) : '';
  if (!/^[A-Za-z0-9+/]{43}=$/.test(encoded)) return [];
  const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  return base64(bytes) === encoded ? [bytes] : [];
}

export const base64 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

/** Secrets are derived from the installation's master secret, so that none of them is stored. */
export async function uploadSecret(
  master: Uint8Array<ArrayBuffer>,
  keyId: string,
  version: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await hmacKey(master, 'sign');
  const content = utf8.encode(`tidemark upload secret\n${keyId}\n${version}`);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
}

const SECRET_PREFIX = 'whsec_';
export const secretText = (secret: Uint8Array): string => `${SECRET_PREFIX}${base64(secret)}`;
export function secretOfText(text: string): Uint8Array<ArrayBuffer> {
  const encoded = text.startsWith(SECRET_PREFIX) ? text.slice(SECRET_PREFIX.length) : '';
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    if (bytes.length >= 16) return bytes;
  } catch {
    // falls through to the one message below
  }
  throw new Fault(
    'invalid-input',
    `Cannot use secret: need ${SECRET_PREFIX} and base64 of at least 16 bytes`,
  );
}
