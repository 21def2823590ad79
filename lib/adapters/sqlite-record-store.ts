import { Fault, invalidInput } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import { MAX_PAGE, type RecordStore, type StoredRecord } from '../ports/record-store.ts';
import type { Database } from './sqlite.ts';

const MAX_KEY_BYTES = 1024;
const MAX_BODY_BYTES = 300 * 1024;
// A page ends early rather than hold 1,000 records of 300 KB; its cursor says that more follow.
const MAX_PAGE_CHARS = 8 * 1024 * 1024;

export interface SqliteRecordStore extends RecordStore {
  /** Removes up to `limit` records that have expired; returns how many. */
  purgeExpired(limit: number): number;
}

/**
 * One table. Versions come from one counter for the whole file: they grow with every write of a key and are never used
 * twice, not even after the record was deleted and made again.
 */
export function sqliteRecordStore(db: Database, { clock }: { readonly clock: Clock }): SqliteRecordStore {
  const read = (pk: string, sk: string): Row | undefined =>
    rowOf(
      db
        .statement(`SELECT ${COLUMNS} FROM records WHERE pk = ? AND sk = ? AND ${LIVE}`)
        .get(pk, sk, clock.now()),
    );
  const nextVersion = () =>
    Number(
      db
        .statement(`UPDATE counters SET value = value + 1 WHERE name = 'record-version' RETURNING value`)
        .get()?.value,
    );

  return {
    async get(pk, sk) {
      const row = db.run(() => read(pk, sk));
      return row && toRecord(row);
    },

    async query(pk, { from, to, limit = MAX_PAGE, reverse = false, cursor } = {}) {
      const most = Math.max(0, Math.min(limit, MAX_PAGE));
      const bounds: [string, string | undefined][] = [
        ['sk >= ?', from],
        ['sk < ?', to],
        [reverse ? 'sk < ?' : 'sk > ?', cursor],
      ];
      const given = bounds.filter((bound): bound is [string, string] => bound[1] !== undefined);
      const where = ['pk = ?', LIVE, ...given.map(([condition]) => condition)].join(' AND ');
      const sql = `SELECT ${COLUMNS} FROM records WHERE ${where} ORDER BY sk ${reverse ? 'DESC' : 'ASC'} LIMIT ?`;
      const rows: Row[] = [];
      let chars = 0;
      let more = false;
      db.run(() => {
        const values = given.map(([, value]) => value);
        for (const found of db.statement(sql).iterate(pk, clock.now(), ...values, most + 1)) {
          const row = rowOf(found);
          if (row === undefined) continue;
          more = rows.length === most || (rows.length > 0 && chars + row.body.length > MAX_PAGE_CHARS);
          if (more) break;
          rows.push(row);
          chars += row.body.length;
        }
      });
      return { records: rows.map(toRecord), cursor: more ? rows.at(-1)?.sk : undefined };
    },

    async put(record, condition) {
      checkKey(record.pk);
      checkKey(record.sk);
      const body = bodyText(record.body);
      return db.transaction(() => {
        if (condition) {
          const present = read(record.pk, record.sk);
          const holds =
            'ifVersion' in condition ? present?.version === condition.ifVersion : present === undefined;
          if (!holds) return { outcome: 'conflict' };
        }
        const version = nextVersion();
        db.statement(
          `INSERT INTO records (pk, sk, version, expires_at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (pk, sk)
           DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at, body = excluded.body`,
        ).run(record.pk, record.sk, version, record.expiresAt ?? null, body);
        return { outcome: 'stored', version };
      });
    },

    async delete(pk, sk, { ifVersion } = {}) {
      return db.transaction(() => {
        if (ifVersion !== undefined) {
          const present = read(pk, sk);
          if (present && present.version !== ifVersion) return 'conflict';
        }
        db.statement('DELETE FROM records WHERE pk = ? AND sk = ?').run(pk, sk);
        return 'deleted';
      });
    },

    purgeExpired(limit) {
      const sql = `DELETE FROM records WHERE rowid IN
        (SELECT rowid FROM records WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`;
      return db.run(() => Number(db.statement(sql).run(clock.now(), Math.max(0, limit)).changes));
    },
  };
}

const COLUMNS = 'pk, sk, version, expires_at, body';
const LIVE = '(expires_at IS NULL OR expires_at > ?)';

interface Row {
  readonly pk: string;
  readonly sk: string;
  readonly version: number;
  readonly expires_at: number | null;
  readonly body: string;
}

// What SQLite returns has the types of the STRICT table.
const rowOf = (row: unknown) => row as Row | undefined;

function toRecord({ pk, sk, version, expires_at, body }: Row): StoredRecord {
  const record = { pk, sk, version, body: JSON.parse(body) as unknown };
  return expires_at === null ? record : { ...record, expiresAt: expires_at };
}

function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= MAX_KEY_BYTES && key.isWellFormed()) return;
  throw invalidInput(`Cannot use record key of ${bytes} bytes: 1 to ${MAX_KEY_BYTES} of UTF-8 are allowed`);
}

function bodyText(body: unknown): string {
  const text: string | undefined = JSON.stringify(body);
  if (text === undefined) throw invalidInput('Cannot store a record: its body is no JSON value');
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BODY_BYTES) return text;
  throw new Fault(
    'too-large',
    `Cannot store a record of ${bytes} bytes: at most ${MAX_BODY_BYTES} are allowed`,
  );
}
