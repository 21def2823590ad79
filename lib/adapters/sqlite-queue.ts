import { Fault, invalidInput } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueMessage } from '../ports/queue.ts';
import type { Database } from './sqlite.ts';
import { wakeups } from './wakeups.ts';

const MAX_BODY_BYTES = 256 * 1024;
const MAX_RECEIVE = 1000;
// Sends of this process wake a waiting receive; those of other processes, delays and lost holders are found by asking.
const POLL_MS = 200;
/** What a clock may be set back by without anybody noticing. */
const JITTER_MS = 1000;

export interface SqliteQueueOptions {
  readonly clock: Clock;
  /** Deliveries after which a message that is still not acknowledged goes to the dead letters. */
  readonly maxReceives: number;
}

export interface SqliteQueue extends Queue {
  /** `send`, at once: for use inside `db.transaction`, beside the records that the messages speak of. */
  enqueue(bodies: readonly string[], options?: { readonly delayMs?: number }): void;
}

/** One queue among several in the file, told apart by `name`. Messages are as durable as the database was opened. */
export function sqliteQueue(
  db: Database,
  name: string,
  { clock, maxReceives }: SqliteQueueOptions,
): SqliteQueue {
  const arrivals = wakeups();
  let latest = Number.POSITIVE_INFINITY;

  const enqueue: SqliteQueue['enqueue'] = (bodies, { delayMs = 0 } = {}) => {
    for (const body of bodies) checkBody(body);
    const now = clock.now();
    const insert =
      'INSERT INTO messages (queue, body, sent_at, visible_at, hidden_at) VALUES (?, ?, ?, ?, ?)';
    db.transaction(() => {
      for (const body of bodies) db.statement(insert).run(name, body, now, now + delayMs, now);
    });
    arrivals.wake();
  };

  /**
   * A clock that is set back hides what was sent or held before, until it has come to that time again: that is shown at once,
   * and perhaps delivered twice. Looked for at the first receive, and whenever the time is earlier than at the one before.
   */
  const showAfterSetBack = (now: number) => {
    if (now < latest - JITTER_MS) {
      const show = `UPDATE messages SET visible_at = ?2, hidden_at = ?2, sent_at = min(sent_at, ?2)
        WHERE queue = ?1 AND dead = 0 AND coalesce(hidden_at, sent_at) > ?2 + ${JITTER_MS}`;
      db.run(() => db.statement(show).run(name, now));
    }
    // Not before: what failed is tried again at the next receive.
    latest = now;
  };

  /** Only what it looks at may be buried: a backlog of any length costs a receive nothing. */
  const take = (max: number, visibilityMs: number): QueueMessage[] => {
    const now = clock.now();
    showAfterSetBack(now);
    const visible = `FROM messages WHERE queue = ? AND dead = 0 AND visible_at <= ?`;
    // Asked without a write lock: an idle queue must not make other writers wait.
    if (!db.run(() => db.statement(`SELECT 1 ${visible} LIMIT 1`).get(name, now))) return [];
    const choose = `SELECT id, receives ${visible} ORDER BY visible_at, id LIMIT ?`;
    const hold = `UPDATE messages SET visible_at = ?, hidden_at = ?, receives = receives + 1, deliveries = deliveries + 1,
      holder = deliveries + 1 WHERE id = ? RETURNING ${COLUMNS}`;
    return db.transaction(() => {
      for (;;) {
        const rows = db.statement(choose).all(name, now, max);
        const worn = rows.filter((row) => Number(row.receives) >= maxReceives);
        for (const { id } of worn) {
          db.statement('UPDATE messages SET dead = 1, holder = NULL WHERE id = ?').run(id ?? null);
        }
        const fresh = rows.filter((row) => !worn.includes(row));
        if (fresh.length > 0 || worn.length === 0) {
          return fresh.map(({ id }) =>
            toMessage(db.statement(hold).get(now + visibilityMs, now, id ?? null)),
          );
        }
      }
    });
  };

  /** Runs a statement for each receipt that still holds its message; its first two values are the id and the holder. */
  const eachHeld = (sql: string, receipts: readonly string[], ...values: number[]) => {
    const held = `${sql} WHERE id = ? AND holder = ? AND queue = ? AND dead = 0 AND visible_at > ?`;
    db.transaction(() => {
      for (const receipt of receipts) {
        const [id, holder] = receipt.split('.').map(Number);
        if (!Number.isSafeInteger(id) || !Number.isSafeInteger(holder)) continue;
        db.statement(held).run(...values, id ?? 0, holder ?? 0, name, clock.now());
      }
    });
  };

  return {
    enqueue,
    async send(bodies, options) {
      enqueue(bodies, options);
    },
    async receive({ max, visibilityMs, waitMs = 0, signal }) {
      const most = Math.max(0, Math.min(max, MAX_RECEIVE));
      const deadline = performance.now() + waitMs;
      while (!signal?.aborted) {
        const messages = take(most, visibilityMs);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0) return messages;
        await arrivals.wait(Math.min(leftMs, POLL_MS), signal);
      }
      return [];
    },
    async ack(receipts) {
      eachHeld('DELETE FROM messages', receipts);
    },
    async release(receipts, { delayMs = 0 } = {}) {
      const now = clock.now();
      const hide = 'UPDATE messages SET holder = NULL, visible_at = ?, hidden_at = ?';
      eachHeld(hide, receipts, now + delayMs, now);
      arrivals.wake();
    },
    async depth() {
      const now = clock.now();
      const mine = (condition: string) => `FROM messages WHERE queue = ?1 AND ${condition}`;
      const count = `SELECT (SELECT count(*) ${mine('dead = 0 AND visible_at <= ?2')}) AS visible,
        (SELECT count(*) ${mine('dead = 0 AND visible_at > ?2')}) AS hidden,
        (SELECT count(*) ${mine('dead = 1')}) AS dead, (SELECT min(sent_at) ${mine('dead = 0')}) AS oldest`;
      const row = db.run(() => db.statement(count).get(name, now));
      return {
        visible: Number(row?.visible),
        inFlight: Number(row?.hidden), // delayed ones too: neither can be received now
        dead: Number(row?.dead),
        oldestMs: row?.oldest == null ? 0 : Math.max(0, now - Number(row.oldest)),
      };
    },
    async dead(limit) {
      const sql = `SELECT ${COLUMNS} FROM messages WHERE queue = ? AND dead = 1 ORDER BY sent_at, id LIMIT ?`;
      return db.run(() => db.statement(sql).all(name, Math.max(0, limit)).map(toMessage));
    },
    async redrive(limit) {
      // As if sent now, as SQS does it: an age of weeks would set off alarms about the live queue.
      const sql = `UPDATE messages SET dead = 0, receives = 0, sent_at = ?1, visible_at = ?1, hidden_at = ?1 WHERE id IN
        (SELECT id FROM messages WHERE queue = ?2 AND dead = 1 ORDER BY sent_at, id LIMIT ?3)`;
      const moved = db.run(() =>
        Number(db.statement(sql).run(clock.now(), name, Math.max(0, limit)).changes),
      );
      arrivals.wake();
      return moved;
    },
  };
}

const COLUMNS = 'id, body, receives, deliveries';

function toMessage(row: Record<string, unknown> | undefined): QueueMessage {
  const id = String(row?.id);
  return {
    id,
    receipt: `${id}.${row?.deliveries}`,
    body: String(row?.body),
    receiveCount: Number(row?.receives),
  };
}

function checkBody(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES) {
    throw new Fault(
      'too-large',
      `Cannot send a message of ${bytes} bytes: at most ${MAX_BODY_BYTES} are allowed`,
    );
  }
  if (!body.isWellFormed()) throw invalidInput('Cannot send a message: it is no well-formed Unicode text');
}
