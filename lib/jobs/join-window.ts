import { type EpochMs, MIB, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoredPiece } from '../segments/pieces.ts';
import type { JobContext } from './context.ts';
import { fewPiecesBetween, type JoinSpace, piecesOfMinute, readPieces } from './pieces.ts';

/** A root is joined with what came within so many minutes of the minute that it came in. */
export const JOIN_REACH_MINUTES = 2;
/** Where little comes in, what came so long before bears witness too. */
const WITNESS_MINUTES = 30;
const WITNESS_BYTES = 2 * MIB;
/** Of a longer request so much is looked for before the window, at most: about as long as pieces are kept. */
export const LOOK_BACK_MINUTES = 60;
/** And no more than about so many bytes, or objects, are read for it, from the window backwards. */
const LOOK_BACK_BYTES = 128 * MIB;
const LOOK_BACK_OBJECTS = 1000;

export interface JoinAt {
  readonly project: string;
  /** 'live', or the generation that a replay folds into. */
  readonly space: JoinSpace;
  readonly minute: EpochMs;
}

/** Minutes of arrival, with the objects in which their pieces lie. */
export type Window = ReadonlyMap<EpochMs, readonly ObjectInfo[]>;

export interface Arrived {
  readonly arrived: EpochMs;
  readonly piece: StoredPiece;
}

/** The minutes that a minute's roots are joined with. */
export async function windowAround(context: JobContext, { project, space, minute }: JoinAt): Promise<Window> {
  const window = new Map<EpochMs, readonly ObjectInfo[]>();
  for (let away = -JOIN_REACH_MINUTES; away <= JOIN_REACH_MINUTES; away += 1) {
    const near = minute + away * MINUTE_MS;
    window.set(near, await piecesOfMinute(context, space, project, near));
  }
  return window;
}

/** Where little comes in, what came before bears witness too: a process is judged by some of its traces, not by one. */
export async function windowBefore(context: JobContext, { project, space, minute }: JoinAt): Promise<Window> {
  const to = minute - JOIN_REACH_MINUTES * MINUTE_MS;
  const from = to - WITNESS_MINUTES * MINUTE_MS;
  return new Map([
    [from, await fewPiecesBetween(context, space, project, { from, to, bytes: WITNESS_BYTES })],
  ]);
}

/** The minutes before the window in which a root of this length was already at work, nearest first. */
export async function windowSince(
  context: JobContext,
  { project, space, minute }: JoinAt,
  durationMs: number,
): Promise<Window> {
  const window = new Map<EpochMs, readonly ObjectInfo[]>();
  // A minute more than it took: the root may have been sent that long after its end.
  const minutes = Math.min(LOOK_BACK_MINUTES, Math.ceil(durationMs / MINUTE_MS) + 1);
  let [bytes, objects] = [0, 0];
  for (let away = JOIN_REACH_MINUTES + 1; away <= minutes; away += 1) {
    if (bytes >= LOOK_BACK_BYTES || objects >= LOOK_BACK_OBJECTS) break;
    const infos = await piecesOfMinute(context, space, project, minute - away * MINUTE_MS);
    bytes += infos.reduce((sum, { size }) => sum + size, 0);
    objects += infos.length;
    window.set(minute - away * MINUTE_MS, infos);
  }
  return window;
}

/** What pieces of one place may hold in memory, and what was left out for it. */
export interface Room {
  readonly bytesMax: number;
  readonly placeOf: (piece: StoredPiece) => string;
  readonly held: Map<string, number>;
  leftOut: number;
}

/** Each piece once a minute, however often its upload was analysed, as far as there is room. */
export async function piecesWhere(
  context: JobContext,
  window: Window,
  isWanted: (piece: StoredPiece) => boolean,
  room: Room,
): Promise<readonly Arrived[]> {
  const found = new Map<string, Arrived>();
  for (const [arrived, infos] of window) {
    for await (const pieces of readPieces(context, infos)) {
      for (const piece of pieces) {
        const name = `${arrived} ${piece.upload} ${piece.index}`;
        if (!isWanted(piece) || found.has(name)) continue;
        const place = room.placeOf(piece);
        const bytes = (room.held.get(place) ?? 0) + piece.payload.length;
        if (bytes > room.bytesMax) room.leftOut += piece.spans;
        else {
          room.held.set(place, bytes);
          // A view would keep all of the object from being freed.
          found.set(name, { arrived, piece: { ...piece, payload: piece.payload.slice() } });
        }
      }
    }
  }
  return [...found.values()];
}

/** Pieces of which copies lie in several minutes. */
export const onceEach = (found: readonly Arrived[]): readonly StoredPiece[] => [
  ...new Map(found.map(({ piece }) => [`${piece.upload} ${piece.index}`, piece])).values(),
];
