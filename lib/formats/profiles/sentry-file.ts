import { Fault } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';
import { parseEnvelope } from '../sentry/envelope.ts';
import { combineProfiles } from './combine.ts';
import { isSentryEnvelope } from './detect.ts';
import { decodeSentry } from './sentry.ts';

// A file of Sentry's: a payload by itself, or the envelope that an SDK has sent with it.

/** @throws Fault `unsupported` for an envelope without a profile, `invalid-input` for what is broken */
export function decodeSentryFile(bytes: Uint8Array): Profile {
  if (!isSentryEnvelope(bytes)) return decodeSentry(bytes);
  const { items } = parseEnvelope(bytes);
  const profiles = items
    .filter(({ type }) => type === 'profile' || type === 'profile_chunk')
    .map(({ payload }) => decodeSentry(payload));
  const [only, ...more] = profiles;
  if (only === undefined)
    throw new Fault(
      'unsupported',
      `Cannot decode Sentry envelope: it has no profile (${items
        .map(({ type }) => type)
        .join(', ')
        .slice(0, 100)})`,
    );
  return more.length === 0 ? only : combineProfiles(profiles);
}
