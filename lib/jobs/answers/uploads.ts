import type { UploadId } from '../../model/ids.ts';
import { type EpochMs, HOUR_MS } from '../../model/units.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import { listJoins } from '../../records/joins.ts';
import type { LedgerRecord } from '../../records/ledger.ts';
import { listRejections } from '../../records/rejections.ts';
import type { JobContext } from '../context.ts';
import { damagedId, readRawIndex } from '../raw-read.ts';
import { type RawIndexEntry, rawPlace } from '../raw-segment.ts';
import { rawObjects } from '../sweep.ts';

const ITEMS_MAX = 200;
const RANGE_MAX_MS = 48 * HOUR_MS;

type Indexed = Pick<RawIndexEntry, 'id' | 'receivedAt' | 'route' | 'sender' | 'length'>;

export interface UploadsReader {
  read(project: string, from: EpochMs, to: EpochMs): Promise<UploadsAnswer>;
}
export type UploadsAnswer = Awaited<ReturnType<typeof answer>>;

/**
 * What was received and what became of it: received = done + rejected + poison + pending. The raw objects are the list of
 * what was received, so that nothing else has to be kept in step with them; their indices never change and are read once.
 */
export function uploadsReader(context: JobContext): UploadsReader {
  const indices = new Map<string, readonly Indexed[]>();
  const finished = new Map<UploadId, LedgerRecord>();

  async function indexOf(object: ObjectInfo): Promise<readonly Indexed[]> {
    const known = indices.get(object.key);
    if (known !== undefined) return known;
    const entries = await readRawIndex(context.objects, object.key);
    const kept = entries === 'damaged' ? [await damagedEntry(object)] : (entries ?? []).map(facts);
    indices.set(object.key, kept);
    return kept;
  }
  async function ledgerOf(project: string, id: UploadId): Promise<LedgerRecord | undefined> {
    const known = finished.get(id);
    if (known !== undefined) return known;
    const record = await context.ledger.get(project, id);
    if (record !== undefined && record.state !== 'poison') finished.set(id, record);
    return record;
  }

  return {
    async read(project, from, to) {
      const begin = Math.max(from, to - RANGE_MAX_MS);
      const uploads = new Map<UploadId, Indexed>();
      // The last hour belongs to it as a whole.
      for (const object of await rawObjects(context, project, begin, to + 1)) {
        for (const entry of await indexOf(object)) {
          if (entry.receivedAt >= begin && entry.receivedAt <= to) uploads.set(entry.id, entry);
        }
      }
      forgetBefore(indices, to - RANGE_MAX_MS);
      const rows: Row[] = [];
      for (const entry of uploads.values()) rows.push({ entry, record: await ledgerOf(project, entry.id) });
      if (finished.size > 1_000_000) finished.clear();
      return answer(context, project, begin, to, rows);
    },
  };
}

interface Row {
  readonly entry: Indexed;
  readonly record: LedgerRecord | undefined;
}

async function answer(
  context: JobContext,
  project: string,
  from: EpochMs,
  to: EpochMs,
  rows: readonly Row[],
) {
  const count = (state: string) => rows.filter(({ record }) => (record?.state ?? 'pending') === state).length;
  const refused = await listRejections(context.records, project, from, to);
  return {
    from,
    to,
    balance: {
      received: rows.length,
      done: count('done'),
      rejected: count('rejected'),
      poison: count('poison'),
      pending: count('pending'),
    },
    joins: await joinsOf(context, project, from, to),
    deadLetters: (await context.uploads.depth()).dead,
    refused: refused.map((rejection) => ({ ...rejection, examples: [...rejection.examples] })),
    leftOut: leftOutOf(rows),
    items: [...rows].sort(byTrouble).slice(0, ITEMS_MAX).map(itemOf),
    cursor: null,
  };
}

const REASONS_MAX = 100;

/** What was left out of uploads that were analysed, and what SDKs say that they threw away before; the most first. */
function leftOutOf(rows: readonly Row[]) {
  const counts = new Map<string, number>();
  for (const { record } of rows)
    for (const [reason, count] of Object.entries(record?.dropped ?? {}))
      counts.set(reason, (counts.get(reason) ?? 0) + count);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
    .slice(0, REASONS_MAX);
}

/** Of the minutes of arrival in [from, to]. */
async function joinsOf({ records }: JobContext, project: string, from: EpochMs, to: EpochMs) {
  const sum = { traces: 0, rootless: 0, late: 0, leftOut: 0, failed: 0 };
  for (const { traces, rootless, late, leftOut, tries, joinedAt } of await listJoins(
    records,
    project,
    from,
    to,
  )) {
    sum.traces += traces;
    sum.rootless += rootless;
    sum.late += late;
    sum.leftOut += leftOut ?? 0;
    sum.failed += tries !== undefined && joinedAt !== undefined ? 1 : 0;
  }
  return sum;
}

/** What needs a look comes first, then the latest. */
const TROUBLE = { poison: 0, rejected: 1, pending: 2, done: 3 } as const;
const byTrouble = (a: Row, b: Row) =>
  TROUBLE[a.record?.state ?? 'pending'] - TROUBLE[b.record?.state ?? 'pending'] ||
  b.entry.receivedAt - a.entry.receivedAt;

function itemOf({ entry, record }: Row) {
  const left = Object.entries(record?.dropped ?? {}).map(([reason, points]) => `${points} points ${reason}`);
  return {
    id: entry.id,
    receivedAt: entry.receivedAt,
    route: entry.route,
    bytes: entry.length,
    sender: entry.sender,
    state: record?.state ?? ('pending' as const),
    reason: record?.reason ?? (left.length > 0 ? `Left out: ${left.join(', ')}` : null),
  };
}

const facts = ({ id, receivedAt, route, sender, length }: Indexed): Indexed => ({
  id,
  receivedAt,
  route,
  sender,
  length,
});

/** An object that cannot be read stands for one upload at least: the analyzer sets it aside under this id. */
const damagedEntry = async ({ key, size }: ObjectInfo): Promise<Indexed> => ({
  id: await damagedId(key),
  receivedAt: rawPlace(key)?.hour ?? 0,
  route: 'damaged raw object',
  sender: '',
  length: size,
});

function forgetBefore(indices: Map<string, readonly Indexed[]>, before: EpochMs) {
  for (const [key, [first]] of indices)
    if (first !== undefined && first.receivedAt < before) indices.delete(key);
}
