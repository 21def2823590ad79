import { Fault } from '../model/fault.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { Building } from '../records/generations.ts';
import { atOnce } from './at-once.ts';
import { isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { RAW_SHARDS, rawHourPrefix, rawPlace, readRaw, shardOfRaw, type Upload } from './raw-segment.ts';
import { eachObject } from './sweep.ts';

type ReadContext = Pick<JobContext, 'objects' | 'ledger'>;

/** Raw objects of one step: of small ones a minute's work. */
const SLICE_OBJECTS = 4096;
/** Raw objects that are read at once: a store takes some ten milliseconds for each. */
const READ_AT_ONCE = 16;

/** How far a replay has come. */
export type Reached = Pick<Building, 'foldedTo' | 'part'>;

/** The raw objects of the next step, shard after shard, and what is folded once they are. */
export async function nextSlice(
  context: Pick<JobContext, 'objects'>,
  project: string,
  { foldedTo, rawTo, part }: Building,
  { now, bytesMax }: { readonly now: EpochMs; readonly bytesMax: number },
): Promise<{ readonly objects: readonly ObjectInfo[]; readonly reached: Reached }> {
  // What lies ahead comes from clocks that are: it is taken as one hour.
  const to = part?.to ?? (foldedTo > now ? rawTo : Math.min(foldedTo + HOUR_MS, rawTo));
  const objects: ObjectInfo[] = [];
  let bytes = 0;
  for (const shard of RAW_SHARDS.filter((one) => part === undefined || one >= shardOfRaw(part.after))) {
    const begin = rawHourPrefix(shard, project, foldedTo);
    const after = part !== undefined && part.after > begin ? part.after : begin;
    for await (const object of eachObject(context, `raw/${shard}/${project}/`, after)) {
      if ((rawPlace(object.key)?.hour ?? to) >= to) break;
      const last = objects.at(-1);
      if (last !== undefined && (objects.length === SLICE_OBJECTS || bytes + object.size > bytesMax))
        return { objects, reached: { foldedTo, part: { to, after: last.key } } };
      objects.push(object);
      bytes += object.size;
    }
  }
  return { objects, reached: { foldedTo: to } };
}

export interface FoundUpload {
  readonly upload: Upload;
  readonly rawKey: string;
  /** The ledger has a record of it. */
  readonly isRecorded: boolean;
}

/** The uploads of some raw objects; `refuse` is told why others are left out. */
export async function* uploadsIn(
  context: ReadContext,
  project: string,
  objects: readonly ObjectInfo[],
  refuse: (reason: string) => void,
): AsyncIterable<FoundUpload> {
  for (let at = 0; at < objects.length; at += READ_AT_ONCE) {
    const some = objects.slice(at, at + READ_AT_ONCE);
    const found = await Promise.all(some.map(({ key }) => uploadsOf(context, project, key, refuse)));
    for (const uploads of found) yield* uploads;
  }
}

async function uploadsOf(
  context: ReadContext,
  project: string,
  rawKey: string,
  refuse: (reason: string) => void,
): Promise<readonly FoundUpload[]> {
  const bytes = await context.objects.get(rawKey);
  if (bytes === undefined) return [];
  try {
    const { uploads, cut } = readRaw(bytes);
    for (const _ of cut) refuse('Its stored bytes are cut');
    const records = await atOnce(uploads, ({ id }) => context.ledger.get(project, id));
    return uploads.flatMap((upload, at) => {
      if (records[at]?.state !== 'poison') return [{ upload, rawKey, isRecorded: records[at] !== undefined }];
      refuse('Set aside as poison: redrive it');
      return [];
    });
  } catch (error) {
    if (!(error instanceof Fault) || isUnavailable(error)) throw error;
    refuse(error.message);
    return [];
  }
}
