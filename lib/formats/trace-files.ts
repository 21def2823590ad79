import { Fault } from '../model/fault.ts';
import type { Trace } from '../model/trace.ts';
import { type DecodedTraces, decodeTraces } from './otlp/index.ts';
import { decodeEnvelope, type ProfileItem, parseEnvelope, transactionEvent } from './sentry/index.ts';

/** What a file of traces holds. OTLP spans are left for the caller to put together: a trace may lie in several files. */
export interface TraceFile {
  readonly format: 'sentry-envelope' | 'sentry-transactions' | 'otlp';
  readonly traces: readonly Trace[];
  readonly profiles: readonly ProfileItem[];
  readonly spans: readonly DecodedTraces[];
  readonly dropped: ReadonlyMap<string, number>;
}

const MAX_LINES = 1_000_000;
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const NEWLINE = 0x0a;
const RESOURCE_SPANS_TAG = 0x0a;

/**
 * Reads a file by its content: a Sentry envelope, transactions as JSON (one, a list, one a line), or OTLP traces (protobuf;
 * JSON, one export or one a line).
 *
 * @param bytes not compressed
 * @throws Fault `invalid-input`, `unsupported` for what is none of them
 */
export function parseTraceFile(bytes: Uint8Array): TraceFile {
  const first = bytes.findIndex((byte) => byte > 0x20);
  if (first === -1) throw new Fault('invalid-input', 'Cannot read traces: the file is empty');
  if (bytes[0] === RESOURCE_SPANS_TAG && !isJsonAt(bytes, first))
    return otlp([decodeTraces(bytes, 'protobuf')]);
  if (!isJsonAt(bytes, first))
    throw new Fault(
      'unsupported',
      'Cannot read traces: need a Sentry envelope, transaction JSON or OTLP traces',
    );
  const whole = tryJson(bytes);
  if (whole !== undefined) return ofValue(whole, bytes);
  const firstLine = tryJson(lineAt(bytes, first));
  if (kindOf(firstLine) === 'otlp') return otlp(linesOf(bytes).map((line) => decodeTraces(line, 'json')));
  if (kindOf(firstLine) === 'transaction') return transactions(linesOf(bytes).map(parseLine));
  return envelope(bytes);
}

const isJsonAt = (bytes: Uint8Array, at: number) =>
  bytes[at] === OPENING_BRACE || bytes[at] === OPENING_BRACKET;

function ofValue(value: unknown, bytes: Uint8Array): TraceFile {
  if (Array.isArray(value)) return transactions(value);
  const kind = kindOf(value);
  if (kind === 'otlp') return otlp([decodeTraces(bytes, 'json')]);
  return kind === 'transaction' ? transactions([value]) : envelope(bytes);
}

/** An envelope's header has neither spans nor resources. */
function kindOf(value: unknown): 'otlp' | 'transaction' | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, 'resourceSpans')) return 'otlp';
  const event = value as { type?: unknown; contexts?: unknown; start_timestamp?: unknown };
  return event.type === 'transaction' && (event.contexts !== undefined || event.start_timestamp !== undefined)
    ? 'transaction'
    : undefined;
}

function tryJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function lineAt(bytes: Uint8Array, from: number): Uint8Array {
  const end = bytes.indexOf(NEWLINE, from);
  return bytes.subarray(from, end === -1 ? bytes.length : end);
}

function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const line = lineAt(bytes, at);
    at += line.length + 1;
    if (line.every((byte) => byte <= 0x20)) continue;
    if (lines.length === MAX_LINES)
      throw new Fault('too-large', `Cannot read traces: more than ${MAX_LINES} lines`);
    lines.push(line);
  }
  return lines;
}

function parseLine(line: Uint8Array, index: number): unknown {
  const value = tryJson(line);
  if (value === undefined)
    throw new Fault('invalid-input', `Cannot read traces: line ${index + 1} is no JSON`);
  return value;
}

const otlp = (spans: readonly DecodedTraces[]): TraceFile => ({
  format: 'otlp',
  traces: [],
  profiles: [],
  spans,
  dropped: new Map(),
});

function transactions(events: readonly unknown[]): TraceFile {
  const dropped = new Map<string, number>();
  const drop = (reason: string, count = 1) => void dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  const traces = events.flatMap((event) => transactionEvent(event, drop) ?? []);
  return { format: 'sentry-transactions', traces, profiles: [], spans: [], dropped };
}

function envelope(bytes: Uint8Array): TraceFile {
  const { traces, profiles, dropped } = decodeEnvelope(parseEnvelope(bytes), '');
  return { format: 'sentry-envelope', traces, profiles, spans: [], dropped };
}
