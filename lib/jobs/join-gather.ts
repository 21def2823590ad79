import { profilesOfPieces, tracesOfPieces } from '../formats/pieces.ts';
import type { UploadId } from '../model/ids.ts';
import type { Trace } from '../model/trace.ts';
import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import type { StoredPiece } from '../segments/pieces.ts';
import { atOnce } from './at-once.ts';
import type { JobContext } from './context.ts';
import {
  type Arrived,
  type JoinAt,
  onceEach,
  piecesWhere,
  type Room,
  type Window,
  windowBefore,
  windowSince,
} from './join-window.ts';
import { minuteOf } from './pieces.ts';

const US_PER_MS = 1000;

/** With the upload that it came in, and what has to be added to its times. */
export type GatheredProfile = ReturnType<typeof profilesOfPieces>[number] & {
  readonly upload: UploadId;
  readonly shiftMs: number;
};

/** What one part of a minute is joined of. */
export interface Gathered {
  readonly witnesses: readonly Trace[];
  readonly profiles: readonly GatheredProfile[];
  readonly traces: readonly { readonly trace: Trace; readonly shiftMs: number }[];
  readonly rootless: number;
  /** Spans that came with roots of this minute, in uploads that are not recorded. */
  readonly late: number;
  /** Spans for which there was no room. */
  readonly leftOut: number;
}

/** @returns 'unrecorded' where roots of the minute are, if somebody can wait for them */
export async function gather(
  context: JobContext,
  at: JoinAt,
  window: Window,
  isOfPart: (piece: StoredPiece) => boolean,
  { bytesMax, waits }: { readonly bytesMax: number; readonly waits: boolean },
): Promise<Gathered | 'unrecorded'> {
  const room: Room = { bytesMax, held: new Map(), leftOut: 0, placeOf };
  const isMine = (piece: StoredPiece) => piece.form !== 'sentry-chunk' && isOfPart(piece);
  const pieces = await piecesWhere(context, window, isMine, room);
  const { own, late } = await ownRoots(context, at, pieces);
  if (waits && late > 0) return 'unrecorded';
  const rootless = rootlessIn(pieces, at.minute);
  if (own.size === 0)
    return { traces: [], witnesses: [], profiles: [], rootless, late, leftOut: room.leftOut };
  const isOwn = ({ traceId, root }: Trace) => own.has(nameOf(traceId, root.spanId));
  const beside: Room = { bytesMax, held: new Map(), leftOut: 0, placeOf: () => '' };
  const near = [...(await piecesWhere(context, await windowBefore(context, at), isMine, room)), ...pieces];
  const nearTraces = tracesOfPieces(onceEach(near));
  const { shifts, profilers } = factsOfRoots(pieces, own);
  // Before the beginnings of long requests: an hour of theirs would leave no room for what all traces need.
  const chunks = await chunksOf(context, window, profilers, beside);
  const begun = await beginnings(context, at, nearTraces.filter(isOwn), isOfPart, beside);
  const all = onceEach([...begun, ...near]);
  const known = begun.length === 0 ? nearTraces : tracesOfPieces(all);
  return {
    traces: known.filter(isOwn).map((trace) => ({
      trace,
      shiftMs: shifts.get(nameOf(trace.traceId, trace.root.spanId)) ?? 0,
    })),
    witnesses: known.filter((trace) => !isOwn(trace)),
    profiles: [...onceEach(chunks), ...all].flatMap(profilesOf),
    rootless,
    late,
    leftOut: room.leftOut + beside.leftOut,
  };
}

const profilesOf = (piece: StoredPiece): readonly GatheredProfile[] =>
  profilesOfPieces([piece]).map((item) => ({ ...item, upload: piece.upload, shiftMs: piece.shiftMs }));

/** One trace of a process. */
const placeOf = ({ process, key }: StoredPiece) => `${process}\n${key}`;
const nameOf = (key: string, root: string) => `${key} ${root}`;

function rootlessIn(pieces: readonly Arrived[], minute: EpochMs): number {
  const rooted = new Set(pieces.filter(({ piece }) => piece.roots.length > 0).map(({ piece }) => piece.key));
  return pieces
    .filter(({ arrived, piece }) => arrived === minute && !rooted.has(piece.key))
    .reduce((sum, { piece }) => sum + piece.spans, 0);
}

/** By key and root, what has to be added to its times; and the sessions of the profilers that saw any of them. */
function factsOfRoots(pieces: readonly Arrived[], own: ReadonlySet<string>) {
  const shifts = new Map<string, number>();
  const profilers = new Set<string>();
  for (const { piece } of pieces) {
    for (const name of piece.roots.map((root) => nameOf(piece.key, root)).filter((one) => own.has(one))) {
      shifts.set(name, piece.shiftMs);
      if (piece.profiler !== '') profilers.add(piece.profiler);
    }
  }
  return { shifts, profilers };
}

async function chunksOf(
  context: JobContext,
  window: Window,
  profilers: ReadonlySet<string>,
  room: Room,
): Promise<readonly Arrived[]> {
  const isChunk = ({ form, key }: StoredPiece) => form === 'sentry-chunk' && profilers.has(key);
  return profilers.size === 0 ? [] : piecesWhere(context, window, isChunk, room);
}

/** What long requests left before the window: spans are sent as they end, a profiler's chunks every minute. */
async function beginnings(
  context: JobContext,
  at: JoinAt,
  traces: readonly Trace[],
  isOfPart: (piece: StoredPiece) => boolean,
  room: Room,
): Promise<readonly Arrived[]> {
  const msOf = ({ root }: Trace) => (root.end - root.start) / US_PER_MS;
  const long = traces.filter((trace) => msOf(trace) > MINUTE_MS);
  const longestMs = long.reduce((most, trace) => Math.max(most, msOf(trace)), 0);
  const keys = new Set(long.flatMap(({ traceId, profile }) => [traceId, profile.profilerId]));
  const isTheirs = (piece: StoredPiece) =>
    keys.has(piece.key) && (piece.form === 'sentry-chunk' || isOfPart(piece));
  return piecesWhere(context, await windowSince(context, at, longestMs), isTheirs, room);
}

/** Roots that came in this minute and in none before it, as the ledger has recorded them. */
async function ownRoots(
  { ledger }: JobContext,
  { project, space, minute }: JoinAt,
  pieces: readonly Arrived[],
): Promise<{ readonly own: ReadonlySet<string>; readonly late: number }> {
  const cameNow = [...piecesByRoot(pieces)].filter(([, came]) =>
    came.some(({ arrived }) => arrived === minute),
  );
  const uploads = [...new Set(cameNow.flatMap(([, came]) => came.map(({ piece }) => piece.upload)))];
  const records = await atOnce(uploads, (id) => ledger.get(project, id));
  // Of one that was set aside any copy may count once it is redriven.
  const recorded = new Map(
    uploads.map((id, at) => {
      const record = records[at];
      return [id, record && record.state !== 'poison' ? minuteOf(record.receivedAt) : undefined];
    }),
  );
  const own = new Set<string>();
  const unrecorded = new Set<StoredPiece>();
  for (const [name, came] of cameNow) {
    let first = Number.POSITIVE_INFINITY;
    for (const { arrived, piece } of came) {
      const said = recorded.get(piece.upload);
      // A replay leaves to live analysis what that has yet to record: its join writes to every open generation.
      if (said === arrived) first = Math.min(first, arrived);
      if (said === undefined && space === 'live' && arrived === minute) unrecorded.add(piece);
    }
    if (first === minute) own.add(name);
  }
  return { own, late: [...unrecorded].reduce((sum, { spans }) => sum + spans, 0) };
}

function piecesByRoot(pieces: readonly Arrived[]): ReadonlyMap<string, readonly Arrived[]> {
  const found = new Map<string, Arrived[]>();
  for (const one of pieces) {
    for (const root of one.piece.roots) {
      const name = nameOf(one.piece.key, root);
      const came = found.get(name);
      if (came === undefined) found.set(name, [one]);
      else came.push(one);
    }
  }
  return found;
}
