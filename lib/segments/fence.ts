import { type Head, type Partition, parentOf, stepOf } from '../model/partition.ts';
import type { SegmentStoreContext } from './store.ts';

const ATTEMPTS_MAX = 10;

/**
 * Ends every swap that is under way in a partition, so that none of `keys` can come to be listed any more. A writer that was
 * stopped for hours between its last look at the clock and its swap would else list a segment that the sweep has removed:
 * now it loses, reads again, and finds its segment too old.
 *
 * Cost: one read and one write of the head, which stays as it is. Where none is, an empty one is made.
 * @returns those of `keys` that the head does not list: they may be removed. None when others are too busy here
 */
export async function fence(
  { heads, clock, newId }: Pick<SegmentStoreContext, 'heads' | 'clock' | 'newId'>,
  partition: Partition,
  keys: readonly string[],
): Promise<readonly string[]> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await heads.read(partition);
    const listed = new Set(current?.head.segments.map(({ key }) => key));
    const unlisted = keys.filter((key) => !listed.has(key));
    if (unlisted.length === 0) return [];
    const head = current?.head ?? (await emptyHead({ heads, clock, newId }, partition));
    if ((await heads.swap(partition, head, current?.version)) === 'stored') return unlisted;
  }
  return [];
}

/** A roll-up that nobody has built says so; a partition whose roll-up is final has expired, and stays so. */
async function emptyHead(
  { heads, clock, newId }: Pick<SegmentStoreContext, 'heads' | 'clock' | 'newId'>,
  partition: Partition,
): Promise<Head> {
  const writeToken = newId();
  const head = { writeToken, segments: [], updatedAt: clock.now() };
  if (stepOf(partition) !== '10m') return { ...head, dirty: writeToken };
  const above = parentOf(partition);
  const final = above !== undefined && (await heads.read(above))?.head.final === true;
  return final ? { ...head, expired: true } : head;
}
