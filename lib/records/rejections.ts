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
/**
 * An hour of a project is kept in so many records of so many (reason, status, sender) triples each, however many processes
 * write: whoever sends without a key cannot fill the table. A triple whose record is full counts under one name.
 */
const SLOTS = 64;
const TRIPLES_PER_SLOT = 4;
/** Triples that one process holds between two writes; all others count under one name there already. */
const PENDING_MAX = 200;
const KEEP_DAYS = 14;

export interface Rejections {
  add(project: string, rejection: Rejection): void;
  /** Writes what was added since the last call. What cannot be written stays for the next one. */
  flush(): Promise<void>;
}

type Pending = Map<string, { readonly project: string; readonly record: RejectionRecord }>;

/** Collects in memory and writes in groups, so that a flood of bad requests costs no write each. */
export function rejections(records: RecordStore): Rejections {
  let pending: Pending = new Map();
  const hold = (project: string, record: RejectionRecord) => {
    const { hour } = record;
    const own = JSON.stringify([project, hour, record.reason, record.status, record.sender]);
    const crowded = pending.size >= PENDING_MAX && !pending.has(own);
    const key = crowded ? JSON.stringify([project, hour, record.status]) : own;
    const before = pending.get(key)?.record;
    const held = crowded ? asOther(record) : record;
    pending.set(key, { project, record: before === undefined ? held : added(before, held) });
  };
  return {
    add(project, { reason, status, sender, ...example }) {
      const hour = Math.floor(example.at / HOUR_MS) * HOUR_MS;
      hold(project, { hour, reason, status, sender, count: 1, examples: [example] });
    },
    async flush() {
      const batch = [...pending.values()];
      pending = new Map();
      for (const [i, { project, record }] of batch.entries()) {
        try {
          await write(records, project, record);
        } catch (error) {
          for (const { project: owner, record: unwritten } of batch.slice(i)) hold(owner, unwritten);
          throw error;
        }
      }
    },
  };
}

const asOther = (record: RejectionRecord): RejectionRecord => ({
  ...record,
  reason: 'other reasons',
  sender: 'other senders',
});

const added = (before: RejectionRecord, more: RejectionRecord): RejectionRecord => ({
  ...before,
  count: before.count + more.count,
  examples: [...before.examples, ...more.examples].slice(0, EXAMPLES_MAX),
});

const isSame = (a: RejectionRecord, b: RejectionRecord) =>
  a.reason === b.reason && a.status === b.status && a.sender === b.sender;

/** Body of one record. */
type Slot = readonly RejectionRecord[];

async function write(records: RecordStore, project: string, record: RejectionRecord): Promise<void> {
  const hash = shortHash(JSON.stringify([record.reason, record.status, record.sender]));
  const slot = Number.parseInt(hash, 16) % SLOTS;
  await update<Slot>(records, rejectionKey(project, record.hour, String(slot)), (before = []) => ({
    body: withRecord(before, record),
    expiresAt: record.hour + KEEP_DAYS * DAY_MS,
  }));
}

function withRecord(slot: Slot, record: RejectionRecord): Slot {
  const isFull = slot.length >= TRIPLES_PER_SLOT && !slot.some((one) => isSame(one, record));
  const kept = isFull ? asOther(record) : record;
  if (slot.some((one) => isSame(one, kept)))
    return slot.map((one) => (isSame(one, kept) ? added(one, kept) : one));
  return [...slot, kept];
}

export async function listRejections(
  records: RecordStore,
  project: string,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly RejectionRecord[]> {
  const range = rejectionsBetween(project, from, to);
  const slots = await queryAll(records, range.pk, { ...range, reverse: true });
  const found = slots.flatMap(({ body }) => body as Slot);
  const others = (record: RejectionRecord) =>
    JSON.stringify([record.hour, record.reason, record.status, record.sender]);
  // What did not fit is in many records under one name.
  return [...Map.groupBy(found, others).values()].map((group) => group.reduce(added));
}
