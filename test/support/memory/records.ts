import { Fault, invalidInput } from '../../../lib/model/fault.ts';
import {
  MAX_PAGE,
  type NewRecord,
  type RecordStore,
  type StoredRecord,
} from '../../../lib/ports/record-store.ts';
import { compareUtf8, placeOf } from './sorted.ts';

interface Row {
  readonly sk: string;
  readonly json: string;
  readonly expiresAt: number | undefined;
  readonly version: number;
  /** What `json` says, once somebody has asked: read far more often than written, and nobody may change what he was given. */
  body?: unknown;
}

/** Records in memory. `now` is the clock by which they expire. */
export function memoryRecords(now: () => number): RecordStore {
  const partitions = new Map<string, Row[]>(); // sorted by sk; what has expired stays, as a lazy TTL leaves it
  let versions = 0;
  const isLive = ({ expiresAt }: Row) => expiresAt === undefined || expiresAt > now();
  const compare = (row: Row, sk: string) => compareUtf8(row.sk, sk);
  const find = (pk: string, sk: string) => {
    const rows = partitions.get(pk) ?? [];
    const at = placeOf(rows, sk, compare);
    const row = rows[at];
    return { rows, at, row: row?.sk === sk ? row : undefined };
  };
  return {
    async get(pk, sk) {
      const { row } = find(pk, sk);
      return row !== undefined && isLive(row) ? toRecord(pk, row) : undefined;
    },
    async query(pk, { from = '', to, limit = MAX_PAGE, reverse = false, cursor } = {}) {
      const rows = partitions.get(pk) ?? [];
      const begin = placeOf(rows, from, compare);
      const end = to === undefined ? rows.length : Math.max(begin, placeOf(rows, to, compare));
      const inRange = rows.slice(begin, end).filter(isLive);
      const ordered = reverse ? inRange.reverse() : inRange;
      const rest = ordered.filter(
        ({ sk }) =>
          cursor === undefined || (reverse ? compareUtf8(sk, cursor) < 0 : compareUtf8(sk, cursor) > 0),
      );
      const page = rest.slice(0, Math.min(limit, MAX_PAGE));
      return {
        records: page.map((row) => toRecord(pk, row)),
        cursor: page.length < rest.length ? page.at(-1)?.sk : undefined,
      };
    },
    async put(record, condition) {
      const json = checked(record);
      const { rows, at, row } = find(record.pk, record.sk);
      if (condition !== undefined) {
        const wanted = 'ifAbsent' in condition ? undefined : condition.ifVersion;
        const version = row !== undefined && isLive(row) ? row.version : undefined;
        if (version !== wanted) return { outcome: 'conflict' };
      }
      versions += 1;
      const { sk, expiresAt } = record;
      rows.splice(at, row === undefined ? 0 : 1, { sk, json, expiresAt, version: versions });
      partitions.set(record.pk, rows);
      return { outcome: 'stored', version: versions };
    },
    async delete(pk, sk, { ifVersion } = {}) {
      const { rows, at, row } = find(pk, sk);
      if (row === undefined) return 'deleted';
      if (ifVersion !== undefined && isLive(row) && row.version !== ifVersion) return 'conflict';
      rows.splice(at, 1);
      return 'deleted';
    },
  };
}

function toRecord(pk: string, row: Row): StoredRecord {
  const { sk, json, expiresAt, version } = row;
  row.body ??= frozen(JSON.parse(json));
  return { pk, sk, body: row.body, version, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

const KEY_BYTES_MAX = 1024;
const BODY_BYTES_MAX = 300 * 1024;

function checked({ pk, sk, body }: NewRecord): string {
  for (const key of [pk, sk]) {
    const bytes = Buffer.byteLength(key);
    if (bytes < 1 || bytes > KEY_BYTES_MAX || !key.isWellFormed())
      throw invalidInput(`Cannot use record key ${JSON.stringify(key)}`);
  }
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) > BODY_BYTES_MAX)
    throw new Fault('too-large', `Cannot store ${pk} ${sk}: ${json.length} characters`);
  return json;
}
