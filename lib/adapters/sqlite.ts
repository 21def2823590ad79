import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Fault, invalidInput } from '../model/fault.ts';
import { SCHEMA_STEPS } from './sqlite-schema.ts';

const BUSY_TIMEOUT_MS = 5000;
// Turning WAL on asks for a lock that SQLite does not wait for when another process opens the file at the same time.
const OPEN_TRIES = 50;
const OPEN_PAUSE_MS = 20;

/**
 * One SQLite file for records and queues together: after a power loss all of its tables are cut at the same point, so
 * no message speaks of a record that is not there. With `durable` false (the default) that point may lie back by what
 * the last checkpoint had not covered; what must survive is in the object store, and the sweep finds it again. A crash
 * of the process alone loses nothing either way.
 *
 * Several processes may use a file at once (the CLI beside a server). Calls are synchronous and wait for each other's
 * writes for at most 5 s; then they end as Fault('unavailable').
 */
export interface Database {
  /** Prepared once per text and kept. */
  statement(sql: string): StatementSync;
  /** Runs `work`, which must be synchronous, as one transaction; inside another one it joins that. */
  transaction<T>(work: () => T): T;
  /** Runs `work` with SQLite's errors translated, without a transaction of its own. */
  run<T>(work: () => T): T;
  /** Makes everything committed so far survive a power loss: a barrier before something is deleted for good. */
  checkpoint(): void;
  close(): void;
}

export function openDatabase(file: string, { durable = false }: { durable?: boolean } = {}): Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = run(() => open(file, durable));
  const statements = new Map<string, StatementSync>();
  let depth = 0;

  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    const prepared = db.prepare(sql);
    statements.set(sql, prepared);
    return prepared;
  };

  return {
    statement,
    run,
    transaction(work) {
      if (depth > 0) return work();
      return run(() => {
        // IMMEDIATE: a transaction that reads first and writes later could find that another process wrote between.
        statement('BEGIN IMMEDIATE').run();
        depth = 1;
        try {
          const result = work();
          statement('COMMIT').run();
          return result;
        } catch (error) {
          if (db.isTransaction) statement('ROLLBACK').run();
          throw error;
        } finally {
          depth = 0;
        }
      });
    },
    checkpoint() {
      const outcome = run(() => statement('PRAGMA wal_checkpoint(FULL)').get());
      if (outcome?.busy !== 0) throw new Fault('unavailable', 'Cannot checkpoint the database: it is in use');
    },
    close() {
      statements.clear();
      db.close();
    },
  };
}

function open(file: string, durable: boolean): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    retryWhileBusy(() => db.exec('PRAGMA journal_mode = WAL'));
    db.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
    upgrade(db);
    return db;
  } catch (error) {
    db.close();
    if (primaryCode(error) !== SQLITE_NOTADB) throw error;
    throw invalidInput(`Cannot use ${file}: it is no SQLite database`, { cause: error });
  }
}
const SQLITE_NOTADB = 26;

function upgrade(db: DatabaseSync): void {
  if (schemaVersion(db) === SCHEMA_STEPS.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const seen = schemaVersion(db); // again, under the lock: another process may have done it
    if (seen > SCHEMA_STEPS.length) {
      throw invalidInput(
        `Cannot open the database: its schema is version ${seen}, this release knows up to ${SCHEMA_STEPS.length}; start the later one`,
      );
    }
    for (const step of SCHEMA_STEPS.slice(seen)) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_STEPS.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const schemaVersion = (db: DatabaseSync) => Number(db.prepare('PRAGMA user_version').get()?.user_version);

function retryWhileBusy(action: () => void): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      action();
      return;
    } catch (error) {
      if (primaryCode(error) !== SQLITE_BUSY || attempt === OPEN_TRIES) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE_MS);
    }
  }
}

const SQLITE_BUSY = 5;
/** What may pass, or be put right, without a change of ours: https://www.sqlite.org/rescode.html */
const UNAVAILABLE: ReadonlyMap<number, string> = new Map([
  [SQLITE_BUSY, 'another process holds it'],
  [6, 'it is locked'],
  [7, 'there is no memory left'],
  [8, 'its file or folder is read-only'],
  [10, 'the disk does not read or write'],
  [13, 'the disk is full'],
  [14, 'its file cannot be opened; may this user write to the folder?'],
  [15, 'its locks do not work on this file system'],
]);

function run<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = primaryCode(error);
    const reason = code === undefined ? undefined : UNAVAILABLE.get(code);
    if (reason === undefined) throw error;
    throw new Fault('unavailable', `Cannot use the database: ${reason} (SQLite ${code})`, { cause: error });
  }
}

/** The low byte of SQLite's extended code; undefined for errors of other origin. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error && 'errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
