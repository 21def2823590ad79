import { Fault } from '../model/fault.ts';
import type { Trace } from '../model/trace.ts';
import { type DecodedTraces, decodeTraces } from './otlp/index.ts';
import {
  decodeEnvelope,
  type ProfileItem,
  parseEnvelopes,
  type SentSpan,
  transactionEvent,
} from './sentry/index.ts';

/** What a file of traces holds. Spans that came one by one are left for the caller to join: a trace may lie in several files. */
export interface TraceFile {
  readonly traces: readonly Trace[];
  readonly profiles: readonly ProfileItem[];
  /** Of OTLP. */
  readonly spans: readonly DecodedTraces[];
  /** Sentry's. */
  readonly streamed: readonly SentSpan[];
  /** What is no trace or could not be read, by reason. */
  readonly dropped: ReadonlyMap<string, number>;
}

const MAX_LINES = 1_000_000;
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const NEWLINE = 0x0a;
const RESOURCE_SPANS_TAG = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Reads a file by its content: Sentry envelopes, one after the other; transactions and OTLP exports as JSON (one, a list,
 * one a line, of both kinds); OTLP exports as protobuf, one or each behind its length. Other events, metrics and logs among them are counted.
 *
 * @param bytes not compressed
 * @throws Fault `invalid-input`, `unsupported` for what is none of them
 */
export function parseTraceFile(bytes: Uint8Array): TraceFile {
  const content = withoutMark(bytes);
  const first = content.findIndex((byte) => byte > 0x20);
  if (first === -1) throw new Fault('invalid-input', 'Cannot read traces: the file is empty');
  const isJson = content[first] === OPENING_BRACE || content[first] === OPENING_BRACKET;
  const whole = isJson ? tryJson(content) : undefined;
  if (whole !== undefined) return ofValue(whole, content);
  const firstLine = isJson ? tryJson(lineAt(content, first)) : undefined;
  // The length behind the tag of protobuf may be an opening brace or bracket as well.
  if (firstLine === undefined && content[0] === RESOURCE_SPANS_TAG)
    return { ...NOTHING, spans: [decodeTraces(content, 'protobuf')] };
  if (!isJson) return ofMessages(content);
  if (firstLine === undefined || kindOf(firstLine) === 'envelope') return envelopes(content);
  if (kindOf(firstLine) === undefined) throw unsupported();
  return ofList(linesOf(content));
}

const LENGTH_BYTES = 4;

/** The Collector's file exporter writes protobuf behind a big-endian length, one export after the other. */
function ofMessages(bytes: Uint8Array): TraceFile {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const spans: DecodedTraces[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + LENGTH_BYTES;
    if (from > bytes.length) throw unsupported();
    at = from + lengths.getUint32(at);
    if (at > bytes.length) throw unsupported();
    spans.push(decodeTraces(bytes.subarray(from, at), 'protobuf'));
  }
  return { ...NOTHING, spans };
}

const NOTHING: TraceFile = { traces: [], profiles: [], spans: [], streamed: [], dropped: new Map() };
const unsupported = () =>
  new Fault('unsupported', 'Cannot read traces: need Sentry envelopes, transaction JSON or OTLP traces');

const withoutMark = (bytes: Uint8Array) =>
  BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;

function ofValue(value: unknown, bytes: Uint8Array): TraceFile {
  if (Array.isArray(value))
    return ofList(value.map((one) => ({ value: one, bytes: () => utf8.encode(JSON.stringify(one)) })));
  if (kindOf(value) === 'envelope') return envelopes(bytes);
  if (kindOf(value) === undefined) throw unsupported();
  return ofList([{ value, bytes: () => bytes }]);
}

const utf8 = new TextEncoder();

interface Item {
  readonly value: unknown;
  readonly bytes: () => Uint8Array;
}

function ofList(items: Iterable<Item>): TraceFile {
  const traces: Trace[] = [];
  const spans: DecodedTraces[] = [];
  const dropped = new Map<string, number>();
  const drop = (reason: string, count = 1) => void dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  for (const { value, bytes } of items) {
    const kind = kindOf(value);
    if (kind === 'otlp') spans.push(decodeTraces(bytes(), 'json'));
    else if (kind !== 'transaction') drop('no transaction and no spans');
    else {
      const trace = transactionEvent(value, drop);
      if (trace !== undefined) traces.push(trace);
    }
  }
  return { ...NOTHING, traces, spans, dropped };
}

const EVENT_KEYS = ['contexts', 'timestamp', 'platform', 'level'];
const OTHER_SIGNALS = ['resourceMetrics', 'resourceLogs', 'resourceProfiles'];
const ENVELOPE_KEYS = ['event_id', 'sent_at', 'dsn', 'sdk', 'trace'];

/** Of an envelope the header is seen, which has neither times nor spans. */
function kindOf(value: unknown): 'otlp' | 'transaction' | 'other' | 'envelope' | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const has = (key: string) => Object.hasOwn(value, key);
  if (has('resourceSpans')) return 'otlp';
  if (OTHER_SIGNALS.some(has)) return 'other';
  const { type } = value as { type?: unknown };
  if (type === 'transaction' || (type === undefined && has('start_timestamp') && has('contexts')))
    return 'transaction';
  if (EVENT_KEYS.some(has)) return 'other';
  return ENVELOPE_KEYS.some(has) || Object.keys(value).length === 0 ? 'envelope' : undefined;
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

/** Line by line, so that what a line becomes is all that stays of it. */
function* linesOf(bytes: Uint8Array): Iterable<Item> {
  let lines = 0;
  for (let at = 0; at < bytes.length; ) {
    const line = lineAt(bytes, at);
    at += line.length + 1;
    if (line.every((byte) => byte <= 0x20)) continue;
    lines += 1;
    if (lines > MAX_LINES) throw new Fault('too-large', `Cannot read traces: more than ${MAX_LINES} lines`);
    const value = tryJson(line);
    if (value === undefined) throw new Fault('invalid-input', `Cannot read traces: line ${lines} is no JSON`);
    yield { value, bytes: () => line };
  }
}

function envelopes(bytes: Uint8Array): TraceFile {
  const decoded = Array.from(parseEnvelopes(bytes), (one) => decodeEnvelope(one, ''));
  const dropped = new Map<string, number>();
  for (const one of decoded)
    for (const [reason, count] of one.dropped) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  return {
    ...NOTHING,
    traces: decoded.flatMap(({ traces }) => traces.filter(({ source }) => source === 'sentry-transaction')),
    profiles: decoded.flatMap(({ profiles }) => profiles),
    streamed: decoded.flatMap(({ streamed, context }) => streamed.map((one) => ({ one, context }))),
    dropped,
  };
}
