import { Fault } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';
import { serviceName } from '../../model/service.ts';
import type { ProfileReport } from '../../model/telemetry.ts';
import type { Trace } from '../../model/trace.ts';
import { decodeSentry } from '../profiles/sentry.ts';
import type { DecodedEnvelope } from './decode.ts';
import { instanceOf } from './instance.ts';
import type { ProfileItem } from './profile-item.ts';
import { packageOf, versionOf } from './version.ts';

const NS_PER_MS = 1e6;
const US_PER_MS = 1000;

/**
 * The profiles of an envelope, each with its service. A transaction's profile belongs to the transaction beside it, which
 * names its unit of work as requests and memory call it. A chunk of the continuous profiler counts for its service as it
 * is: which transactions ran meanwhile is known only after the join, which counts it for their units.
 *
 * A profile that cannot be read is dropped by itself, and counted by `drop`.
 */
export function profileReports(
  { profiles, traces, context }: DecodedEnvelope,
  drop: (reason: string) => void,
): ProfileReport[] {
  const byEvent = new Map(
    traces.flatMap((trace) =>
      trace.profile.eventId === '' ? [] : [[trace.profile.eventId, trace] as const],
    ),
  );
  return profiles.flatMap((item) => {
    const profile = decoded(item, drop);
    if (profile === undefined || profile.start === null) return [];
    const trace = item.kind === 'transaction' ? byEvent.get(item.eventId) : undefined;
    return [trace === undefined ? reportAlone(profile, context.project) : ofTransaction(profile, trace)];
  });
}

function decoded({ kind, payload }: ProfileItem, drop: (reason: string) => void): Profile | undefined {
  try {
    return decodeSentry(payload);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    drop(`${kind === 'chunk' ? 'profile_chunk' : 'profile'} that cannot be read (${error.code})`);
    return undefined;
  }
}

function ofTransaction(profile: Profile, trace: Trace): ProfileReport {
  const { root, traceId, service, unit } = trace;
  return {
    service,
    instance: instanceOf(trace),
    lifeStart: null,
    time: root.end / US_PER_MS,
    // The profile has the transaction's bare name; of several transactions in one profile each keeps its own.
    profile: profile.units.length === 1 ? { ...profile, units: [unit] } : profile,
    transaction: { traceId, spanId: root.spanId, durationUs: root.end - root.start },
  };
}

/** Of a profile that comes without its transaction, as a chunk does. */
export function reportAlone(profile: Profile, project: string): ProfileReport {
  const { labels } = profile;
  const release = labels.get('release') ?? '';
  return {
    service: serviceName({
      environment: labels.get('environment') ?? '',
      name: project || packageOf(release),
    }),
    instance: instanceOf({
      host: '',
      version: versionOf(release),
      platform: labels.get('platform') ?? '',
      sdk: { name: '', version: '', integrations: undefined },
    }),
    lifeStart: null,
    time: (profile.start ?? 0) + (profile.durationNs ?? 0) / NS_PER_MS,
    profile,
  };
}
