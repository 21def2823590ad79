import { profilesOfPieces, tracesOfPieces } from '../formats/pieces.ts';
import { digest, hexOf, type UploadId, uploadId } from '../model/ids.ts';
import { partitionStart } from '../model/partition.ts';
import type { Span, Trace } from '../model/trace.ts';
import { type EpochMs, MIB, MINUTE_MS } from '../model/units.ts';
import { openGenerations } from '../records/generations.ts';
import { changeJoin, type JoinRecord, readJoin } from '../records/joins.ts';
import { noteService } from '../records/services.ts';
import { mergeAll } from '../segments/kind.ts';
import { mergeSections, type Sections } from '../segments/kinds/index.ts';
import type { StoredPiece } from '../segments/pieces.ts';
import type { PatternThresholds } from '../traces/patterns/thresholds.ts';
import { acceptedTime } from './accepted-time.ts';
import { commitUploads, compactGrown } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import type { Place } from './fold.ts';
import { fixedCuts, isInPart } from './join-parts.ts';
import {
  type Arrived,
  type JoinAt,
  onceEach,
  piecesWhere,
  type Room,
  type Window,
  windowAround,
  windowBefore,
  windowSince,
} from './join-window.ts';
import { patternThresholds } from './pattern-thresholds.ts';
import { minuteOf } from './pieces.ts';

/** How long a minute is waited for of which an upload with a root is not recorded as done: longer than analyzers hold one. */
const UNRECORDED_MS = 20 * MINUTE_MS;
const US_PER_MS = 1000;

/** Local traces that came in some minute, with all of their spans and the profiles of the time around them. */
export interface Joined {
  /** In the time of their senders' clocks, as the chunks are. */
  readonly traces: readonly Trace[];
  /** Traces of the minutes around it, and before: they bear witness and count elsewhere. */
  readonly witnesses: readonly Trace[];
  /** Of the traces, and of the continuous profilers that they name. */
  readonly profiles: ReturnType<typeof profilesOfPieces>;
  /** Of what is a pattern, by service and unit. */
  readonly thresholdsOf: (trace: Trace) => PatternThresholds;
}

/**
 * What joined traces add to partitions. It is called with the same traces again when a join is repeated, and must give the
 * same. `placeOf` tells the start of the partition of a sender's time.
 */
export type FoldJoined = (
  project: string,
  joined: Joined,
  placeOf: (time: EpochMs) => EpochMs,
) => readonly { readonly partition: Place; readonly sections: Sections }[];

export interface JoinBounds {
  /** Pieces that are put together at once, about. */
  readonly partBytes?: number;
  /** Pieces of one trace of a process that are held at most. */
  readonly heldBytes?: number;
}

/**
 * Puts together the traces whose local root came in one minute of arrivals, and commits what `fold` makes of them, once: the
 * parts of the minute have ids of their own, with a ledger record each, as uploads have. A root that came in an earlier
 * minute of the window belongs to that one. An upload that was stored twice, as a client's retry is, left its pieces in two
 * minutes: the one that its ledger record names counts.
 *
 * @returns undefined while an upload of this minute is not recorded yet: call again later
 * @throws Fault('unavailable') when a store does not answer: call again
 * Cost: the pieces of five minutes are read and decoded; of more, where a request took longer.
 */
export async function joinMinute(
  context: JobContext,
  fold: FoldJoined,
  at: JoinAt,
  { partBytes, heldBytes = HELD_BYTES }: JoinBounds = {},
): Promise<JoinRecord | undefined> {
  const { project, space, minute } = at;
  const before = await readJoin(context.records, project, space, minute);
  if (before?.joinedAt !== undefined) return before;
  const window = await windowAround(context, at);
  const cuts = await fixedCuts(context, at, window, partBytes);
  const told = { traces: 0, rootless: 0, late: 0 };
  let leftOut = 0;
  for (let part = 0; part <= cuts.length; part += 1) {
    const found = await gather(context, at, window, isInPart(cuts, part), heldBytes);
    if (found.late > 0 && context.clock.now() < minute + UNRECORDED_MS) return undefined;
    told.traces += found.traces.length;
    told.late += found.late;
    told.rootless += found.rootless;
    leftOut += found.leftOut;
    await commitPart(context, fold, at, await joinId(project, minute, part), found);
  }
  const reason = `${leftOut} spans were left out: one trace of a process, or one profiler, held more than ${HELD_BYTES / MIB} MiB`;
  const record = { minute, cuts, joinedAt: context.clock.now(), ...told, ...(leftOut > 0 && { reason }) };
  const kept = await changeJoin(context.records, project, space, minute, (other) =>
    other?.joinedAt === undefined ? { ...other, ...record } : undefined,
  );
  return kept ?? record;
}

const joinId = async (project: string, minute: EpochMs, part: number): Promise<UploadId> =>
  uploadId(hexOf(await digest('join', project, String(minute), String(part))).slice(0, 32));

/**
 * Pieces of one trace of a process that are held at once, for no cut divides one: of an id that a sender uses for all it does,
 * or that somebody makes up with a browser's public key. Which of its pieces are left out no order decides, which is no harm:
 * the part counts once.
 */
const HELD_BYTES = 64 * MIB;

interface Gathered extends Pick<Joined, 'witnesses' | 'profiles'> {
  readonly traces: readonly { readonly trace: Trace; readonly shiftMs: number }[];
  readonly rootless: number;
  /** Spans that came with roots of this minute, in uploads that are not recorded. */
  readonly late: number;
  /** Spans for which there was no room. */
  readonly leftOut: number;
}

async function gather(
  context: JobContext,
  at: JoinAt,
  window: Window,
  isOfPart: (piece: StoredPiece) => boolean,
  heldBytes: number,
): Promise<Gathered> {
  const isMine = (piece: StoredPiece) => piece.form !== 'sentry-chunk' && isOfPart(piece);
  const room: Room = { bytesMax: heldBytes, held: new Map(), leftOut: 0 };
  const pieces = await piecesWhere(context, window, isMine, room);
  const { minute } = at;
  const rooted = new Set(pieces.filter(({ piece }) => piece.roots.length > 0).map(({ piece }) => piece.key));
  const { own, late } = await ownRoots(context, at, pieces);
  const isOwn = (key: string, root: string) => own.has(`${key} ${root}`);
  const isOwnTrace = ({ traceId, root }: Trace) => isOwn(traceId, root.spanId);
  const { shifts, profilers } = factsOfRoots(pieces, isOwn);
  const earlier =
    own.size === 0 ? [] : await piecesWhere(context, await windowBefore(context, at), isMine, room);
  const near = own.size === 0 ? [] : [...earlier, ...pieces];
  const nearTraces = tracesOfPieces(onceEach(near));
  const begun = await beginnings(context, at, nearTraces.filter(isOwnTrace), isOfPart, room);
  const all = onceEach([...begun, ...near]);
  const known = begun.length === 0 ? nearTraces : tracesOfPieces(all);
  const rootless = pieces
    .filter(({ arrived, piece }) => arrived === minute && !rooted.has(piece.key))
    .reduce((sum, { piece }) => sum + piece.spans, 0);
  const isChunk = ({ form, key }: StoredPiece) => form === 'sentry-chunk' && profilers.has(key);
  const chunks = profilers.size === 0 ? [] : await piecesWhere(context, window, isChunk, room);
  return {
    traces: known.filter(isOwnTrace).map((trace) => ({
      trace,
      shiftMs: shifts.get(`${trace.traceId} ${trace.root.spanId}`) ?? 0,
    })),
    witnesses: known.filter((trace) => !isOwnTrace(trace)),
    profiles: profilesOfPieces([...onceEach(chunks), ...all]),
    rootless,
    late,
    leftOut: room.leftOut,
  };
}

/** By key and root, what has to be added to its times; and the sessions of the profilers that saw any of them. */
function factsOfRoots(pieces: readonly Arrived[], isOwn: (key: string, root: string) => boolean) {
  const shifts = new Map<string, number>();
  const profilers = new Set<string>();
  for (const { piece } of pieces) {
    for (const root of piece.roots.filter((one) => isOwn(piece.key, one))) {
      shifts.set(`${piece.key} ${root}`, piece.shiftMs);
      if (piece.profiler !== '') profilers.add(piece.profiler);
    }
  }
  return { shifts, profilers };
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
  const recorded = new Map<UploadId, EpochMs | undefined>();
  const minuteOfUpload = async (id: UploadId) => {
    if (!recorded.has(id)) {
      const record = await ledger.get(project, id);
      recorded.set(id, record && minuteOf(record.receivedAt));
    }
    return recorded.get(id);
  };
  const rootPieces = new Map<string, Arrived[]>();
  for (const one of pieces) {
    for (const root of one.piece.roots) {
      const name = `${one.piece.key} ${root}`;
      const came = rootPieces.get(name);
      if (came === undefined) rootPieces.set(name, [one]);
      else came.push(one);
    }
  }
  const own = new Set<string>();
  const unrecorded = new Set<StoredPiece>();
  for (const [name, came] of rootPieces) {
    if (!came.some(({ arrived }) => arrived === minute)) continue;
    let first = Number.POSITIVE_INFINITY;
    for (const { arrived, piece } of came) {
      const said = await minuteOfUpload(piece.upload);
      // A replay leaves to live analysis what that has yet to record: its join writes to every open generation.
      if (said === arrived) first = Math.min(first, arrived);
      if (said === undefined && space === 'live' && arrived === minute) unrecorded.add(piece);
    }
    if (first === minute) own.add(name);
  }
  return { own, late: [...unrecorded].reduce((sum, { spans }) => sum + spans, 0) };
}

async function commitPart(
  context: JobContext,
  fold: FoldJoined,
  { project, space, minute }: JoinAt,
  id: UploadId,
  { traces, witnesses, profiles }: Gathered,
): Promise<void> {
  if (traces.length === 0) return;
  const heldSince = context.clock.now();
  if (space === 'live' && (await context.ledger.get(project, id)) !== undefined) return;
  const { from, to } = acceptedTime(context, { receivedAt: minute }, space !== 'live');
  const isTaken = ({ trace, shiftMs }: Gathered['traces'][number]) => {
    const time = trace.root.end / US_PER_MS + shiftMs;
    return time >= from && time <= to + MINUTE_MS;
  };
  const taken = traces.filter(isTaken);
  await noteTraces(context, project, minute, taken);
  const record = await context.generations.of(project);
  const open = (start: EpochMs) =>
    openGenerations(record, start).filter((generation) => space === 'live' || generation === space);
  const thresholdsOf = await patternThresholds(context, project, taken);
  const parts = [...Map.groupBy(taken, ({ shiftMs }) => shiftMs)].flatMap(([shiftMs, group]) => {
    const joined = { traces: group.map(({ trace }) => trace), witnesses, profiles, thresholdsOf };
    return fold(project, joined, (time) => partitionStart(time + shiftMs));
  });
  const additions = mergedByPlace(parts).flatMap(({ partition, sections }) =>
    open(partition.start).map((generation) => ({ partition: { ...partition, generation }, sections })),
  );
  const { broken, grown } = await commitUploads(context, [{ uploadId: id, parts: additions }], heldSince);
  for (const error of broken.values()) throw error;
  if (space === 'live') await finishPart(context, project, id, minute);
  await compactGrown(context, grown);
}

/** Senders whose clocks differ may meet in one partition, which the id may enter but once. */
function mergedByPlace(parts: ReturnType<FoldJoined>): ReturnType<FoldJoined> {
  const places = Map.groupBy(parts, ({ partition }) => `${partition.start} ${partition.service}`);
  return [...places.values()].map((group) => ({
    partition: (group[0] as (typeof parts)[number]).partition,
    sections:
      mergeAll(
        group.map(({ sections }) => sections),
        mergeSections,
      ) ?? {},
  }));
}

const finishPart = (context: JobContext, project: string, id: UploadId, minute: EpochMs) =>
  context.ledger.finish(project, {
    uploadId: id,
    rawKey: '',
    receivedAt: minute,
    state: 'done',
    reason: null,
    dropped: {},
    finishedAt: context.clock.now(),
  });

/** Before the first commit: the sweep of orphans finds heads by the services that are known. */
async function noteTraces(
  context: JobContext,
  project: string,
  minute: EpochMs,
  traces: readonly { readonly trace: Trace }[],
) {
  for (const [service, group] of Map.groupBy(traces, ({ trace }) => trace.service)) {
    const ends = group.map(({ trace }) => endOf(trace.root));
    await noteService(context.records, project, {
      service,
      firstSeen: minute,
      lastSeen: minute,
      firstData: ends.reduce((first, end) => Math.min(first, end)),
      lastData: ends.reduce((last, end) => Math.max(last, end)),
      signals: { traces: minute },
      versions: {},
    });
  }
}
const endOf = ({ end }: Span): EpochMs => end / US_PER_MS;
