import { Fault } from '../model/fault.ts';
import { type Partition, parentOf } from '../model/partition.ts';
import type { SegmentStoreContext } from './store.ts';

const ATTEMPTS_MAX = 50;

/**
 * Marks the roll-ups above a partition as out of date, as far as they were built or are being built. To be called before
 * a sealed head is changed, hour before day: a day that is begun after its hour was marked finds the mark there.
 *
 * The mark is always written, also over another: whoever builds meanwhile then loses its swap.
 *
 * @returns 'final' when the roll-up right above stands for what it was made of, which is about to go: nothing that is added
 *   there now would be read
 */
export async function markStale(
  context: SegmentStoreContext,
  partition: Partition,
): Promise<'marked' | 'final'> {
  const [first, ...others] = rollUpsAbove(partition);
  if (first !== undefined && (await markOne(context, first)) === 'final') return 'final';
  for (const above of others) await markOne(context, above);
  return 'marked';
}

const rollUpsAbove = (partition: Partition): readonly Partition[] => {
  const above = parentOf(partition);
  return above === undefined ? [] : [above, ...rollUpsAbove(above)];
};

async function markOne(context: SegmentStoreContext, rollUp: Partition): Promise<'marked' | 'final'> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(rollUp);
    if (current?.head.final) return 'final';
    if (current === undefined || current.head.expired) return 'marked';
    const dirty = context.newId();
    const head = { ...current.head, writeToken: dirty, dirty, updatedAt: context.clock.now() };
    // A lost answer makes one more turn and one more mark: no harm.
    if ((await context.heads.swap(rollUp, head, current.version)) === 'stored') return 'marked';
  }
  throw new Fault(
    'unavailable',
    `Cannot mark a roll-up of ${rollUp.service}: lost ${ATTEMPTS_MAX} races in a row`,
  );
}
