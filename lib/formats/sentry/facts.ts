import type { InstanceIdentity, InstanceReport, UploadFacts, WorkSpan } from '../../model/telemetry.ts';
import type { Trace } from '../../model/trace.ts';
import type { DecodedEnvelope } from './decode.ts';
import { isWork } from './unit.ts';

const US_PER_MS = 1000;

/** Transactions and segments as finished work: counts and latency fold from it at once, before anything is joined. */
export function envelopeFacts(decoded: DecodedEnvelope): UploadFacts {
  let earliest: number | undefined;
  let latest: number | undefined;
  const reports: InstanceReport[] = [];
  for (const trace of decoded.traces) {
    const start = trace.root.start / US_PER_MS;
    const end = trace.root.end / US_PER_MS;
    earliest = Math.min(earliest ?? start, start);
    latest = Math.max(latest ?? end, end);
    if (isWork(trace.root.op)) reports.push(reportOf(trace));
  }
  return {
    reports,
    machines: [],
    unused: new Map(),
    dropped: decoded.dropped,
    earliest,
    latest,
    points: 0,
    spans: decoded.spans,
  };
}

const reportOf = (trace: Trace): InstanceReport => ({
  service: trace.service,
  instance: identityOf(trace),
  levels: [],
  counts: [],
  work: [workOf(trace)],
});

/** Sentry names a machine at most: workers of one host are one instance here, and their memory comes by other ways. */
function identityOf({ host, version, platform, sdk }: Trace): InstanceIdentity {
  return {
    key: host === '' ? 'unnamed' : host,
    source: host === '' ? 'none' : 'host.name',
    joins: host === '' ? {} : { host },
    ...(version !== '' && { version }),
    ...(platform !== '' && { language: platform === 'node' ? 'nodejs' : platform }),
    ...(sdk.name !== '' && { sdk: sdk.version === '' ? sdk.name : `${sdk.name}/${sdk.version}` }),
  };
}

const workOf = ({ unit, statusClass, failed, root, weight, traceId }: Trace): WorkSpan => ({
  unit,
  status: statusClass,
  failed,
  start: root.start / US_PER_MS,
  durationUs: root.end - root.start,
  weight,
  traceId,
  spanId: root.spanId,
});
