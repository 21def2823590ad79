import type { Span } from '../../model/trace.ts';
import { idAt, type JsonObject, objectAt, textAt } from './json.ts';
import { timeUs } from './times.ts';

const SPAN_DIGITS = 16;
const OP_CHARS = 256;

/** What a span's own fields and its data say under one name; SDKs write origin and op here or there. */
export interface SpanFields {
  readonly start: unknown;
  readonly end: unknown;
  readonly description: string;
}

/**
 * One span of a transaction or a container, or the reason why it cannot be placed.
 *
 * @param data `data` of a transaction's span, flattened `attributes` of a streamed one
 */
export function readSpan(item: JsonObject, data: JsonObject, fields: SpanFields): Span | string {
  const spanId = idAt(item, 'span_id', SPAN_DIGITS);
  if (spanId === '') return 'span without an id';
  const start = timeUs(fields.start);
  if (start === undefined) return 'span without a start';
  const sentEnd = fields.end === null || fields.end === undefined ? undefined : timeUs(fields.end);
  if (sentEnd === undefined && fields.end !== null && fields.end !== undefined) return 'span without an end';
  if (sentEnd !== undefined && sentEnd < start) return 'span that ends before it starts';
  return {
    spanId,
    parentSpanId: idAt(item, 'parent_span_id', SPAN_DIGITS),
    op: textAt(item, 'op', OP_CHARS) || textAt(data, 'sentry.op', OP_CHARS) || 'default',
    description: fields.description,
    origin: textAt(item, 'origin', OP_CHARS) || textAt(data, 'sentry.origin', OP_CHARS),
    // A span that was open when its transaction ended has no end: Relay gives it no duration and this status.
    status: sentEnd === undefined ? 'deadline_exceeded' : textAt(item, 'status', OP_CHARS),
    start,
    end: sentEnd ?? start,
    threadId: textAt(data, 'thread.id', OP_CHARS),
    threadName: textAt(data, 'thread.name', OP_CHARS),
  };
}

/** A span of a transaction: its times are called `start_timestamp` and `timestamp`. */
export const readTransactionSpan = (item: JsonObject): Span | string =>
  readSpan(item, objectAt(item, 'data'), {
    start: item.start_timestamp,
    end: item.timestamp,
    description: textAt(item, 'description'),
  });
