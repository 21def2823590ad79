import { shortHash } from '../model/hash.ts';
import type { UploadId } from '../model/ids.ts';
import { MIB } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { changeJoin, untouched } from '../records/joins.ts';
import { compareText } from '../segments/bytes.ts';
import type { StoredPiece } from '../segments/pieces.ts';
import type { JobContext } from './context.ts';
import type { JoinAt, Window } from './join-window.ts';
import { readPieces } from './pieces.ts';

/** Pieces that are put together at once; a minute with more is joined in several parts. */
const PART_BYTES = 64 * MIB;
/** A record holds where they begin. */
const PARTS_MAX = 256;

// How a minute is divided whose pieces are more than memory should hold: by process. How it nests its spans, whose work held
// its loop, which pieces belong to one request, is all seen in the traces of one process together.

/** Pieces in the order of their places lie by process, and in a process by trace. */
const placeOf = ({ process, key }: Pick<StoredPiece, 'process' | 'key'>): string =>
  `${shortHash(process)}${shortHash(key)}`;
const PROCESS_DIGITS = shortHash('').length;

/**
 * Where the order of places is cut, so that no part holds more than `most` bytes: between processes, and inside of one
 * that holds more by itself. A trace of a process stays whole, however large.
 *
 * @param bytesAt place → bytes of its pieces
 * @returns the places at which the second part and those after it begin
 */
export function cutsOf(bytesAt: ReadonlyMap<string, number>, most: number): readonly string[] {
  const places = [...bytesAt].sort(([a], [b]) => compareText(a, b));
  const cuts: string[] = [];
  let filled = 0;
  const add = (place: string, bytes: number) => {
    if (filled > 0 && filled + bytes > most) {
      cuts.push(place);
      filled = 0;
    }
    filled += bytes;
  };
  for (const [process, inside] of Map.groupBy(places, ([place]) => place.slice(0, PROCESS_DIGITS))) {
    const bytes = inside.reduce((sum, [, size]) => sum + size, 0);
    if (bytes <= most) add(process, bytes);
    else for (const [place, size] of inside) add(place, size);
  }
  return cuts;
}

/** Whether a piece lies in part `n` of those that the cuts make; part 0 lies before the first. */
export function isInPart(cuts: readonly string[], n: number): (piece: StoredPiece) => boolean {
  const [from = '', to] = [cuts[n - 1], cuts[n]];
  return (piece) => {
    const place = placeOf(piece);
    return place >= from && (to === undefined || place < to);
  };
}

/**
 * The cuts of a minute. Fixed before the first part is committed, for live joins and replays alike: both may fold the same
 * minute into one generation, where it counts once because the parts' ids are the same.
 *
 * Chunks of profilers count for nothing: of them each part looks up those that it needs, as far as there is room.
 *
 * Cost: where the window holds more than one part, its pieces are read once more.
 */
export async function fixedCuts(
  context: JobContext,
  { project, minute }: JoinAt,
  window: Window,
  partBytes = PART_BYTES,
): Promise<readonly string[]> {
  const infos = [...window.values()].flat();
  const all = infos.reduce((sum, { size }) => sum + size, 0);
  const bytesAt = all > partBytes ? await bytesByPlace(context, infos) : new Map<string, number>();
  // Two parts side by side hold more than one may: hence at most twice as many parts as whole ones would be.
  const cuts = cutsOf(bytesAt, Math.max(partBytes, (2 * all) / PARTS_MAX));
  const stands = await changeJoin(context, project, 'live', minute, (before = untouched(minute)) =>
    before.cuts === undefined ? { ...before, cuts } : undefined,
  );
  return stands?.cuts ?? cuts;
}

/** An upload that was analysed again left all of its pieces in one more object: one copy counts. */
async function bytesByPlace(
  context: JobContext,
  infos: readonly ObjectInfo[],
): Promise<ReadonlyMap<string, number>> {
  const bytesAt = new Map<string, number>();
  const counted = new Set<UploadId>();
  for await (const pieces of readPieces(context, infos)) {
    for (const piece of pieces) {
      if (piece.form === 'sentry-chunk' || counted.has(piece.upload)) continue;
      const place = placeOf(piece);
      bytesAt.set(place, (bytesAt.get(place) ?? 0) + piece.payload.length);
    }
    for (const { upload } of pieces) counted.add(upload);
  }
  return bytesAt;
}
