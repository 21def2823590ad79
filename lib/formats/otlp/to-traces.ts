import { serviceName, serviceParts } from '../../model/service.ts';
import type { Trace, Span as TraceSpan } from '../../model/trace.ts';
import { type Attributes, first, text } from '../work/attributes.ts';
import type { DecodedTraces, Scope, Span } from './decoded.ts';
import { identify } from './identity.ts';
import { weightOf } from './sampling.ts';
import { isWorkFailed, statusOfWork, unitOfSpan } from './traces-facts.ts';

const US_PER_MS = 1000;
const MAX_SPANS_KEPT = 1_000;
/** Local roots of one process and trace that are asked whether they were alive when an orphan started. */
const MAX_ALIVE = 200;

interface Placed {
  readonly sent: Span;
  readonly span: TraceSpan;
}

/**
 * Local roots with the spans of their process. A local root is a SERVER or CONSUMER span, or one without a parent. A span
 * belongs to the nearest one above it; one whose parent is not here, to the root that was alive when it started, where its
 * parent stays the unknown one. Where none was, it is counted as left out of the first root's trace.
 */
export function tracesOfSpans(decoded: DecodedTraces): readonly Trace[] {
  const traces: Trace[] = [];
  for (const group of byProcessAndTrace(decoded))
    for (const trace of tracesOfGroup(group)) traces.push(trace);
  return traces;
}

interface Group {
  readonly resource: Attributes;
  readonly spans: Placed[];
}

/** One process may come as several resources of one request, or of several requests that were joined. */
function byProcessAndTrace({ resources }: DecodedTraces): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const { attributes, scopes } of resources) {
    const process = processOf(attributes);
    for (const { scope, spans } of scopes) {
      for (const sent of spans) {
        if (sent.start <= 0 || sent.spanId === '' || sent.traceId === '') continue;
        const key = `${process}\n${sent.traceId}`;
        const group = groups.get(key) ?? { resource: attributes, spans: [] };
        groups.set(key, group);
        group.spans.push({ sent, span: spanOf(sent, scope) });
      }
    }
  }
  return groups.values();
}

/** Same text, same process: its local roots own the spans, not those of others that share the trace. */
export function processOf(resource: Attributes): string {
  const { service, instance } = identify(resource);
  return `${service}\n${instance.key}\n${instance.joins.pid ?? ''}`;
}

function* tracesOfGroup({ resource, spans }: Group): Iterable<Trace> {
  const byId = new Map<string, Placed>();
  for (const placed of spans) if (!byId.has(placed.sent.spanId)) byId.set(placed.sent.spanId, placed);
  const placed = [...byId.values()].sort((a, b) => a.span.start - b.span.start);
  const roots = placed.filter(({ sent }) => isLocalRoot(sent));
  const owners = new Map<string, string | undefined>(roots.map(({ sent: { spanId } }) => [spanId, spanId]));
  const members = new Map<string, TraceSpan[]>();
  let begun = 0;
  let ownerless = 0;
  for (const one of placed) {
    if (isLocalRoot(one.sent)) continue;
    while (begun < roots.length && roots[begun]!.span.start <= one.span.start) begun += 1;
    const owner =
      ownerOf(one, byId, owners) ?? aliveRoot(one, roots.slice(Math.max(0, begun - MAX_ALIVE), begun));
    const list = owner === undefined ? undefined : members.get(owner);
    if (owner === undefined) ownerless += 1;
    else if (list === undefined) members.set(owner, [one.span]);
    else list.push(one.span);
  }
  for (const [r, root] of roots.entries())
    yield traceOf(root, members.get(root.sent.spanId) ?? [], r === 0 ? ownerless : 0, resource);
}

export const isLocalRoot = ({ kind, parentSpanId }: Span): boolean =>
  kind === 'server' || kind === 'consumer' || parentSpanId === '';

/**
 * Up the parents, as far as they are here; a circle ends nowhere. All that are passed are noted in `owners`, so that each
 * parent is walked once, however deep a chain is.
 */
function ownerOf(
  start: Placed,
  byId: ReadonlyMap<string, Placed>,
  owners: Map<string, string | undefined>,
): string | undefined {
  const passed: string[] = [];
  let at: Placed | undefined = start;
  while (at !== undefined && !owners.has(at.sent.spanId)) {
    passed.push(at.sent.spanId);
    owners.set(at.sent.spanId, undefined);
    at = byId.get(at.sent.parentSpanId);
  }
  const owner = at && owners.get(at.sent.spanId);
  for (const id of passed) owners.set(id, owner);
  return owner;
}

/** @param begun roots that started before the span, the last one last */
const aliveRoot = ({ span }: Placed, begun: readonly Placed[]): string | undefined =>
  begun.findLast((root) => root.span.end >= span.start)?.sent.spanId;

function traceOf(
  { sent, span: root }: Placed,
  spans: readonly TraceSpan[],
  leftOut: number,
  resource: Attributes,
): Trace {
  const { service, instance } = identify(resource);
  const named = service ?? serviceName({});
  const version = instance.version ?? '';
  return {
    source: 'otlp',
    traceId: sent.traceId,
    root,
    spans: spans.slice(0, MAX_SPANS_KEPT),
    droppedSpans: leftOut + Math.max(0, spans.length - MAX_SPANS_KEPT),
    name: sent.name,
    nameSource: sent.attributes.has('http.route') ? 'route' : '',
    unit: unitOfSpan(sent, resource),
    failed: isWorkFailed(sent),
    statusClass: statusOfWork(sent),
    weight: weightOf(sent.traceState),
    service: named,
    environment: serviceParts(named).environment,
    release: version,
    version,
    host: instance.joins.host ?? '',
    process: `${instance.key}${instance.joins.pid === undefined ? '' : ` ${instance.joins.pid}`}`,
    platform: platformOf(instance.language ?? ''),
    runtime: [text(resource, 'process.runtime.name'), text(resource, 'process.runtime.version')]
      .filter((part) => part !== undefined)
      .join(' '),
    sdk: {
      name: text(resource, 'telemetry.sdk.name') ?? '',
      version: text(resource, 'telemetry.sdk.version') ?? '',
      integrations: undefined,
    },
    profile: { eventId: '', profilerId: '' },
  };
}

/** Words of telemetry.sdk.language in Sentry's terms, which the nesting check speaks. */
const platformOf = (language: string): string =>
  language === 'nodejs' ? 'node' : language === 'webjs' ? 'javascript' : language;

function spanOf(sent: Span, scope: Scope): TraceSpan {
  const start = sent.start * US_PER_MS;
  return {
    spanId: sent.spanId,
    parentSpanId: sent.parentSpanId,
    op: opOf(sent),
    description: descriptionOf(sent),
    origin: scope.name,
    status: sent.status === 'unset' ? '' : sent.status,
    start,
    end: start + sent.durationUs,
    threadId: text(sent.attributes, 'thread.id') ?? '',
    threadName: text(sent.attributes, 'thread.name') ?? '',
  };
}

const STATEMENT = ['db.query.text', 'db.statement'];
const METHOD = ['http.request.method', 'http.method'];
const RPC = ['rpc.system.name', 'rpc.system'];

/** Sentry's words for what semantic conventions say. */
function opOf({ kind, attributes }: Span): string {
  const database = first(attributes, ['db.system.name', 'db.system']);
  if (database !== undefined || first(attributes, STATEMENT) !== undefined)
    return database === 'redis' || database === 'memcached' ? 'db.redis' : 'db';
  const hasMethod = first(attributes, METHOD) !== undefined;
  const isRpc = first(attributes, RPC) !== undefined;
  if (kind === 'server') return hasMethod ? 'http.server' : isRpc ? 'rpc.server' : 'server';
  if (kind === 'client') return isRpc ? 'rpc' : hasMethod ? 'http.client' : 'client';
  if (kind === 'producer') return 'queue.publish';
  return kind === 'consumer' ? 'queue.process' : 'function';
}

function descriptionOf({ kind, name, attributes }: Span): string {
  const statement = first(attributes, STATEMENT);
  if (statement !== undefined) return statement;
  const url = first(attributes, ['url.full', 'http.url']);
  if (kind === 'client' && url !== undefined) return `${first(attributes, METHOD) ?? 'GET'} ${url}`;
  return name;
}
