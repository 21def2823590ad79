import type { RecordStore } from '../ports/record-store.ts';
import { jobPlaceKey } from './keys.ts';

// Where jobs are that go round all there is: a run that was ended early is gone on with by the next.

/** What the job began last; undefined: nothing yet. */
export async function readPlace(records: RecordStore, job: string): Promise<string | undefined> {
  const { pk, sk } = jobPlaceKey(job);
  return ((await records.get(pk, sk))?.body as { readonly place: string } | undefined)?.place;
}

/** To be called before the work: what ends the process again and again keeps no other from its turn. */
export async function keepPlace(records: RecordStore, job: string, place: string): Promise<void> {
  await records.put({ ...jobPlaceKey(job), body: { place } });
}
