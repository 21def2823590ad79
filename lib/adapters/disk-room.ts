import { statfsSync } from 'node:fs';
import { Fault } from '../model/fault.ts';

/** Below this the next group of uploads, its segments and the database's log may not fit any more. */
export const ROOM_BYTES = 64 * 2 ** 20;

type Statfs = (folder: string) => { readonly bavail: number; readonly bsize: number };

/**
 * Refuses while the disk of a folder has less room than the next minutes of work may need. Costs one statfs.
 *
 * @throws {Fault} unavailable
 */
export function needRoom(folder: string, statfs: Statfs = statfsSync): void {
  const { bavail, bsize } = statfs(folder);
  if (bavail * bsize >= ROOM_BYTES) return;
  throw new Fault(
    'unavailable',
    `Cannot store uploads: the disk of ${folder} is full (less than 64 MiB free)`,
  );
}
