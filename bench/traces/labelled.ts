import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { serviceName } from '../../lib/model/service.ts';
import type { Span, Trace } from '../../lib/model/trace.ts';

/** A trace with what its program knows, held apart: nothing in `trace` tells a true parent. */
export interface Labelled {
  readonly trace: Trace;
  /** True parent of each span by span id; the root's id where it is the transaction. Task spans have none. */
  readonly truth: ReadonlyMap<string, string>;
}

/** A file of transactions: one run of one program. */
export interface LabelledSet {
  readonly name: string;
  readonly traces: readonly Labelled[];
}

/** Reads `*.jsonl.gz` of a folder, in the order of names: a Sentry transaction or an OTLP trace a line. */
export const readLabelled = (folder: string): LabelledSet[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl.gz'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.jsonl.gz'.length), traces: readSet(join(folder, file)) }));

export const readSet = (path: string): Labelled[] =>
  gunzipSync(readFileSync(path))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const json = JSON.parse(line);
      return 'transaction' in json ? fromTransaction(json) : fromSpans(json);
    });

// biome-ignore lint/suspicious/noExplicitAny: bench data, written by our own generators
type Json = any;

const US_PER_S = 1e6;
/** `2026-11-20T23:00:31.597337Z` to the microsecond. */
const microseconds = (time: string | number): number =>
  typeof time === 'number'
    ? Math.round(time * US_PER_S)
    : Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20).replace('Z', '').padEnd(6, '0'));

function spanOf(s: Json): Span {
  return {
    spanId: s.span_id,
    parentSpanId: s.parent_span_id ?? '',
    op: s.op ?? '',
    description: s.description ?? '',
    origin: s.origin ?? '',
    status: '',
    start: microseconds(s.start_timestamp),
    end: Math.max(microseconds(s.start_timestamp), microseconds(s.timestamp)),
    threadId: s.data?.['thread.id'] ?? '',
    threadName: s.data?.['thread.name'] ?? '',
  };
}

function fromTransaction(json: Json): Labelled {
  const root = spanOf({ ...json, ...json.contexts.trace });
  const traced: Json[] = json.spans;
  const ids = new Map<string, string>(traced.map((s) => [s.data?.lid, s.span_id]));
  const truth = new Map<string, string>();
  for (const s of traced)
    if (s.data?.lid !== undefined)
      truth.set(s.span_id, s.data.lpar === 'ROOT' ? root.spanId : (ids.get(s.data.lpar) ?? root.spanId));
  return {
    truth,
    trace: {
      ...COMMON,
      source: 'sentry-transaction',
      traceId: json.contexts.trace.trace_id,
      root,
      spans: traced.map(spanOf),
      name: json.transaction,
      unit: { kind: 'http', name: json.transaction },
      service: serviceName({ name: 'bench' }),
      release: json.release ?? '',
      host: json.server_name ?? '',
      platform: json.platform,
      sdk: { name: json.sdk.name, version: json.sdk.version, integrations: json.sdk.integrations },
    },
  };
}

/** A line of the OTLP generators: what the SDK exported, with the program's own record of parents beside it. */
function fromSpans(json: Json): Labelled {
  const spans: Span[] = json.spans.map(fromOtlp);
  return {
    truth: new Map(Object.entries(json.truth)),
    trace: {
      ...COMMON,
      source: 'otlp',
      traceId: json.traceId,
      root: spans.find(({ spanId }) => spanId === json.root)!,
      spans: spans.filter(({ spanId }) => spanId !== json.root).sort((a, b) => a.start - b.start),
      name: json.endpoint,
      unit: { kind: 'http', name: json.endpoint },
      service: serviceName({ name: json.service }),
      release: '',
      host: '',
      platform: json.language,
      sdk: { name: 'opentelemetry', version: '', integrations: undefined },
    },
  };
}

const fromOtlp = (s: Json): Span => ({
  spanId: s.id,
  parentSpanId: s.parent,
  op: opOf(s.kind.toUpperCase(), s.attributes),
  description: s.name,
  origin: s.scope,
  status: '',
  start: Number(BigInt(s.startNs) / 1000n) + Number(BigInt(s.startNs) % 1000n) / 1000,
  end: Number(BigInt(s.endNs) / 1000n) + Number(BigInt(s.endNs) % 1000n) / 1000,
  threadId: '',
  threadName: '',
});

function opOf(kind: string, attributes: Readonly<Record<string, string>>): string {
  const system = attributes['db.system.name'];
  if (system !== undefined) return system === 'redis' ? 'db.redis' : 'db';
  if (kind === 'PRODUCER') return 'queue.publish';
  if (kind === 'SERVER') return 'http.server';
  if (kind !== 'CLIENT') return 'function';
  return attributes['rpc.system'] !== undefined ? 'rpc' : 'http.client';
}

const COMMON = {
  droppedSpans: 0,
  nameSource: 'route',
  statusClass: '',
  failed: false,
  weight: undefined,
  environment: '',
  version: '',
  process: '',
  runtime: '',
  profile: { eventId: '', profilerId: '' },
} as const;
