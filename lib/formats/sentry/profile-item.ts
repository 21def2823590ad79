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
  /** In the order in which samples name them first: the order of a decoded profile's threads. */
  readonly threadIds: readonly string[];
  readonly payload: Uint8Array;
}

/** @throws Fault when the payload is no JSON object */
export function readProfileItem(type: 'profile' | 'profile_chunk', payload: Uint8Array): ProfileItem {
  const profile = parseObject(payload, type);
  const threadIds = threadIdsOf(profile);
  if (type === 'profile_chunk') {
    const profilerId = idAt(profile, 'profiler_id', ID_DIGITS);
    return { kind: 'chunk', eventId: '', profilerId, activeThreadId: '', threadIds, payload };
  }
  const transaction = transactionOf(profile);
  return {
    kind: 'transaction',
    eventId: idAt(transaction, 'id', ID_DIGITS),
    profilerId: '',
    activeThreadId: textAt(transaction, 'active_thread_id', 64),
    threadIds,
    payload,
  };
}

function threadIdsOf(profile: JsonObject): readonly string[] {
  const ids = new Set<string>();
  for (const sample of listAt(objectAt(profile, 'profile'), 'samples'))
    if (isObject(sample)) ids.add(textAt(sample, 'thread_id'));
  return [...ids];
}

/** Node sends `transaction`, Python a list of one. */
function transactionOf(profile: JsonObject): JsonObject {
  const [first] = listAt(profile, 'transactions');
  return isObject(first) ? first : objectAt(profile, 'transaction');
}
