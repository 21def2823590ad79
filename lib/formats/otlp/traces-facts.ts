import type { InstanceReport, UploadFacts, WorkSpan } from '../../model/telemetry.ts';
import type { UnitOfWork } from '../../model/unit-of-work.ts';
import type { Attributes } from '../work/attributes.ts';
import { templatePath } from '../work/path-template.ts';
import {
  faasUnit,
  graphqlUnit,
  httpStatus,
  httpUnit,
  isHttp,
  messageUnit,
  named,
  rpcUnit,
  statusClass,
} from '../work/work-units.ts';
import { allocatedIn } from './allocated.ts';
import type { DecodedTraces, Span } from './decoded.ts';
import { identify } from './identity.ts';
import { weightOf } from './sampling.ts';
import { Tally } from './tally.ts';

const US_PER_MS = 1000;
const SERVER_ERROR = 500;

/** Finds the finished work in an upload's spans: those of kind SERVER and CONSUMER, one each. */
export function tracesFacts(decoded: DecodedTraces): UploadFacts {
  const tally = new Tally();
  const reports: InstanceReport[] = [];
  for (const { attributes, scopes } of decoded.resources) {
    const { service, instance } = identify(attributes);
    const work: WorkSpan[] = [];
    for (const { spans } of scopes) {
      for (const span of spans) {
        tally.see(span.start);
        tally.see(span.start + span.durationUs / US_PER_MS);
        if (span.kind !== 'server' && span.kind !== 'consumer') continue;
        if (span.start <= 0) tally.drop('span without a time');
        else if (service === undefined) tally.drop('span without a service');
        else work.push(workSpan(span, attributes));
      }
    }
    if (service !== undefined && work.length > 0)
      reports.push({ service, instance, levels: [], counts: [], work });
  }
  const { unused, dropped, earliest, latest } = tally;
  return { reports, machines: [], unused, dropped, earliest, latest, points: 0, spans: decoded.spans };
}

/** Also a SERVER span without an error failed when its status is the server's fault. */
export function isWorkFailed({ status, attributes }: Span): boolean {
  const code = httpStatus(attributes);
  return status === 'error' || (code !== undefined && code >= SERVER_ERROR);
}

export const statusOfWork = (span: Span): string =>
  statusClass(span.attributes) || (isWorkFailed(span) ? 'error' : 'ok');

function workSpan(span: Span, resource: Attributes): WorkSpan {
  const allocated = allocatedIn(span.attributes);
  return {
    unit: unitOfSpan(span, resource),
    status: statusOfWork(span),
    failed: isWorkFailed(span),
    start: span.start,
    durationUs: span.durationUs,
    weight: weightOf(span.traceState),
    traceId: span.traceId,
    spanId: span.spanId,
    ...(allocated && { allocated }),
  };
}

export function unitOfSpan({ kind, name, attributes }: Span, resource: Attributes): UnitOfWork {
  const operation = graphqlUnit(attributes);
  if (operation !== undefined) return operation;
  if (kind === 'consumer') return messageUnit(attributes, name);
  if (attributes.has('rpc.method') || attributes.has('rpc.service')) return rpcUnit(attributes, name);
  if (isHttp(attributes)) return httpUnit(attributes, { spanName: name });
  if (attributes.has('faas.trigger')) return faasUnit(attributes, resource);
  if (attributes.has('messaging.system')) return messageUnit(attributes, name);
  if (name.includes('/')) return httpUnit(attributes, { spanName: name });
  return named('rpc', name === '' ? '(no name)' : templateWords(name));
}

/** Ids in a free name would make a unit of each. */
const templateWords = (name: string): string =>
  name
    .split(' ')
    .map((word) => templatePath(word).slice(1))
    .join(' ');
