import { PROFILE_ROUTES, type ProfileRoute } from '../formats/profile-uploads/index.ts';
import type { ProfileReport, UploadFacts } from '../model/telemetry.ts';
import type { EpochMs } from '../model/units.ts';

export type { ProfileRoute } from '../formats/profile-uploads/index.ts';

/** What the door needs to know of a request with profiles before it stores it. */
export interface RecognisedProfiles {
  readonly profiles: number;
  readonly identity: Uint8Array;
  /** Query parameters in canonical order, and what else tells this upload from one with equal bytes. */
  readonly naming: string;
  /** What the analysis will read in it; undefined where that depends on the moment of arrival, which is not known yet. */
  readonly facts: UploadFacts | undefined;
}

export interface ProfileRequest {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly query: URLSearchParams;
  /** Idempotency-Key; '' when there is none. */
  readonly key: string;
  readonly receivedAt: EpochMs;
}

/**
 * Reads the profiles of a request as the analysis will, so that a broken one is refused to its sender's face.
 *
 * Two requests with equal bytes and parameters are one upload, except where neither the profile nor the request says a time:
 * then an Idempotency-Key tells them apart, or else the moment of arrival. A blind retry may count twice there; the
 * alternative loses profiles that are really equal.
 *
 * @throws Fault('invalid-input' | 'unsupported' | 'too-large')
 */
export function recogniseProfiles(route: ProfileRoute, request: ProfileRequest): RecognisedProfiles {
  const { body, contentType, query, key, receivedAt } = request;
  const parameters = new URLSearchParams([...query].sort(byNameAndValue));
  const { facts, identity } = PROFILE_ROUTES[route]({
    body,
    contentType,
    naming: parameters.toString(),
    receivedAt,
  });
  const profiles = facts.profiles ?? [];
  const timed =
    query.has('until') || query.has('from') || profiles.every(({ profile }) => profile.start !== null);
  if (key !== '') parameters.append('idempotency-key', key);
  else if (!timed) parameters.append('received', String(receivedAt));
  const isNamed = timed && key === '';
  const until = route === 'pyroscope-push' ? '' : query.get('until'); // a push has no parameters
  const isSaid = Boolean(until) || profiles.every((report) => isOver(report, receivedAt));
  const isRelative = ['from', 'until'].some((name) => query.get(name)?.startsWith('now'));
  return {
    profiles: profiles.length,
    identity,
    naming: parameters.toString(),
    facts: isNamed && isSaid && !isRelative ? facts : undefined,
  };
}

const NS_PER_MS = 1e6;

/** A profile that ended before it came has its time from itself alone. */
const isOver = ({ profile: { start, durationNs } }: ProfileReport, receivedAt: EpochMs) =>
  start !== null && start + (durationNs ?? 0) / NS_PER_MS <= receivedAt;

const byNameAndValue = ([a, x]: [string, string], [b, y]: [string, string]): number =>
  a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0;
