import { shortHash } from '../model/hash.ts';
import { DAY_MS, type EpochMs, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { clockKey, clocksOf } from './keys.ts';
import { queryAll, update } from './pages.ts';

/** From when on a sender's times are corrected by how much: uploads received at `since` or later, and before the next. */
export interface ClockEra {
  readonly since: EpochMs;
  /** How far the sender's clock is ahead, ms. */
  readonly offsetMs: number;
}
/** A sender whose clock is, or was, off. */
export interface SenderClock {
  readonly service: string;
  readonly instance: string;
  /** How far the latest time of its last uploads was ahead of their arrival. */
  readonly recent: readonly number[];
  readonly eras: readonly ClockEra[];
}
export interface ClockReading {
  readonly service: string;
  readonly instance: string;
  readonly offsetMs: number;
  /** By the clock of the door. */
  readonly receivedAt: EpochMs;
}

/** Clocks that are off by less are left alone: networks and batches delay by as much. */
export const OFFSET_MIN_MS = MINUTE_MS;
/** Uploads whose median is believed. */
const READINGS_MIN = 5;
const READINGS_MAX = 9;
/** A correction that moves by less stays as it is. */
const STEADY_MS = 30 * SECOND_MS;
const ERAS_MAX = 20;
const SENDERS_MAX = 1000;
const CACHE_MS = 30 * SECOND_MS;
/** Every analyzer has read of a correction before the first upload comes that it holds for. */
const BEGINS_AFTER_MS = 2 * CACHE_MS;
const KEEP_DAYS = 60;

export interface SenderClocks {
  /** By `senderName`; at most 30 s old. */
  of(project: string): Promise<ReadonlyMap<string, SenderClock>>;
  /** Remembers what uploads told of clocks that are off, and of those that were. */
  note(project: string, readings: readonly ClockReading[]): Promise<void>;
}

export const senderName = ({ service, instance }: Pick<ClockReading, 'service' | 'instance'>): string =>
  JSON.stringify([service, instance]);

/**
 * Which senders' clocks are ahead, and since when that is corrected. A correction holds for uploads by their arrival, and
 * begins a minute after it was written, so that an upload is folded with the same one however often it is analysed.
 */
export function senderClocks(records: RecordStore, clock: Clock): SenderClocks {
  const cache = new Map<
    string,
    { readonly clocks: ReadonlyMap<string, SenderClock>; readonly readAt: number }
  >();
  const of = async (project: string) => {
    const known = cache.get(project);
    if (known !== undefined && Math.abs(clock.now() - known.readAt) < CACHE_MS) return known.clocks;
    const readAt = clock.now();
    const { pk } = clocksOf(project);
    const found = (await queryAll(records, pk, {}, SENDERS_MAX)).map(({ body }) => body as SenderClock);
    const clocks = new Map(found.map((one) => [senderName(one), one]));
    if (cache.size >= SENDERS_MAX) cache.clear();
    cache.set(project, { clocks, readAt });
    return clocks;
  };
  return {
    of,
    async note(project, readings) {
      const known = await of(project);
      for (const reading of readings) {
        const name = senderName(reading);
        if (!known.has(name) && (reading.offsetMs <= OFFSET_MIN_MS || known.size >= SENDERS_MAX)) continue;
        const hash = `${shortHash(name)}${shortHash(`2 ${name}`)}`;
        await update<SenderClock>(records, clockKey(project, hash), (before) => ({
          body: withReading(before, reading, clock.now()),
          expiresAt: clock.now() + KEEP_DAYS * DAY_MS,
        }));
      }
    },
  };
}

function withReading(before: SenderClock | undefined, reading: ClockReading, now: EpochMs): SenderClock {
  const { service, instance, offsetMs, receivedAt } = reading;
  const recent = [...(before?.recent ?? []), offsetMs].slice(-READINGS_MAX);
  const eras = before?.eras ?? [];
  const median = [...recent].sort((a, b) => a - b)[recent.length >> 1] ?? 0;
  // Behind is nothing to correct: a late batch looks the same.
  const wanted = median > OFFSET_MIN_MS ? Math.round(median / SECOND_MS) * SECOND_MS : 0;
  const stands = eras.at(-1)?.offsetMs ?? 0;
  if (recent.length < READINGS_MIN || Math.abs(wanted - stands) < STEADY_MS)
    return { service, instance, recent, eras };
  // Eras begin by the door's clock, which may be ahead of the analyzer's: what was received is folded as it was.
  const since = Math.max(now, receivedAt) + BEGINS_AFTER_MS;
  const era = { since, offsetMs: wanted };
  return { service, instance, recent: [], eras: [...eras, era].slice(-ERAS_MAX) };
}

/** How far a sender's clock was ahead when it sent what was received then. */
export const offsetAt = (sender: SenderClock | undefined, receivedAt: EpochMs): number =>
  sender?.eras.findLast(({ since }) => since <= receivedAt)?.offsetMs ?? 0;
