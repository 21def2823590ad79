import type { UploadFacts } from '../../model/telemetry.ts';
import type { Trace } from '../../model/trace.ts';
import { type DecodedEnvelope, decodeEnvelope } from './decode.ts';
import { parseEnvelope } from './envelope.ts';
import { envelopeFacts } from './facts.ts';
import { isObject } from './json.ts';
import { envelopePieces } from './pieces.ts';
import { type ProfileItem, readProfileItem } from './profile-item.ts';
import { envelopeOfStore } from './store.ts';
import { type Drop, readTransaction } from './transaction.ts';

export { type DecodedEnvelope, decodeEnvelope, isDataItem } from './decode.ts';
export { type Envelope, parseEnvelope, parseEnvelopes } from './envelope.ts';
export { identityOf } from './identity.ts';
export { tracesOfStreamed, transactionOfPiece } from './pieces.ts';
export type { ProfileItem } from './profile-item.ts';
export { reportAlone } from './profile-reports.ts';
export { envelopeOfStore, unwrapBase64 } from './store.ts';
export { type SentSpan, tracesOfSentSpans } from './streamed.ts';

/** Facts of a stored `/envelope/` body. @throws Fault when the framing is broken, which the door has refused before */
export const sentryEnvelopeFacts = (body: Uint8Array, project: string): UploadFacts =>
  factsOf(decodeEnvelope(parseEnvelope(body), project));

/** Facts of a stored `/store/` body, unwrapped. */
export const sentryStoreFacts = (body: Uint8Array, project: string): UploadFacts =>
  factsOf(decodeEnvelope(envelopeOfStore(body), project));

const factsOf = (decoded: DecodedEnvelope): UploadFacts => ({
  ...envelopeFacts(decoded),
  pieces: () => envelopePieces(decoded),
});

/** @throws Fault when the payload is no JSON object */
export const profileOfPiece = (type: 'profile' | 'profile_chunk', payload: Uint8Array): ProfileItem =>
  readProfileItem(type, payload);

/** A transaction that came alone, as in files of one a line. Undefined, with the reason counted, when it cannot be used. */
export function transactionEvent(event: unknown, drop: Drop): Trace | undefined {
  if (isObject(event)) return readTransaction(event, { project: '', eventId: '', weight: undefined }, drop);
  drop('transaction that is no object');
  return undefined;
}
