import { messageOf } from '../model/fault.ts';
import { countFailure, forgetFailures } from '../records/attempts.ts';
import type { LedgerRecord } from '../records/ledger.ts';
import { isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import type { Upload } from './raw-segment.ts';

/** Failures after which an upload is set aside as poison. */
export const POISON_AFTER = 5;

/** An upload in work, and where it came from. */
interface Taken {
  readonly upload: Pick<Upload, 'id' | 'project' | 'receivedAt'>;
  readonly rawKey: string;
}

/** Writes what became of an upload to the ledger, which keeps the first that it is told. True: this was the first. */
export const finishUpload = (
  { ledger, clock }: Pick<JobContext, 'ledger' | 'clock'>,
  { upload: { id, project, receivedAt }, rawKey }: Taken,
  state: LedgerRecord['state'],
  reason: string | null,
  dropped: LedgerRecord['dropped'] = {},
): Promise<boolean> =>
  ledger.finish(project, {
    ...{ uploadId: id, rawKey, receivedAt, state, reason, dropped },
    finishedAt: clock.now(),
  });

/**
 * Counts a failure of an upload, unless a store that does not answer is to blame: then it is tried for as long as the queue
 * keeps its message. True: it is set aside as poison, now or before, and its message may go.
 */
export async function failUpload(
  context: Pick<JobContext, 'records' | 'ledger' | 'clock'>,
  taken: Taken,
  error: unknown,
): Promise<boolean> {
  if (isUnavailable(error)) return false;
  const { id, project } = taken.upload;
  if ((await context.ledger.get(project, id)) !== undefined) return true;
  const failures = await countFailure(context.records, project, id, context.clock.now());
  if (failures < POISON_AFTER) return false;
  await finishUpload(context, taken, 'poison', `Failed ${failures} times: ${messageOf(error)}`);
  await forgetFailures(context.records, project, id);
  return true;
}
