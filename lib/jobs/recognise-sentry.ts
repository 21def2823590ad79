import {
  type Envelope,
  envelopeOfStore,
  identityOf,
  isDataItem,
  parseEnvelope,
} from '../formats/sentry/index.ts';

export { unwrapBase64 } from '../formats/sentry/index.ts';

/** What the door needs to know of an envelope before it stores it: whether, under which identity, and what to answer. */
export interface RecognisedEnvelope {
  /** 32 hex digits; '' when the sender gave none. */
  readonly eventId: string;
  /** True when its answer has to carry an event id. */
  readonly needsEventId: boolean;
  /** The header's `dsn`; '' when it has none. */
  readonly dsn: string;
  /** False when it has only items that are taken and not kept: events, sessions, logs, … */
  readonly kept: boolean;
  /** Types of those that are not kept, each once. */
  readonly ignored: readonly string[];
  readonly identity: Uint8Array<ArrayBuffer>;
}

/** @throws Fault('invalid-input' | 'too-large') when the framing is broken; payloads are not looked at */
export const recogniseEnvelope = (body: Uint8Array): RecognisedEnvelope => facts(parseEnvelope(body));

/** @throws Fault('invalid-input' | 'too-large') when the body is no JSON object */
export const recogniseStore = (body: Uint8Array): RecognisedEnvelope => facts(envelopeOfStore(body));

/** Items that belong to an event, whose envelope gets an id when it has none. */
const OF_EVENT = new Set([
  'event',
  'transaction',
  'attachment',
  'profile',
  'user_report',
  'feedback',
  'security',
]);

function facts(envelope: Envelope): RecognisedEnvelope {
  const { header, eventId, items } = envelope;
  const kept = items.filter((item) => isDataItem(item) || item.type === 'client_report');
  return {
    eventId,
    needsEventId: items.some(({ type }) => OF_EVENT.has(type)),
    dsn: typeof header.dsn === 'string' ? header.dsn : '',
    kept: kept.length > 0,
    ignored: [...new Set(items.filter((item) => !kept.includes(item)).map(({ type }) => type))],
    identity: identityOf(envelope),
  };
}
