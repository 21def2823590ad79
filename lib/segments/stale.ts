import { Fault } from '../model/fault.ts';
import { type Partition, parentOf } from '../model/partition.ts';
import type { SegmentStoreContext } from './store.ts';

const ATTEMPTS_MAX = 50;

/**
 * Marks the roll-ups above a partition as out of date, as far as they were built or are being built. To be called before
 * a sealed head is changed, hour before day: a day that is begun after its hour was marked finds the mark there.
 *
 * The mark is always written, also over another: whoever builds meanwhile then loses its swap.
 */
export async function markStale(context: SegmentStoreContext, partition: Partition): Promise<void> {
  for (let above = parentOf(partition); above !== undefined; above = parentOf(above)) {
    await markOne(context, above);
  }
}

async function markOne(context: SegmentStoreContext, rollUp: Partition): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(rollUp);
    if (current === undefined || current.head.final || current.head.expired) return;
    const dirty = context.newId();
    const head = { ...current.head, writeToken: dirty, dirty, updatedAt: context.clock.now() };
    // A lost answer makes one more turn and one more mark: no harm.
    if ((await context.heads.swap(rollUp, head, current.version)) === 'stored') return;
  }
  throw new Fault(
    'unavailable',
    `Cannot mark a roll-up of ${rollUp.service}: lost ${ATTEMPTS_MAX} races in a row`,
  );
}
