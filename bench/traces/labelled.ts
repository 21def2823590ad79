import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeTraces, tracesOfSpans } from '../../lib/formats/otlp/index.ts';
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
    },
  };
}

/** A line of the OTLP generators, by the product's own decoder; the program's record of parents stays beside it. */
function fromSpans(json: Json): Labelled {
  const resourceSpans = [
    { resource: { attributes: keyValues(resourceOf(json)) }, scopeSpans: scopesOf(json) },
  ];
  const decoded = decodeTraces(new TextEncoder().encode(JSON.stringify({ resourceSpans })), 'json');
  const trace = tracesOfSpans(decoded).find(({ root }) => root.spanId === json.root)!;
  return { truth: new Map(Object.entries(json.truth)), trace };
}

const resourceOf = ({ service, language }: Json) => ({
  'service.name': service,
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.language': language,
});

const scopesOf = ({ traceId, spans }: Json): Json[] =>
  spans.map((s: Json) => ({
    scope: { name: s.scope },
    spans: [
      {
        traceId,
        spanId: s.id,
        parentSpanId: s.parent,
        name: s.name,
        kind: `SPAN_KIND_${s.kind.toUpperCase()}`,
        startTimeUnixNano: s.startNs,
        endTimeUnixNano: s.endNs,
        attributes: keyValues(s.attributes),
      },
    ],
  }));

const keyValues = (attributes: Readonly<Record<string, string>>) =>
  Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
