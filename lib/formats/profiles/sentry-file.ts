import { Fault } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';
import { parseEnvelope } from '../sentry/envelope.ts';
import { combineProfiles } from './combine.ts';
import { decodeSentry } from './sentry.ts';

// A file of Sentry's: a payload by itself, or the envelope that an SDK has sent with it.

const HEAD_BYTES = 64 * 1024;
const ENVELOPE_HEADER = /^\{(?:\}|.*"(?:event_id|sent_at|dsn|sdk|trace)".*\})$/;
const ITEM_HEADER = /^\{.*"type" *: *"/;

/** By its first two lines, JSON of the one and the other header. */
export function isSentryEnvelope(bytes: Uint8Array): boolean {
  const [header = '', item = ''] = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)).split('\n', 2);
  return ENVELOPE_HEADER.test(header) && ITEM_HEADER.test(item);
}

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
