import { shortHash } from '../model/hash.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { rejectionKey, rejectionsBetween } from './keys.ts';
import { queryAll, update } from './pages.ts';

/** Uploads refused at the door in one hour, for one reason, from one sender: a count and three examples. */
export interface RejectionRecord {
  readonly hour: EpochMs;
  readonly reason: string;
  readonly status: number;
  readonly sender: string;
  readonly count: number;
  readonly examples: readonly RejectionExample[];
}
export interface RejectionExample {
  readonly at: EpochMs;
  readonly route: string;
  readonly detail: string;
  /** What kind of bytes the body began with ('gzip', 'json', 'protobuf?', …), never the bytes themselves. */
  readonly firstBytes: string;
  readonly bytes: number;
}
export type Rejection = Omit<RejectionRecord, 'hour' | 'count' | 'examples'> & RejectionExample;

const EXAMPLES_MAX = 3;
/** Distinct (reason, sender) pairs an hour and project; all others are counted under one name. */
const PAIRS_MAX = 200;
const KEEP_DAYS = 14;

export interface Rejections {
  add(project: string, rejection: Rejection): void;
  /** Writes what was added since the last call. */
  flush(): Promise<void>;
}

/** Collects in memory and writes in groups, so that a flood of bad requests costs no write each. */
export function rejections(records: RecordStore): Rejections {
  let pending = new Map<string, { project: string; record: RejectionRecord }>();
  return {
    add(project, { reason, status, sender, ...example }) {
      const hour = Math.floor(example.at / HOUR_MS) * HOUR_MS;
      const crowded = pending.size >= PAIRS_MAX;
      const key = JSON.stringify(crowded ? [project, hour, status] : [project, hour, reason, status, sender]);
      const before = pending.get(key)?.record;
      const record = before ?? {
        hour,
        reason: crowded ? 'other reasons' : reason,
        status,
        sender: crowded ? 'other senders' : sender,
        count: 0,
        examples: [],
      };
      const examples = [...record.examples, example].slice(0, EXAMPLES_MAX);
      pending.set(key, { project, record: { ...record, count: record.count + 1, examples } });
    },
    async flush() {
      const batch = pending;
      pending = new Map();
      for (const { project, record } of batch.values()) {
        const hash = shortHash(JSON.stringify([record.reason, record.status, record.sender]));
        await update<RejectionRecord>(records, rejectionKey(project, record.hour, hash), (before) => ({
          body:
            before === undefined
              ? record
              : {
                  ...before,
                  count: before.count + record.count,
                  examples: [...before.examples, ...record.examples].slice(0, EXAMPLES_MAX),
                },
          expiresAt: record.hour + KEEP_DAYS * DAY_MS,
        }));
      }
    },
  };
}

export async function listRejections(
  records: RecordStore,
  project: string,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly RejectionRecord[]> {
  const range = rejectionsBetween(project, from, to);
  return (await queryAll(records, range.pk, { ...range, reverse: true }, 1000)).map(
    (record) => record.body as RejectionRecord,
  );
}
