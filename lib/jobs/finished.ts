import type { UploadId } from '../model/ids.ts';
import type { Partition } from '../model/partition.ts';
import type { Clock } from '../ports/clock.ts';
import type { ActiveEra, Generations } from '../records/generations.ts';
import type { Ledger, LedgerRecord } from '../records/ledger.ts';
import { TRIM_AFTER_MS } from '../segments/compact.ts';
import type { FinishedUploads } from '../segments/store.ts';
import { atOnce } from './at-once.ts';

/**
 * When ids may leave footers, and what speaks for them then. An upload's record says that it was committed in every
 * generation that was open; of one that was being built that is not said before it speaks for its time, and the replay's last
 * workers may linger for a while after that.
 */
export function finishedUploads({
  ledger,
  generations,
  clock,
}: {
  readonly ledger: Ledger;
  readonly generations: Generations;
  readonly clock: Clock;
}): FinishedUploads {
  async function idsWhere(
    project: string,
    ids: readonly UploadId[],
    holds: (record: LedgerRecord) => boolean,
  ): Promise<ReadonlySet<UploadId>> {
    const found = new Set<UploadId>();
    const records = await atOnce(ids, (id) => ledger.get(project, id));
    for (const [i, record] of records.entries()) {
      if (record?.state === 'done' && holds(record)) found.add(ids[i] as UploadId);
    }
    return found;
  }
  return {
    async done({ project, generation }, ids) {
      // What a replay folds was done in another generation, and is in the footers of this one.
      const { building } = await generations.read(project);
      return building?.generation === generation ? new Set() : idsWhere(project, ids, () => true);
    },
    async leaving(partition, ids) {
      const { eras } = await generations.of(partition.project);
      const before = clock.now() - TRIM_AFTER_MS;
      const speaking = eras.some((era) => holdsPartition(era, partition) && era.since <= before);
      if (!speaking) return new Set();
      return idsWhere(partition.project, ids, ({ finishedAt }) => finishedAt <= before);
    },
  };
}

const holdsPartition = ({ generation, from, to }: ActiveEra, partition: Partition) =>
  generation === partition.generation && partition.start >= from && partition.start < to;
