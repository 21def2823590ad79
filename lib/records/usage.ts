import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { usageBetween, usageKey } from './keys.ts';
import { queryAll } from './pages.ts';

/** What one process asked of the stores in an hour: what is paid for, by name. */
export interface UsageRecord {
  readonly hour: EpochMs;
  /** Name of the function. */
  readonly by: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface UsageWriter {
  count(name: string, by: number): void;
  /** Writes what was counted, at most every FLUSH_MS. */
  flush(by: string): Promise<void>;
}

/** A record per process, hour and write: far cheaper than what it counts. */
const FLUSH_MS = 5 * MINUTE_MS;
const KEEP_DAYS = 14;
const RECORDS_MAX = 20_000;

/**
 * Every process has records of its own, so none waits for another. A process that is frozen and never called again keeps
 * what it counted in its last minutes to itself.
 *
 * @param counts is emptied into each record; what the stores are asked meanwhile goes into the next
 */
export function usageWriter(records: RecordStore, clock: Clock, counts: Map<string, number>): UsageWriter {
  const process = crypto.randomUUID();
  let last = Number.NEGATIVE_INFINITY;
  let written: UsageRecord | undefined;
  return {
    count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
    async flush(by) {
      const now = clock.now();
      // A clock that was set back must not keep it for as long.
      if (Math.abs(now - last) < FLUSH_MS || counts.size === 0) return;
      last = now;
      const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
      const sums = new Map(Object.entries(written?.hour === hour ? written.counts : {}));
      for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
      counts.clear();
      written = { hour, by, counts: Object.fromEntries(sums) };
      await records.put({ ...usageKey(hour, process), body: written, expiresAt: hour + KEEP_DAYS * DAY_MS });
    },
  };
}

/** Counts of hours that overlap a range, added up per function. */
export async function usageByFunction(
  records: RecordStore,
  from: EpochMs,
  to: EpochMs,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const { pk, ...range } = usageBetween(from, to);
  const found = new Map<string, Map<string, number>>();
  for (const { body } of await queryAll(records, pk, range, RECORDS_MAX)) {
    const { by, counts } = body as UsageRecord;
    const sums = found.get(by) ?? new Map<string, number>();
    for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
    found.set(by, sums);
  }
  return found;
}
