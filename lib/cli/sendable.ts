import { decompress } from '../formats/decompress.ts';
import { checkMetrics, checkTraces } from '../formats/otlp/index.ts';
import { Fault } from '../model/fault.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_RATIO = 200;

/** The requests that a file holds: one a line in JSON lines, else one. Unpacked, every member and frame of it. */
export function requestsOfFile(file: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const whole = new Uint8Array(decompress(file, '', { maxBytes: MAX_BYTES, maxRatio: MAX_RATIO }));
  if (otlpEncodingOfFile(whole) === 'protobuf') return [whole];
  const lines = new TextDecoder()
    .decode(whole)
    .split('\n')
    .filter((line) => line.trim() !== '');
  // A request that is printed over several lines has one that is a brace alone.
  const areRequests = lines.length > 1 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line));
  return areRequests ? lines.map((line) => new TextEncoder().encode(line)) : [whole];
}

/** The door that a request is for, told by its content: a parser of that door must find points or spans in it. */
export function doorOf(plain: Uint8Array): { readonly path: string; readonly encoding: 'json' | 'protobuf' } {
  const encoding = otlpEncodingOfFile(plain);
  const finds = (check: typeof checkMetrics) => {
    try {
      return check(plain, encoding);
    } catch {
      return 0;
    }
  };
  // Both messages begin with field 1, so that some protobuf bodies pass as either: the one that counts more is meant.
  const points = finds(checkMetrics);
  const spans = finds(checkTraces);
  if (points === 0 && spans === 0) {
    throw new Fault('invalid-input', 'Cannot send file: it holds neither OTLP metrics nor OTLP traces');
  }
  return { path: points >= spans ? '/v1/metrics' : '/v1/traces', encoding };
}

/** JSON begins with a brace, maybe after blanks and a byte order mark, and holds no control bytes; protobuf does. */
export function otlpEncodingOfFile(plain: Uint8Array): 'json' | 'protobuf' {
  const head = plain.subarray(0, HEAD_BYTES);
  return isBinary(head) || !/^\s*\{/.test(new TextDecoder().decode(head)) ? 'protobuf' : 'json';
}
const HEAD_BYTES = 400;

export const isBinary = (head: Uint8Array): boolean =>
  head.some((byte) => byte < 9 || (byte > 13 && byte < 32));
