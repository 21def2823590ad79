import { decompress } from '../formats/decompress.ts';
import { checkMetrics, checkTraces } from '../formats/otlp/index.ts';
import { Fault } from '../model/fault.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_RATIO = 200;

/** The door that a file is for, told by its content: a parser of that door must find points or spans in it. */
export function routeOfFile(body: Uint8Array<ArrayBuffer>): {
  readonly path: string;
  readonly plain: Uint8Array;
} {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const plain = isGzip ? decompress(body, 'gzip', { maxBytes: MAX_BYTES, maxRatio: MAX_RATIO }) : body;
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
  return { path: points >= spans ? '/v1/metrics' : '/v1/traces', plain };
}

export const otlpEncodingOfFile = (plain: Uint8Array): 'json' | 'protobuf' =>
  plain[0] === 0x7b ? 'json' : 'protobuf';
