import { serviceName } from '../../model/service.ts';
import type { Span, Trace } from '../../model/trace.ts';
import { idAt, isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from './json.ts';
import { MAX_SPANS_KEPT } from './limits.ts';
import { outcome } from './outcome.ts';
import { readTransactionSpan } from './span.ts';
import { attributesOf, unitOf } from './unit.ts';
import { packageOf, versionOf } from './version.ts';

const ID_DIGITS = 32;
const NAME_CHARS = 1_024;
const FIELD_CHARS = 255;
const UNLABELED = '<unlabeled transaction>';

/** What a transaction cannot say itself. */
export interface TraceContext {
  /** Names the service: Sentry's project; where there is none ('', files), the release's package does. */
  readonly project: string;
  /** The envelope's, which a transaction without one takes. */
  readonly eventId: string;
  /** 1 / sampling rate of the envelope's header. */
  readonly weight: number | undefined;
}

/** Counts by reason what cannot be used. */
export type Drop = (reason: string, count?: number) => void;

/** A transaction as a trace; undefined, with its reason counted, when it has no times or no ids. */
export function readTransaction(event: JsonObject, context: TraceContext, drop: Drop): Trace | undefined {
  const contexts = objectAt(event, 'contexts');
  const trace = objectAt(contexts, 'trace');
  const data = objectAt(trace, 'data');
  const traceId = idAt(trace, 'trace_id', ID_DIGITS);
  if (traceId === '') return refused(drop, 'transaction without a trace id');
  const name = textAt(event, 'transaction', NAME_CHARS) || UNLABELED;
  const root = readTransactionSpan({
    ...trace,
    start_timestamp: event.start_timestamp,
    timestamp: event.timestamp,
    description: name,
  });
  if (typeof root === 'string') return refused(drop, root.replace('span', 'transaction'));
  if (event.timestamp === undefined || event.timestamp === null)
    return refused(drop, 'transaction without an end');
  const nameSource = textAt(objectAt(event, 'transaction_info'), 'source', FIELD_CHARS);
  const attributes = attributesOf(data);
  fillIn(attributes, event, contexts);
  const { spans, left } = readSpans(event, root, drop);
  const environment = textAt(event, 'environment', FIELD_CHARS);
  const release = textAt(event, 'release', FIELD_CHARS);
  const sdk = objectAt(event, 'sdk');
  const runtime = objectAt(contexts, 'runtime');
  return {
    source: 'sentry-transaction',
    traceId,
    root,
    spans,
    droppedSpans: left,
    name,
    nameSource,
    unit: unitOf({ name, nameSource, op: root.op, attributes }),
    failed: outcome(root.status, attributes).failed,
    statusClass: outcome(root.status, attributes).status,
    weight: context.weight ?? weightOfRate(numberAt(data, 'sentry.sample_rate')),
    service: serviceName({ environment, name: context.project || packageOf(release) }),
    environment,
    release,
    version: versionOf(release),
    host: textAt(event, 'server_name', FIELD_CHARS),
    process: textAt(objectAt(contexts, 'app'), 'app_start_time', FIELD_CHARS),
    platform: textAt(event, 'platform', FIELD_CHARS),
    runtime: `${textAt(runtime, 'name', FIELD_CHARS)} ${textAt(runtime, 'version', FIELD_CHARS)}`.trim(),
    sdk: {
      name: textAt(sdk, 'name', FIELD_CHARS),
      version: textAt(sdk, 'version', FIELD_CHARS),
      integrations: integrationsOf(sdk.integrations),
    },
    profile: {
      eventId: idAt(event, 'event_id', ID_DIGITS) || context.eventId,
      profilerId:
        idAt(objectAt(contexts, 'profile'), 'profiler_id', ID_DIGITS) || idAt(data, 'profiler_id', ID_DIGITS),
    },
  };
}

function refused(drop: Drop, reason: string): undefined {
  drop(reason);
}

/** Method and status, where the SDK tells them beside the span and not in it. */
function fillIn(attributes: Map<string, string | number | boolean>, event: JsonObject, contexts: JsonObject) {
  const method = textAt(objectAt(event, 'request'), 'method', FIELD_CHARS);
  if (method !== '' && !attributes.has('http.request.method') && !attributes.has('http.method'))
    attributes.set('http.request.method', method);
  const status = numberAt(objectAt(contexts, 'response'), 'status_code');
  if (status !== undefined && !attributes.has('http.response.status_code'))
    attributes.set('http.response.status_code', status);
}

function readSpans(event: JsonObject, root: Span, drop: Drop): { spans: readonly Span[]; left: number } {
  const spans: Span[] = [];
  const items = listAt(event, 'spans');
  for (const item of items.slice(0, MAX_SPANS_KEPT)) {
    const span = isObject(item) ? readTransactionSpan(item) : 'span that is no object';
    if (typeof span === 'string') drop(span);
    else if (span.spanId === root.spanId) drop('span with the id of its transaction');
    else spans.push(span);
  }
  const beyond = Math.max(0, items.length - MAX_SPANS_KEPT);
  if (beyond > 0) drop(`span beyond the first ${MAX_SPANS_KEPT}`, beyond);
  spans.sort((a, b) => a.start - b.start);
  // SDKs that stop at 1,000 spans write how many there were.
  const sent = numberAt(objectAt(objectAt(objectAt(event, '_meta'), 'spans'), ''), 'len') ?? 0;
  return { spans, left: Math.max(beyond, Math.round(sent) - items.length, 0) };
}

const integrationsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((name) => typeof name === 'string').slice(0, 500) : undefined;

/** A rate outside of (0, 1] is none. */
export const weightOfRate = (rate: number | undefined): number | undefined =>
  rate !== undefined && rate > 0 && rate <= 1 ? 1 / rate : undefined;
