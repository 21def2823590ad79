import type { UnitOfWork } from '../../model/unit-of-work.ts';
import type { Attributes, AttributeValue } from '../work/attributes.ts';
import { graphqlUnit, httpUnit, isHttp, messageUnit, named, rpcUnit } from '../work/work-units.ts';
import type { JsonObject } from './json.ts';

/** What tells a local root's unit of work: its name and what the SDK says about the name, its op and its data. */
export interface RootFacts {
  readonly name: string;
  readonly nameSource: string;
  readonly op: string;
  /** Attributes of the root's span, `http.request.method` from the request among them. */
  readonly attributes: Attributes;
}

/** Text, numbers and booleans of span data; lists and objects name nothing. */
export function attributesOf(data: JsonObject): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, value] of Object.entries(data)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      attributes.set(key, value);
  }
  return attributes;
}

const METHOD_AND_PATH = /^([A-Z]{3,8}) +(\/.*)$/s;
const JOB_OP = /^(queue\.(process|receive)|celery|rq|task|cron|job|function)/;
const CALLS_OUT =
  /^(db|cache|http\.client|queue\.(publish|submit)|grpc\.client|rpc|file|socket|gen_ai|subprocess)/;

/**
 * The unit under the name that OTLP would give it, so that requests and memory of a service meet: `GET /orders/:id`.
 * A name that the SDK marks as a raw URL is templated; a function's name (Flask's `component`) stays and gets its method.
 */
export function unitOf({ name, nameSource, op, attributes }: RootFacts): UnitOfWork {
  const operation = graphqlUnit(attributes);
  if (operation !== undefined) return operation;
  if (op.startsWith('websocket')) return named('connection', name);
  if (op.startsWith('rpc') || op.startsWith('grpc')) return rpcUnit(attributes, name);
  if (nameSource === 'task' || op.startsWith('queue.task')) return named('job', name);
  if (attributes.has('messaging.system')) return messageUnit(attributes, name);
  if (JOB_OP.test(op)) return named('job', name);
  if (op.startsWith('http') || isHttp(attributes) || METHOD_AND_PATH.test(name))
    return httpUnitOf(name, nameSource, attributes);
  return named(name.startsWith('/') ? 'http' : 'job', name);
}

function httpUnitOf(name: string, nameSource: string, attributes: Attributes): UnitOfWork {
  const [, spoken, path = name] = METHOD_AND_PATH.exec(name) ?? [];
  const method = spoken ?? attributes.get('http.request.method') ?? attributes.get('http.method') ?? 'HTTP';
  const verb = String(method).toUpperCase().slice(0, 16);
  const isUrl = /^https?:/.test(path);
  if (!path.startsWith('/') && !isUrl) return named('http', `${verb} ${path}`);
  if (nameSource === 'url' || isUrl)
    return httpUnit(new Map([...attributes, ['http.request.method', verb], ['url.path', path]]));
  return httpUnit(attributes, { spanName: `${verb} ${path}` });
}

/** A local root that only calls out is no unit of work: SQL at start-up makes segments of its own. */
export const isWork = (op: string): boolean => !CALLS_OUT.test(op);
