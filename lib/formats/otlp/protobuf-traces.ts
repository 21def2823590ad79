import type { AttributeValue } from '../work/attributes.ts';
import type { DecodedTraces, ResourceSpans, ScopeSpans, Span } from './decoded.ts';
import { SPAN_KINDS } from './decoded.ts';
import { Budget } from './limits.ts';
import { frozenAttributes, frozenScope, readAttribute, readResource, readScope } from './protobuf-common.ts';
import { FIXED64, LEN, Reader, tagOf, VARINT } from './protobuf-reader.ts';

// opentelemetry/proto/trace/v1/trace.proto and collector/trace/v1/trace_service.proto

const REQUEST_RESOURCE_SPANS = tagOf(1, LEN);
const RESOURCE_SPANS_RESOURCE = tagOf(1, LEN);
const RESOURCE_SPANS_SCOPE_SPANS = tagOf(2, LEN);
const SCOPE_SPANS_SCOPE = tagOf(1, LEN);
const SCOPE_SPANS_SPANS = tagOf(2, LEN);
const SPAN_TRACE_ID = tagOf(1, LEN);
const SPAN_SPAN_ID = tagOf(2, LEN);
const SPAN_TRACE_STATE = tagOf(3, LEN);
const SPAN_PARENT_SPAN_ID = tagOf(4, LEN);
const SPAN_NAME = tagOf(5, LEN);
const SPAN_KIND = tagOf(6, VARINT);
const SPAN_START = tagOf(7, FIXED64);
const SPAN_END = tagOf(8, FIXED64);
const SPAN_ATTRIBUTES = tagOf(9, LEN);
const SPAN_STATUS = tagOf(15, LEN);
const STATUS_CODE = tagOf(3, VARINT);

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;
const NS_PER_US = 1000;
const STATUSES: readonly Span['status'][] = ['unset', 'ok', 'error'];

export function decodeProtobufTraces(bytes: Uint8Array): DecodedTraces {
  const reader = new Reader(bytes, 'traces');
  const budget = new Budget('traces');
  const resources: ResourceSpans[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === REQUEST_RESOURCE_SPANS) resources.push(readResourceSpans(reader, budget));
    else reader.skip(tag);
  }
  return { resources, spans: budget.items };
}

function readResourceSpans(reader: Reader, budget: Budget): ResourceSpans {
  budget.spendContainer();
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  const scopes: ScopeSpans[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === RESOURCE_SPANS_RESOURCE) readResource(reader, budget, attributes);
    else if (tag === RESOURCE_SPANS_SCOPE_SPANS) scopes.push(readScopeSpans(reader, budget));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { attributes: frozenAttributes(attributes), scopes };
}

function readScopeSpans(reader: Reader, budget: Budget): ScopeSpans {
  budget.spendContainer();
  const outer = reader.enter();
  const scope = { name: '', version: '' };
  const spans: Span[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === SCOPE_SPANS_SCOPE) readScope(reader, scope);
    else if (tag === SCOPE_SPANS_SPANS) {
      budget.spendItem();
      spans.push(readSpan(reader, budget));
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return { scope: frozenScope(scope), spans };
}

function readSpan(reader: Reader, budget: Budget): Span {
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  let traceId = '';
  let spanId = '';
  let parentSpanId = '';
  let traceState = '';
  let name = '';
  let kind = 0;
  let status = 0;
  let start = 0;
  let end = 0;
  let startAt = 0;
  let endAt = 0;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case SPAN_TRACE_ID:
        traceId = readId(reader, TRACE_ID_BYTES);
        break;
      case SPAN_SPAN_ID:
        spanId = readId(reader, SPAN_ID_BYTES);
        break;
      case SPAN_TRACE_STATE:
        traceState = reader.string();
        break;
      case SPAN_PARENT_SPAN_ID:
        parentSpanId = readId(reader, SPAN_ID_BYTES);
        break;
      case SPAN_NAME:
        name = reader.string();
        break;
      case SPAN_KIND:
        kind = reader.varint();
        break;
      case SPAN_START:
        startAt = reader.at;
        start = reader.timeMs();
        break;
      case SPAN_END:
        endAt = reader.at;
        end = reader.timeMs();
        break;
      case SPAN_ATTRIBUTES:
        readAttribute(reader, budget, attributes);
        break;
      case SPAN_STATUS:
        status = readStatus(reader, status);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  const durationNs = start === 0 || end === 0 ? 0 : reader.differenceAt(startAt, endAt);
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState,
    name,
    kind: SPAN_KINDS[kind] ?? 'unspecified',
    start,
    durationUs: Math.max(0, durationNs) / NS_PER_US,
    attributes: frozenAttributes(attributes),
    status: STATUSES[status] ?? 'unset',
  };
}

function readStatus(reader: Reader, before: number): number {
  const outer = reader.enter();
  let code = before;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === STATUS_CODE) code = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return code;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** An empty id is not valid, but allowed on the wire; another length is no id at all. */
function readId(reader: Reader, size: number): string {
  const [start, end] = reader.span();
  if (end === start) return '';
  if (end - start !== size) throw reader.fault(`an id of ${end - start} bytes instead of ${size}`);
  let text = '';
  for (let i = start; i < end; i += 1) text += HEX[reader.bytes[i]!];
  return text;
}
