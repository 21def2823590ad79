import { idAt, isObject, type JsonObject, listAt, objectAt, parseObject, textAt } from './json.ts';

const ID_DIGITS = 32;

/** A profile as it came, with what joins it to traces. Its samples are for the decoders of profiles. */
export interface ProfileItem {
  readonly kind: 'transaction' | 'chunk';
  /** Of the transaction whose profile this is; '' for a chunk. */
  readonly eventId: string;
  /** Session of the continuous profiler; '' for a transaction's profile. */
  readonly profilerId: string;
  /** The thread that ran the transaction; '' for a chunk. */
  readonly activeThreadId: string;
  readonly payload: Uint8Array;
}

/** @throws Fault when the payload is no JSON object */
export function readProfileItem(type: 'profile' | 'profile_chunk', payload: Uint8Array): ProfileItem {
  const profile = parseObject(payload, type);
  if (type === 'profile_chunk') {
    const profilerId = idAt(profile, 'profiler_id', ID_DIGITS);
    return { kind: 'chunk', eventId: '', profilerId, activeThreadId: '', payload };
  }
  const transaction = transactionOf(profile);
  return {
    kind: 'transaction',
    eventId: idAt(transaction, 'id', ID_DIGITS),
    profilerId: '',
    activeThreadId: textAt(transaction, 'active_thread_id', 64),
    payload,
  };
}

/** Node sends `transaction`, Python a list of one. */
function transactionOf(profile: JsonObject): JsonObject {
  const [first] = listAt(profile, 'transactions');
  return isObject(first) ? first : objectAt(profile, 'transaction');
}
