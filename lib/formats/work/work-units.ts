import type { UnitKind, UnitOfWork } from '../../model/unit-of-work.ts';
import { type Attributes, clip, first, text } from './attributes.ts';
import { isTemplate, templatePath } from './path-template.ts';

// What was worked on, from the attributes of a point or a span. Semantic conventions, stable and old, come first; then
// Micrometer's and prom-client's words.

const MAX_NAME_LENGTH = 256;
const METHOD = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY|HTTP) +(\/\S*)$/;

const METHOD_KEYS = ['http.request.method', 'http.method', 'method'];
const PATH_KEYS = ['url.path', 'http.target', 'http.path', 'path', 'url.full', 'http.url'];
/** What Micrometer, prom-client's users and others call the route on metrics. It may be a raw path. */
const CUSTOM_ROUTE_KEYS = ['uri', 'route', 'handler'];
const STATUS_KEYS = ['http.response.status_code', 'http.status_code', 'status', 'status_code', 'code'];
const NO_ROUTE = '(no route)';
const NOT_FOUND = 404;
/** What stands where no route is known. */
const PLACEHOLDER_ROUTE = /^(unknown|not_found|redirection|root|none|#val|unmatched)$/i;

export interface HttpHints {
  /** Name of the span, which is by convention `METHOD route`. */
  readonly spanName?: string;
  /** Old Python instrumentations put the route's template into http.target of their metrics. */
  readonly targetIsRoute?: boolean;
}

/** Never the raw path: that would make a unit of every id. */
export function httpUnit(attributes: Attributes, hints: HttpHints = {}): UnitOfWork {
  const sent = first(attributes, METHOD_KEYS)?.toUpperCase();
  const method = sent === undefined || sent === '_OTHER' ? 'HTTP' : sent;
  const route = text(attributes, 'http.route');
  if (route !== undefined) return named('http', METHOD.test(route) ? route : `${method} ${route}`);
  // A path that no route matched: scanners send thousands of them.
  const noRoute = named('http', `${method} ${NO_ROUTE}`);
  const spoken = METHOD.exec(hints.spanName ?? '');
  if (spoken !== null) {
    const [, verb = method, path = ''] = spoken;
    return httpStatus(attributes) === NOT_FOUND && !isTemplate(path)
      ? noRoute
      : unitOfPath(verb, path, 'route');
  }
  const custom = hints.spanName === undefined ? first(attributes, CUSTOM_ROUTE_KEYS) : undefined;
  const target = hints.targetIsRoute ? text(attributes, 'http.target') : undefined;
  const likely = custom ?? target;
  if (likely !== undefined) {
    return PLACEHOLDER_ROUTE.test(likely) ? noRoute : unitOfPath(method, likely, 'route');
  }
  const path = first(attributes, PATH_KEYS);
  if (path === undefined || httpStatus(attributes) === NOT_FOUND) return noRoute;
  return unitOfPath(method, path, 'raw');
}

/** A path that should be a route is one, unless it carries what looks like ids. */
function unitOfPath(method: string, path: string, meant: 'route' | 'raw'): UnitOfWork {
  if (meant === 'route' && isTemplate(path)) return named('http', `${method} ${path}`);
  const template = templatePath(path);
  const unit = named('http', `${method} ${template}`);
  return meant === 'raw' || template !== path ? { ...unit, guessed: true } : unit;
}

export function rpcUnit(attributes: Attributes, spanName = ''): UnitOfWork {
  const method = text(attributes, 'rpc.method');
  const service = text(attributes, 'rpc.service');
  if (method === undefined) return named('rpc', service ?? (spanName || '(no method)'));
  return named('rpc', service === undefined || method.includes('/') ? method : `${service}/${method}`);
}

const JOB_SYSTEMS =
  /^(celery|sidekiq|bullmq|bull|resque|delayed_job|hangfire|quartz|dramatiq|rq|good_job|solid_queue)$/i;
const JOB_NAMES = [
  'celery.task_name',
  'messaging.sidekiq.job_class',
  'messaging.bullmq.job.name',
  'code.function.name',
  'code.function',
];

export function messageUnit(attributes: Attributes, spanName = ''): UnitOfWork {
  const system = text(attributes, 'messaging.system') ?? '';
  const destination = first(attributes, [
    'messaging.destination.template',
    'messaging.destination.name',
    'messaging.destination',
  ]);
  if (JOB_SYSTEMS.test(system)) {
    return named('job', first(attributes, JOB_NAMES) ?? (spanName || destination || '(no name)'));
  }
  const operation =
    first(attributes, ['messaging.operation.name', 'messaging.operation.type', 'messaging.operation']) ??
    'process';
  if (destination === undefined && spanName !== '') return named('message', spanName);
  return named('message', `${operation} ${destination ?? '(no destination)'}`);
}

const FAAS_KINDS: Readonly<Record<string, UnitKind>> = {
  timer: 'job',
  pubsub: 'message',
  datasource: 'message',
};

export function faasUnit(attributes: Attributes, resource: Attributes): UnitOfWork {
  const name =
    text(attributes, 'faas.invoked_name') ?? text(resource, 'faas.name') ?? text(resource, 'service.name');
  return named(FAAS_KINDS[text(attributes, 'faas.trigger') ?? ''] ?? 'job', `invoke ${name ?? '(no name)'}`);
}

export function graphqlUnit(attributes: Attributes): UnitOfWork | undefined {
  const name = text(attributes, 'graphql.operation.name');
  const type = text(attributes, 'graphql.operation.type');
  return name === undefined && type === undefined
    ? undefined
    : named('graphql', `${type ?? 'query'} ${name ?? '(anonymous)'}`);
}

export const isHttp = (attributes: Attributes): boolean =>
  attributes.has('http.route') ||
  attributes.has('http.request.method') ||
  attributes.has('http.method') ||
  attributes.has('http.url') ||
  attributes.has('http.target');

export function httpStatus(attributes: Attributes): number | undefined {
  const status = Number(first(attributes, STATUS_KEYS) ?? Number.NaN);
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** '2xx' … '5xx', else 'error' where an error is told, else ''. */
export function statusClass(attributes: Attributes): string {
  const status = httpStatus(attributes);
  if (status !== undefined) return `${Math.floor(status / 100)}xx`;
  const grpc = first(attributes, ['rpc.response.status_code', 'rpc.grpc.status_code']);
  if (grpc !== undefined) return grpc === '0' || grpc.toUpperCase() === 'OK' ? 'ok' : 'error';
  const error = text(attributes, 'error.type');
  return error !== undefined && error !== 'none' ? 'error' : '';
}

export const named = (kind: UnitKind, name: string): UnitOfWork => ({
  kind,
  name: clip(name, MAX_NAME_LENGTH),
});
