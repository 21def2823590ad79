import type { EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { signedAnswerKey } from './keys.ts';

/** The first answer to a signed request, kept for as long as its signature is young enough to be sent again. */
export interface SignedAnswer {
  readonly status: number;
  readonly contentType: string | null;
  /** Base64. */
  readonly body: string;
  /** The signed content's digest: another request under the same id is refused. */
  readonly signed: string;
}

export async function firstAnswer(records: RecordStore, keyId: string, webhookId: string) {
  const { pk, sk } = signedAnswerKey(keyId, webhookId);
  return (await records.get(pk, sk))?.body as SignedAnswer | undefined;
}

export async function keepAnswer(
  records: RecordStore,
  keyId: string,
  webhookId: string,
  answer: SignedAnswer,
  expiresAt: EpochMs,
): Promise<void> {
  await records.put({ ...signedAnswerKey(keyId, webhookId), body: answer, expiresAt }, { ifAbsent: true });
}
