import { PARTITIONS_LIVE_MS } from '../model/lifetimes.ts';
import type { EpochMs } from '../model/units.ts';
import type { JobContext } from './context.ts';
import type { Upload } from './raw-segment.ts';

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
  const latest = isReplay ? receivedAt : Math.max(receivedAt, clock.now() - PARTITIONS_LIVE_MS);
  return { from: latest - acceptPastMs, to: receivedAt + acceptFutureMs };
}
