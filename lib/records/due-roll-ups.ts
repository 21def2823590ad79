import { type Partition, STEP_MS, type Step } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { dueBefore, duePlace } from './keys.ts';
import { pagesOf } from './pages.ts';

/** A roll-up that somebody has to build; `done` forgets it unless it was asked for again since. */
export interface DueRollUp {
  readonly rollUp: Partition;
  done(): Promise<void>;
}

/** Roll-ups of one step whose buckets end before `before`, oldest first, a page at a time. */
export async function* dueRollUps(
  records: RecordStore,
  project: string,
  step: Step,
  before: EpochMs,
): AsyncIterable<DueRollUp> {
  const range = dueBefore(project, step, before - STEP_MS[step] + SECOND_MS);
  for await (const page of pagesOf(records, range.pk, range)) {
    yield* page.map(({ pk, sk, version }) => {
      const { service, ...place } = duePlace(sk);
      return {
        rollUp: { project, service: service as ServiceName, ...place },
        done: async () => void (await records.delete(pk, sk, { ifVersion: version })),
      };
    });
  }
}
