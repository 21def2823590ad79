import type { Profile, SampleType } from '../../model/profile.ts';
import type { ServiceName } from '../../model/service.ts';
import type { InstanceIdentity, ProfileReport, UploadFacts } from '../../model/telemetry.ts';
import type { EpochMs } from '../../model/units.ts';
import { withPlaces } from './places.ts';

const NS_PER_MS = 1e6;

export interface ReportOf {
  readonly service: ServiceName;
  readonly instance: InstanceIdentity;
  readonly profile: Profile;
  /** As the request says; undefined: the profile's own, or else the arrival. */
  readonly from: EpochMs | undefined;
  readonly until: EpochMs | undefined;
  readonly receivedAt: EpochMs;
}

/**
 * Puts a profile at the end of the period that it covers. What the request says comes first: `time_nanos` of some SDKs is
 * the end of the period, of others its start, and of old ones a time in 1970.
 */
export function reportOf({ profile, from, until, receivedAt, ...who }: ReportOf): ProfileReport {
  const durationNs = profile.durationNs ?? lengthOf(from, until);
  const own = profile.start === null ? undefined : profile.start + (profile.durationNs ?? 0) / NS_PER_MS;
  // A clock of the payload that is ahead of us by the length of the profile is one that gave the end as the start.
  const time = until ?? (own !== undefined && own > receivedAt ? profile.start! : own) ?? from ?? receivedAt;
  return { ...who, lifeStart: null, time, profile: { ...withPlaces(profile), durationNs } };
}

const lengthOf = (from: EpochMs | undefined, until: EpochMs | undefined): number | null =>
  from === undefined || until === undefined || until <= from ? null : (until - from) * NS_PER_MS;

export function factsOfProfiles(profiles: readonly ProfileReport[]): UploadFacts {
  let earliest: EpochMs | undefined;
  let latest: EpochMs | undefined;
  for (const { time } of profiles) {
    if (earliest === undefined || time < earliest) earliest = time;
    if (latest === undefined || time > latest) latest = time;
  }
  return {
    reports: [],
    profiles,
    machines: [],
    unused: new Map(),
    dropped: new Map(),
    earliest,
    latest,
    points: profiles.length,
    spans: 0,
  };
}

export const withTypes = (profile: Profile, change: (type: SampleType) => SampleType): Profile => ({
  ...profile,
  sampleTypes: profile.sampleTypes.map(change),
});

const LOCK_VALUES: Readonly<Record<string, string>> = { contentions: 'count', delay: 'duration' };

/**
 * Go calls the values of its mutex and of its block profile alike. The name of the profile tells them apart, in the words of
 * Pyroscope's SDK for Go: `mutex_count`, `block_duration`.
 *
 * @param name `mutex`, `block`, `godeltaprof_mutex`; any other changes nothing
 */
export function withLock(profile: Profile, name: string): Profile {
  const [lock] = /(mutex|block)$/.exec(name) ?? [];
  if (lock === undefined) return profile;
  return withTypes(profile, (type) =>
    Object.hasOwn(LOCK_VALUES, type.type) ? { ...type, type: `${lock}_${LOCK_VALUES[type.type]}` } : type,
  );
}
