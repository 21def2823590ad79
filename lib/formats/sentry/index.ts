import type { UploadFacts } from '../../model/telemetry.ts';
import { decodeEnvelope } from './decode.ts';
import { parseEnvelope } from './envelope.ts';
import { envelopeFacts } from './facts.ts';
import { envelopeOfStore } from './store.ts';

export { type DecodedEnvelope, decodeEnvelope, isDataItem } from './decode.ts';
export { type Envelope, type EnvelopeItem, parseEnvelope } from './envelope.ts';
export { identityOf } from './identity.ts';
export type { ProfileItem } from './profile-item.ts';
export { envelopeOfStore, unwrapBase64 } from './store.ts';
export { type StreamedSpan, traceOfSegment } from './streamed.ts';

/** Facts of a stored `/envelope/` body. @throws Fault when the framing is broken, which the door has refused before */
export const sentryEnvelopeFacts = (body: Uint8Array, project: string): UploadFacts =>
  envelopeFacts(decodeEnvelope(parseEnvelope(body), project));

/** Facts of a stored `/store/` body, unwrapped. */
export const sentryStoreFacts = (body: Uint8Array, project: string): UploadFacts =>
  envelopeFacts(decodeEnvelope(envelopeOfStore(body), project));
