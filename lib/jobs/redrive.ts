import type { EpochMs } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { lookAgain } from '../records/sweeps.ts';
import type { JobContext } from './context.ts';
import { objectCreated } from './events.ts';
import { damagedId, readRawIndex } from './raw-read.ts';
import { shardOfRaw } from './raw-segment.ts';
import { rawObjects } from './sweep.ts';

const AT_ONCE = 1000;

/**
 * Gives dead letters, and uploads that were set aside as poison, another try: for after a bug was repaired or a store came
 * back. What is done stays done.
 *
 * @param range arrival of the uploads to look through
 * @returns how many messages and uploads are on their way again
 * Cost: the index of each raw object of the range, and the ledger once for each upload.
 */
export async function redrive(
  context: JobContext,
  { project, from, to }: { readonly project: string; readonly from: EpochMs; readonly to: EpochMs },
): Promise<{ readonly dead: number; readonly poison: number }> {
  let dead = 0;
  for (;;) {
    const moved = await context.uploads.redrive(AT_ONCE);
    dead += moved;
    if (moved === 0) break;
  }
  let poison = 0;
  for (const object of await rawObjects(context, project, from, to)) {
    const forgotten = await forgetPoison(context, project, object);
    const { key, size } = object;
    if (forgotten > 0) await context.uploads.send([objectCreated(context.settings.bucket, key, size)]);
    poison += forgotten;
  }
  return { dead, poison };
}

async function forgetPoison(context: JobContext, project: string, object: ObjectInfo): Promise<number> {
  const { key } = object;
  const entries = await readRawIndex(context.objects, key);
  const ids = entries === 'damaged' ? [await damagedId(key)] : (entries ?? []).map(({ id }) => id);
  const again = () => lookAgain(context.records, { project, shard: shardOfRaw(key) }, object);
  let forgotten = 0;
  for (const id of ids) {
    if ((await context.ledger.get(project, id))?.state !== 'poison') continue;
    // Before it is unfinished again: the sweep has been here, and the event that is sent may be lost.
    if (forgotten === 0) await again();
    if (await context.ledger.forget(project, id)) forgotten += 1;
  }
  // A sweep meanwhile may have found it finished still, and have crossed it off.
  if (forgotten > 0) await again();
  return forgotten;
}
