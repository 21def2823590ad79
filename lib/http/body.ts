import { Fault } from '../model/fault.ts';

/**
 * Up to here a body whose length is told is read in one piece, and counted when it is there: streams of the Web cost more
 * than the parsing of most uploads. Larger ones are counted as they come.
 */
const AT_ONCE_BYTES = 64 * 1024;

/**
 * Reads a request's body, at most `maxBytes` of it. Content-Length is believed only where servers hold senders to it: when
 * it says too much, or little.
 *
 * @param spend told of each piece as it comes; throws when all requests together hold too much
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  spend: (bytes: number) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (declared > 0 && declared <= AT_ONCE_BYTES) return readAtOnce(request, maxBytes, spend);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(wentAway);
    if (done) break;
    length += value.length;
    try {
      if (length > maxBytes) throw tooLarge(maxBytes);
      spend(value.length);
    } catch (error) {
      await reader.cancel();
      throw error;
    }
    chunks.push(value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

async function readAtOnce(
  request: Request,
  maxBytes: number,
  spend: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Not before: a sender who promises and does not send takes nobody's room.
  const body = new Uint8Array(await request.arrayBuffer().catch(wentAway));
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  spend(body.length);
  return body;
}

/** Nobody hears the answer, but it is counted, and it is no bug of ours. */
const wentAway = (cause: unknown) => {
  throw new Fault('invalid-input', 'Cannot read body: the sender went away before its end', { cause });
};

const tooLarge = (maxBytes: number) =>
  new Fault('too-large', `Cannot take body: it exceeds ${maxBytes} bytes`);

/** What the first bytes look like, for people who look for the sender of a refused body. Never the bytes themselves. */
export function kindOfBytes(body: Uint8Array): string {
  const [a, b, c, d] = body;
  if (a === undefined) return 'empty';
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  if (a === 0x78 && (b === 0x01 || b === 0x5e || b === 0x9c || b === 0xda)) return 'zlib';
  if (a === 0x7b || a === 0x5b) return 'json?';
  if (a === 0x3c) return 'markup';
  if (a === 0x0a || a === 0x12) return 'protobuf?';
  return a >= 0x20 && a < 0x7f ? 'text' : 'binary';
}
