import type { DecodedTraces, ResourceSpans, ScopeSpans, Span } from './decoded.ts';
import { SPAN_KINDS } from './decoded.ts';
import { jsonAttributes, jsonResource, jsonScope } from './json-common.ts';
import { type JsonObject, JsonReader } from './json-reader.ts';
import { Budget } from './limits.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './protobuf-traces.ts';

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const NS_PER_US = 1000;
const SPAN_KIND_NAMES = SPAN_KINDS.map((kind) => `SPAN_KIND_${kind.toUpperCase()}`);
const STATUSES: readonly Span['status'][] = ['unset', 'ok', 'error'];
const STATUS_NAMES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

export function decodeJsonTraces(bytes: Uint8Array): DecodedTraces {
  const json = new JsonReader('traces');
  const budget = new Budget('traces');
  const resources: ResourceSpans[] = [];
  json.each(json.parse(bytes), 'resourceSpans', (item) => {
    budget.spendContainer();
    resources.push(readResourceSpans(json, budget, item));
  });
  return { resources, spans: budget.items };
}

function readResourceSpans(json: JsonReader, budget: Budget, item: JsonObject): ResourceSpans {
  const attributes = jsonResource(json, budget, item);
  const scopes: ScopeSpans[] = [];
  json.each(item, 'scopeSpans', (scopeItem) => {
    budget.spendContainer();
    const scope = jsonScope(json, scopeItem);
    const spans: Span[] = [];
    json.each(scopeItem, 'spans', (span) => {
      budget.spendItem();
      spans.push(readSpan(json, budget, span));
    });
    scopes.push({ scope, spans });
  });
  return { attributes, scopes };
}

function readSpan(json: JsonReader, budget: Budget, item: JsonObject): Span {
  let status = 0;
  json.within(item, 'status', (it) => {
    status = json.enum(it, 'code', STATUS_NAMES);
  });
  const start = json.number(item, 'startTimeUnixNano') ?? 0;
  const end = json.number(item, 'endTimeUnixNano') ?? 0;
  const durationNs = start === 0 || end === 0 ? 0 : nsBetween(item.startTimeUnixNano, item.endTimeUnixNano);
  return {
    traceId: json.id(item, 'traceId', TRACE_ID_BYTES),
    spanId: json.id(item, 'spanId', SPAN_ID_BYTES),
    parentSpanId: json.id(item, 'parentSpanId', SPAN_ID_BYTES),
    traceState: json.string(item, 'traceState'),
    name: json.string(item, 'name'),
    kind: SPAN_KINDS[json.enum(item, 'kind', SPAN_KIND_NAMES)] ?? 'unspecified',
    start: start / NS_PER_MS,
    durationUs: Math.max(0, durationNs) / NS_PER_US,
    attributes: jsonAttributes(json, budget, item),
    status: STATUSES[status] ?? 'unset',
  };
}

/** Seconds and nanoseconds apart, so that the difference of two decimal texts is exact. */
function nsBetween(start: unknown, end: unknown): number {
  const [fromS, fromNs] = secondsAndRest(String(start));
  const [toS, toNs] = secondsAndRest(String(end));
  return (toS - fromS) * NS_PER_S + (toNs - fromNs);
}

const secondsAndRest = (text: string): readonly [number, number] =>
  /^\d{10,}$/.test(text) ? [Number(text.slice(0, -9)), Number(text.slice(-9))] : [0, Number(text)];
