import type { UnitOfWork } from '../../model/unit-of-work.ts';
import type { Attributes, AttributeValue } from '../otlp/decoded.ts';
import { graphqlUnit, httpUnit, isHttp, messageUnit, named, rpcUnit } from '../otlp/work-units.ts';
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

const METHOD_AND_PATH = /^[A-Z]{3,8} +\//;
const JOB_OP = /^(queue\.(task|process|receive)|celery|rq|task|cron|job|function)/;
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
  if (attributes.has('messaging.system') && !op.startsWith('queue.task'))
    return messageUnit(attributes, name);
  if (JOB_OP.test(op)) return named('job', name);
  if (op.startsWith('http') || isHttp(attributes) || METHOD_AND_PATH.test(name))
    return httpUnitOf(name, nameSource, attributes);
  if (attributes.has('messaging.system') && !op.startsWith('queue.task'))
    return messageUnit(attributes, name);
  return named(JOB_OP.test(op) || !name.startsWith('/') ? 'job' : 'http', name);
}

function httpUnitOf(name: string, nameSource: string, attributes: Attributes): UnitOfWork {
  if (METHOD_AND_PATH.test(name)) return httpUnit(attributes, { spanName: name });
  const method = String(attributes.get('http.request.method') ?? attributes.get('http.method') ?? 'HTTP');
  const verb = method.toUpperCase().slice(0, 16);
  if (!name.startsWith('/') && !/^https?:/.test(name)) return named('http', `${verb} ${name}`);
  if (nameSource === 'url' || /^https?:/.test(name))
    return httpUnit(new Map([...attributes, ['http.request.method', verb], ['url.path', name]]));
  return httpUnit(attributes, { spanName: `${verb} ${name}` });
}

/** A local root that only calls out is no unit of work: SQL at start-up makes segments of its own. */
export const isWork = (op: string): boolean => !CALLS_OUT.test(op);
