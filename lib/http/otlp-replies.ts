// Bodies that OTLP/HTTP clients read, in the encoding of the request:
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response. No library: there are three messages with two fields each.

type Encoding = 'protobuf' | 'json';
type Signal = 'metrics' | 'traces' | 'logs';

/** Clients read at most 4 MiB, the Collector 64 KiB, and people one line. */
const MAX_MESSAGE_LENGTH = 1_000;
const REJECTED_KEYS = {
  metrics: 'rejectedDataPoints',
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
} as const satisfies Record<Signal, string>;

/** google.rpc.Code for the statuses that the door answers with; clients look at the HTTP status alone. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  409: 10, // ABORTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  429: 8,
  503: 14, // UNAVAILABLE
};
const UNKNOWN = 2;

/** Everything was taken: `partial_success` has to be unset, which leaves nothing. */
export const otlpSuccess = (encoding: Encoding): Response =>
  encoding === 'json' ? reply(encoding, 200, {}) : reply(encoding, 200, new Uint8Array());

/** Taken but for `rejected`, which must not be sent again; with 0, a warning. */
export function otlpPartialSuccess(
  encoding: Encoding,
  signal: Signal,
  rejected: number,
  message: string,
): Response {
  const errorMessage = message.slice(0, MAX_MESSAGE_LENGTH);
  if (encoding === 'json') {
    // int64 is a decimal string in protobuf's JSON
    return reply(encoding, 200, {
      partialSuccess: { [REJECTED_KEYS[signal]]: String(rejected), errorMessage },
    });
  }
  return reply(
    encoding,
    200,
    lengthDelimited(1, concat(varintField(1, rejected), textField(2, errorMessage))),
  );
}

/** An error: a google.rpc.Status under any HTTP status. */
export function otlpStatus(encoding: Encoding, status: number, message: string): Response {
  const code = RPC_CODES[status] ?? UNKNOWN;
  const text = message.slice(0, MAX_MESSAGE_LENGTH);
  if (encoding === 'json') return reply(encoding, status, { code, message: text });
  return reply(encoding, status, concat(varintField(1, code), textField(2, text)));
}

function reply(encoding: Encoding, status: number, body: object | Uint8Array): Response {
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  const bytes = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);
  return new Response(bytes, { status, headers: { 'content-type': type } });
}

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return bytes;
}

/** Proto3 leaves zeros and empty texts out. */
const varintField = (field: number, value: number): Uint8Array =>
  value === 0 ? new Uint8Array() : Uint8Array.of(field << 3, ...varint(value));

const textField = (field: number, text: string): Uint8Array =>
  text === '' ? new Uint8Array() : lengthDelimited(field, utf8.encode(text));

const lengthDelimited = (field: number, bytes: Uint8Array): Uint8Array =>
  concat(Uint8Array.of((field << 3) | 2, ...varint(bytes.length)), bytes);

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
