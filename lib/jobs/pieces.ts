import { Fault } from '../model/fault.ts';
import type { Piece } from '../model/piece.ts';
import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { keyPart } from '../segments/keys.ts';
import { decodePieces, encodePieces, type StoredPiece } from '../segments/pieces.ts';
import type { JobContext } from './context.ts';
import type { Upload } from './raw-segment.ts';
import { listAll } from './sweep.ts';

/** Which generation pieces are joined into: 'live' are those of live analysis, for every generation that is open. */
export type JoinSpace = 'live' | number;

/** What one upload leaves for the join. */
export interface UploadPieces {
  readonly upload: Pick<Upload, 'id' | 'project' | 'receivedAt'>;
  readonly pieces: readonly Piece[];
  readonly shiftMs: number;
}

export const minuteOf = (time: EpochMs): EpochMs => Math.floor(time / MINUTE_MS) * MINUTE_MS;

/**
 * Stores the pieces of a batch, one object for each project and minute of arrival. To be called before the uploads' ledger
 * records are written: what a crash repeats is stored twice, and the join takes each piece once.
 */
export async function writePieces(
  context: Pick<JobContext, 'objects' | 'newId'>,
  space: JoinSpace,
  uploads: readonly UploadPieces[],
): Promise<void> {
  const folders = new Map<string, StoredPiece[]>();
  for (const { upload, pieces, shiftMs } of uploads) {
    const folder = piecesPrefix(space, upload.project, minuteOf(upload.receivedAt));
    const stored = folders.get(folder) ?? [];
    for (const [index, piece] of pieces.entries())
      stored.push({ ...piece, upload: upload.id, index, shiftMs });
    if (stored.length > 0) folders.set(folder, stored);
  }
  for (const [folder, pieces] of folders)
    await context.objects.put(`${folder}${context.newId()}`, encodePieces(pieces));
}

/** Objects of pieces that arrived in one minute. */
export const piecesOfMinute = (
  context: Pick<JobContext, 'objects'>,
  space: JoinSpace,
  project: string,
  minute: EpochMs,
): Promise<readonly ObjectInfo[]> => listAll(context, piecesPrefix(space, project, minute));

/** Objects of pieces that arrived in [from, to) when they are few and small, else none. One listing. */
export async function fewPiecesBetween(
  { objects }: Pick<JobContext, 'objects'>,
  space: JoinSpace,
  project: string,
  { from, to, bytes }: { readonly from: EpochMs; readonly to: EpochMs; readonly bytes: number },
): Promise<readonly ObjectInfo[]> {
  const after = piecesPrefix(space, project, from);
  const page = await objects.list(projectPrefix(space, project), { after, limit: FEW });
  const infos = page.filter(({ key }) => minuteOfKey(key) < to);
  const isWhole = page.length < FEW || infos.length < page.length;
  return isWhole && infos.reduce((sum, { size }) => sum + size, 0) <= bytes ? infos : [];
}
/** As many as one listing shows. A join reads them one after the other, and in a cloud each of them is paid for. */
const FEW = 1000;

/** Minutes of which pieces are stored, in order. */
export async function minutesWithPieces(
  context: Pick<JobContext, 'objects'>,
  space: JoinSpace,
  project: string,
): Promise<readonly EpochMs[]> {
  const minutes = new Set<EpochMs>();
  for (const { key } of await listAll(context, projectPrefix(space, project))) minutes.add(minuteOfKey(key));
  return [...minutes];
}

/** The pieces of some objects; those of an object that is gone, or damaged, are left out. */
export async function* readPieces(
  { objects }: Pick<JobContext, 'objects'>,
  infos: readonly ObjectInfo[],
): AsyncIterable<readonly StoredPiece[]> {
  for (const { key } of infos) {
    const bytes = await objects.get(key);
    if (bytes !== undefined) yield piecesIn(bytes);
  }
}

/** A damaged object must not keep what lies beside it from being joined. */
function piecesIn(bytes: Uint8Array): readonly StoredPiece[] {
  try {
    return decodePieces(bytes);
  } catch (error) {
    if (error instanceof Fault && error.code === 'invalid-input') return [];
    throw error;
  }
}

const projectPrefix = (space: JoinSpace, project: string) =>
  `pieces/${space === 'live' ? 'live' : `g${space}`}/${keyPart(project)}/`;
const piecesPrefix = (space: JoinSpace, project: string, minute: EpochMs) =>
  `${projectPrefix(space, project)}${new Date(minute).toISOString().slice(0, 16).replace(':', '.')}/`;
const minuteOfKey = (key: string): EpochMs => Date.parse(`${key.split('/')[3]?.replace('.', ':')}Z`);

/**
 * Removes pieces of generations that are not being built: a worker that stood still while others ended the replay leaves some
 * that nobody joins.
 */
export async function removeLeftPieces(
  context: Pick<JobContext, 'objects' | 'generations'>,
  project: string,
) {
  const listed = (await listAll(context, 'pieces/g')).filter(
    ({ key }) => key.split('/')[2] === keyPart(project),
  );
  if (listed.length === 0) return;
  // After the listing: pieces of a generation are written once it is open, never before.
  const { building } = await context.generations.read(project);
  const kept = building === null ? undefined : projectPrefix(building.generation, project);
  for (const { key } of listed) {
    if (kept === undefined || !key.startsWith(kept)) await context.objects.delete(key);
  }
}
