import { serviceName } from '../../model/service.ts';
import type { Span, Trace } from '../../model/trace.ts';
import { idAt, isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from './json.ts';
import { MAX_SPANS_KEPT, MAX_STREAMED_SPANS } from './limits.ts';
import { outcome } from './outcome.ts';
import { readSpan } from './span.ts';
import { type Drop, type TraceContext, weightOfRate } from './transaction.ts';
import { attributesOf, unitOf } from './unit.ts';
import { packageOf, versionOf } from './version.ts';

// Span v2 containers: https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/

const ID_DIGITS = 32;
const SPAN_DIGITS = 16;
const FIELD_CHARS = 255;
/** Python's SDK traces its own upload. */
const OWN_THREAD = 'sentry-sdk.BackgroundWorker';

/** A streamed span, alone: its segment may come in another envelope, before it or after it. */
export interface StreamedSpan {
  readonly traceId: string;
  /** The segment's span id; '' when not told. */
  readonly segmentId: string;
  readonly isSegment: boolean;
  readonly span: Span;
  readonly data: JsonObject;
}

/** The spans of one container. What cannot be placed is counted. */
export function readStreamedSpans(container: JsonObject, drop: Drop): readonly StreamedSpan[] {
  const streamed: StreamedSpan[] = [];
  const items = listAt(container, 'items');
  for (const item of items.slice(0, MAX_STREAMED_SPANS)) {
    const one = isObject(item) ? readStreamedSpan(item) : 'span that is no object';
    if (typeof one === 'string') drop(one);
    else if (one.span.threadName !== OWN_THREAD) streamed.push(one);
  }
  if (items.length > MAX_STREAMED_SPANS)
    drop(`span beyond the first ${MAX_STREAMED_SPANS}`, items.length - MAX_STREAMED_SPANS);
  return streamed;
}

function readStreamedSpan(item: JsonObject): StreamedSpan | string {
  const traceId = idAt(item, 'trace_id', ID_DIGITS);
  if (traceId === '') return 'span without a trace id';
  const data = flattened(objectAt(item, 'attributes'));
  const description = textAt(data, 'db.query.text') || textAt(item, 'name');
  const span = readSpan(item, data, { start: item.start_timestamp, end: item.end_timestamp, description });
  if (typeof span === 'string') return span;
  const isSegment = item.is_segment === true;
  return {
    traceId,
    segmentId: isSegment ? span.spanId : idAt(data, 'sentry.segment.id', SPAN_DIGITS),
    isSegment,
    span: isSegment ? { ...span, description: textAt(item, 'name') } : span,
    data,
  };
}

/** `{key: {type, value}}` → `{key: value}` */
const flattened = (attributes: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([key, attribute]) => [
      key,
      isObject(attribute) ? attribute.value : attribute,
    ]),
  );

/** A streamed span with what its envelope says about it. */
export interface SentSpan {
  readonly one: StreamedSpan;
  readonly context: TraceContext;
}

/**
 * Segments with the spans below them, however many envelopes both came in. What was sent again counts once; spans whose
 * segment is not among them are left out.
 */
export function tracesOfSentSpans(sent: readonly SentSpan[]): readonly Trace[] {
  const keyOf = ({ one: { traceId, segmentId } }: SentSpan) => `${traceId} ${segmentId}`;
  const segments = new Map<string, SentSpan>();
  const children = new Map<string, Map<string, Span>>();
  for (const item of sent) {
    const { isSegment, span, segmentId } = item.one;
    if (isSegment) segments.set(keyOf(item), item);
    if (isSegment || span.spanId === segmentId) continue;
    const spans = children.get(keyOf(item)) ?? new Map<string, Span>();
    children.set(keyOf(item), spans.set(span.spanId, span));
  }
  return [...segments].map(([key, { one, context }]) =>
    traceOfSegment(one, [...(children.get(key)?.values() ?? [])], context),
  );
}

/** A segment and its spans, however many containers they came in, as a trace. */
function traceOfSegment(
  { traceId, span: root, data }: StreamedSpan,
  spans: readonly Span[],
  context: TraceContext,
): Trace {
  const name = root.description || '<unlabeled transaction>';
  const nameSource = textAt(data, 'sentry.segment.name.source', FIELD_CHARS);
  const attributes = attributesOf(data);
  const environment = textAt(data, 'sentry.environment', FIELD_CHARS);
  const release = textAt(data, 'sentry.release', FIELD_CHARS);
  const sdkName = textAt(data, 'sentry.sdk.name', FIELD_CHARS);
  const platform = textAt(data, 'sentry.platform', FIELD_CHARS) || platformOf(sdkName);
  const integrations = listAt(data, 'sentry.sdk.integrations').filter((item) => typeof item === 'string');
  const { failed, status } = outcome(root.status, attributes);
  const runtime = ['process.runtime.name', 'process.runtime.version'].map((key) =>
    textAt(data, key, FIELD_CHARS),
  );
  return {
    source: 'sentry-spans',
    traceId,
    root,
    spans: [...spans].sort((a, b) => a.start - b.start).slice(0, MAX_SPANS_KEPT),
    droppedSpans: Math.max(0, spans.length - MAX_SPANS_KEPT),
    name,
    nameSource,
    unit: unitOf({ name, nameSource, op: root.op, attributes }),
    failed,
    statusClass: status,
    weight: context.weight ?? weightOfRate(numberAt(data, 'sentry.sample_rate')),
    service: serviceName({ environment, name: context.project || packageOf(release) }),
    environment,
    release,
    version: versionOf(release),
    // In Node, server.address is what the client asked for.
    host:
      textAt(data, 'host.name', FIELD_CHARS) ||
      (platform === 'python' ? textAt(data, 'server.address', FIELD_CHARS) : ''),
    process: textAt(data, 'app.start_time', FIELD_CHARS),
    platform,
    runtime: runtime.join(' ').trim(),
    sdk: {
      name: sdkName,
      version: textAt(data, 'sentry.sdk.version', FIELD_CHARS),
      integrations: integrations.length === 0 ? undefined : (integrations as string[]),
    },
    profile: { eventId: '', profilerId: idAt(data, 'sentry.profiler_id', ID_DIGITS) },
  };
}

/** `sentry.javascript.node` → `node`, `sentry.python.fastapi` → `python` */
function platformOf(sdk: string): string {
  const [, language = '', flavour = ''] = sdk.split('.');
  return language === 'javascript'
    ? /browser|react|vue|svelte|angular/.test(flavour)
      ? 'javascript'
      : 'node'
    : language;
}
