declare const brand: unique symbol;

/** First 128 bits of a SHA-256, as 32 hex digits. */
export type UploadId = string & { readonly [brand]: 'UploadId' };

const UPLOAD_ID = /^[0-9a-f]{32}$/;

export function uploadId(text: string): UploadId {
  if (!UPLOAD_ID.test(text)) throw new RangeError(`Cannot read upload id: got "${text}", need 32 hex digits`);
  return text as UploadId;
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export const hexOf = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) text += HEX_OF_BYTE[bytes[i]!]!;
  return text;
};

/** Of hex digits alone. */
export const bytesOfHex = (hex: string): Uint8Array => {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i += 1)
    bytes[i] = (digitOf(hex.charCodeAt(2 * i)) << 4) | digitOf(hex.charCodeAt(2 * i + 1));
  return bytes;
};

/** '9' is 0x39; letters of both cases have a 1 in their low four bits for ten. */
const digitOf = (code: number) => (code > 0x39 ? (code & 0xf) + 9 : code & 0xf);

/** SHA-256 of parts joined unambiguously: each is preceded by its length. */
export async function digest(...parts: readonly (string | Uint8Array)[]): Promise<Uint8Array> {
  const utf8 = new TextEncoder();
  const chunks = parts.flatMap((part) => {
    const bytes = typeof part === 'string' ? utf8.encode(part) : part;
    return [utf8.encode(`${bytes.length}:`), bytes];
  });
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined));
}
