import { DAY_MS, type EpochMs } from '../model/units.ts';
import type { JobContext } from './context.ts';
import type { Upload } from './raw-segment.ts';

/** Nothing folds into a partition older than the accepted past and this: its roll-up is final soon after. */
export const FOLD_PAST_MS = 15 * DAY_MS;

/**
 * Data of which time is folded: within the accepted past of its arrival, and not into what may be final by now. A replay folds
 * into partitions that nothing has rolled up.
 */
export function acceptedTime(
  { settings, clock }: Pick<JobContext, 'settings' | 'clock'>,
  { receivedAt }: Pick<Upload, 'receivedAt'>,
  isReplay = false,
): { readonly from: EpochMs; readonly to: EpochMs } {
  const { acceptPastMs, acceptFutureMs } = settings;
  const latest = isReplay ? receivedAt : Math.max(receivedAt, clock.now() - FOLD_PAST_MS);
  return { from: latest - acceptPastMs, to: receivedAt + acceptFutureMs };
}
