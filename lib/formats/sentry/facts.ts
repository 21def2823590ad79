import type { InstanceReport, ProfileReport, UploadFacts, WorkSpan } from '../../model/telemetry.ts';
import type { Trace } from '../../model/trace.ts';
import type { DecodedEnvelope } from './decode.ts';
import { instanceOf } from './instance.ts';
import { profileReports } from './profile-reports.ts';
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
  const dropped = new Map(decoded.dropped);
  const profiles = profileReports(decoded, (reason) => dropped.set(reason, (dropped.get(reason) ?? 0) + 1));
  for (const { time } of profiles) {
    earliest = Math.min(earliest ?? time, time);
    latest = Math.max(latest ?? time, time);
  }
  return {
    reports: withProfiles(reports, profiles),
    profiles,
    machines: [],
    unused: new Map(),
    dropped,
    earliest,
    latest,
    points: 0,
    spans: decoded.spans,
    ...(decoded.sentAt !== undefined && { sentAt: decoded.sentAt / US_PER_MS }),
  };
}

const reportOf = (trace: Trace): InstanceReport => ({
  service: trace.service,
  instance: instanceOf(trace),
  levels: [],
  counts: [],
  work: [workOf(trace)],
});

/**
 * Says of each transaction whether its profile came with it: most of those without one were too short, or not chosen. Of
 * the continuous profiler's transactions nobody knows yet.
 */
function withProfiles(reports: readonly InstanceReport[], profiles: readonly ProfileReport[]) {
  const profiled = new Set(profiles.map(({ transaction }) => transaction?.spanId));
  return reports.map((report) => ({
    ...report,
    work: report.work.map((span) =>
      span.profiled === undefined ? span : { ...span, profiled: profiled.has(span.spanId) },
    ),
  }));
}

const workOf = ({ source, unit, statusClass, failed, root, weight, traceId, profile }: Trace): WorkSpan => ({
  unit,
  status: statusClass,
  failed,
  start: root.start / US_PER_MS,
  durationUs: root.end - root.start,
  weight,
  traceId,
  spanId: root.spanId,
  ...(source === 'sentry-transaction' && profile.profilerId === '' && { profiled: false }),
});
