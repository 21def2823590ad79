import { Fault } from '../../model/fault.ts';
import { uploadId } from '../../model/ids.ts';
import type { JobContext } from '../context.ts';
import { readRawIndex } from '../raw-read.ts';
import { type RawIndexEntry, rawIndexBytes } from '../raw-segment.ts';

export interface RawUpload {
  readonly entry: RawIndexEntry;
  /** As it came, still compressed if it was. */
  readonly body: Uint8Array;
}

/**
 * One upload of a project as its sender sent it, names and all. Cost: three ranged reads.
 * @throws Fault('not-found') for one that is not finished yet, is no longer kept, or cannot be read any more
 */
export async function rawUpload(context: JobContext, project: string, id: string): Promise<RawUpload> {
  const missing = (why: string) => new Fault('not-found', `Cannot show upload "${id.slice(0, 40)}": ${why}`);
  if (!/^[0-9a-f]{32}$/.test(id)) throw missing('ids have 32 hex digits');
  const record = await context.ledger.get(project, uploadId(id));
  if (record === undefined) throw missing('no finished upload of this project is known by it');
  const { rawKey } = record;
  const entries = await readRawIndex(context.objects, rawKey);
  if (entries === undefined) throw missing('its bytes are not kept any more');
  const entry = entries === 'damaged' ? undefined : entries.find((one) => one.id === id);
  const head = await context.objects.get(rawKey, { start: 0, end: 16 });
  const start = head && rawIndexBytes(head);
  if (entry === undefined || start === undefined) throw missing('its stored bytes are damaged');
  const range = { start: start + entry.offset, end: start + entry.offset + entry.length };
  const body = entry.length === 0 ? new Uint8Array() : await context.objects.get(rawKey, range);
  if (body?.length !== entry.length) throw missing('its stored bytes are cut');
  return { entry, body };
}
