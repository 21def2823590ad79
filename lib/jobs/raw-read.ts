import { Fault } from '../model/fault.ts';
import { digest, hexOf, type UploadId, uploadId } from '../model/ids.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { type RawIndexEntry, rawIndex, rawIndexBytes } from './raw-segment.ts';

/** The first bytes of a raw segment nearly always hold its whole index. */
const INDEX_BYTES = 64 * 1024;

/**
 * What a raw object says that it holds, without its bodies; 'damaged' when not even that can be read; undefined when it is
 * gone. Cost: one ranged read, two for an index of more than 64 KiB.
 */
export async function readRawIndex(
  objects: Pick<ObjectStore, 'get'>,
  key: string,
): Promise<readonly RawIndexEntry[] | 'damaged' | undefined> {
  const head = await objects.get(key, { start: 0, end: INDEX_BYTES });
  if (head === undefined) return undefined;
  const end = rawIndexBytes(head);
  const whole = end === undefined || end <= head.length ? head : await objects.get(key, { start: 0, end });
  if (whole === undefined) return undefined;
  try {
    return rawIndex(whole).entries;
  } catch (error) {
    if (error instanceof Fault && error.code === 'invalid-input') return 'damaged';
    throw error;
  }
}

/** The id under which a raw object is accounted for whose uploads nobody can tell any more. */
export const damagedId = async (rawKey: string): Promise<UploadId> =>
  uploadId(hexOf(await digest('damaged raw object', rawKey)).slice(0, 32));
