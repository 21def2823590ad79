import { Fault } from '../../lib/model/fault.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/model/units.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { Queue } from '../../lib/ports/queue.ts';
import type { RecordStore } from '../../lib/ports/record-store.ts';
import type { Draw } from './draw.ts';
import type { Access, FaultBook, FaultName } from './faults.ts';
import { partOf } from './parts.ts';
import type { Scheduler } from './scheduler.ts';

/** A process of the simulated system: it may stop at any await, for good or for hours, and its clock may be wrong. */
export interface Actor {
  readonly ports: Ports;
  /** Resolves when it crashes; nothing that it awaited ever goes on then. */
  readonly died: Promise<void>;
  now(): number;
  /** Says what it does from now on, and how often its calls are to fail: 0 never, 1 as usual. */
  begin(operation: string, unrest: number): void;
}

export interface Ports {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly queue: Queue;
}

interface ActorWorld {
  readonly draw: Draw;
  readonly scheduler: Scheduler;
  readonly book: FaultBook;
  /** What all actors share. */
  readonly ports: Ports;
}

/** Shorter than the grace time of a writer (10 min), or beyond it, at times beyond that of an orphan (1 h). */
const SHORT_PAUSE_MS = [SECOND_MS, 9 * MINUTE_MS] as const;
const LONG_PAUSE_MS = [11 * MINUTE_MS, 3 * HOUR_MS] as const;
const SHORT = 0.3;
/** A request that the network held back while its sender had given it up. */
const LATE_WRITE_MS = [100, 5 * MINUTE_MS] as const;
const DEAD_WRITES = 0.5;
/** How many reads let others go first: jobs read far more than they write, and after most reads nothing can go wrong. */
const READ_TURNS = 0.25;
const never = () => new Promise<never>(() => undefined);

export function actor(world: ActorWorld, offset: number): Actor {
  const { draw, scheduler, book, ports } = world;
  let offsetMs = offset;
  let operation = 'idle';
  let unrest = 0;
  let dead = false;
  let die: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    die = () => {
      dead = true;
      resolve();
    };
  });
  const pause = () => scheduler.turn(draw.whole(...(draw.chance(SHORT) ? SHORT_PAUSE_MS : LONG_PAUSE_MS)));

  const faultOf = (access: Access): FaultName | undefined => {
    if (!book.isOpen || unrest === 0) return undefined;
    const part = partOf(operation);
    return draw.chance(unrest * (RATES[part] ?? NONE)[access]) ? book.draw(part, access) : undefined;
  };

  /** One call to a store. `lost` is what it answers when its own write was taken for somebody else's. */
  async function call<T>(access: Access, effect: () => Promise<T>, lost?: T): Promise<T> {
    const fault = faultOf(access);
    if (fault === 'pause before') await pause();
    else if (fault !== undefined || access !== 'read' || draw.chance(READ_TURNS)) await scheduler.turn();
    if (dead) return ghost(access, effect);
    if (fault === 'clock jumps') offsetMs += draw.pick([-DAY_MS, DAY_MS]);
    if (fault === 'crash before') {
      die();
      return never();
    }
    if (fault === 'no answer') throw noAnswer();
    if (fault === 'no answer, written later') {
      void scheduler.turn(draw.whole(...LATE_WRITE_MS)).then(effect);
      throw noAnswer();
    }
    const answer = await effect();
    if (fault === 'crash after') {
      die();
      return never();
    }
    if (fault === 'no answer, written') throw noAnswer();
    if (fault === 'pause after') await pause();
    if (dead) return never();
    return fault === 'answer lost' && lost !== undefined ? lost : answer;
  }
  /** A request that was under way when its sender died may still arrive. */
  async function ghost(access: Access, effect: () => Promise<unknown>): Promise<never> {
    if (access !== 'read' && draw.chance(DEAD_WRITES)) await effect();
    return never();
  }

  return {
    died,
    now: () => scheduler.now() + offsetMs,
    begin(what, chance) {
      operation = what;
      unrest = chance;
    },
    ports: {
      objects: objectsBy(ports.objects, call),
      records: recordsBy(ports.records, call),
      queue: queueBy(ports.queue, call, draw),
    },
  };
}

type Call = <T>(access: Access, effect: () => Promise<T>, lost?: T) => Promise<T>;
const noAnswer = () => new Fault('unavailable', 'Cannot reach the store');

/** How likely a call goes wrong, by what is done and what the call may do. */
type Rates = Readonly<Record<Access, number>>;
/**
 * Writes are fewer than reads and tell more. The more a job writes, the less likely each of its writes goes wrong: no step of
 * it is always the last, and every operation meets every fault about as often.
 */
const RATES: Readonly<Record<string, Rates>> = {
  receive: { read: 0, write: 0.05, 'conditional write': 0.05 },
  analyze: { read: 0.005, write: 0.005, 'conditional write': 0.03 },
  commit: { read: 0.015, write: 0.2, 'conditional write': 0.2 },
  compact: { read: 0.012, write: 0.8, 'conditional write': 0.8 },
  'roll up': { read: 0.003, write: 0.2, 'conditional write': 0.18 },
  expire: { read: 0.001, write: 0.3, 'conditional write': 0.14 },
  replay: { read: 0.005, write: 0.24, 'conditional write': 0.24 },
  join: { read: 0.005, write: 0.5, 'conditional write': 0.32 },
  scan: { read: 0.005, write: 0.2, 'conditional write': 0.8 },
  read: { read: 0.2, write: 0, 'conditional write': 0 },
  'sweep orphans': { read: 0.05, write: 0.3, 'conditional write': 0.5 },
  redrive: { read: 0.01, write: 0.1, 'conditional write': 0.2 },
  'sweep uploads': { read: 0.01, write: 0.1, 'conditional write': 0.2 },
};
const NONE: Rates = { read: 0, write: 0, 'conditional write': 0 };

const objectsBy = (objects: ObjectStore, call: Call): ObjectStore => ({
  put: (key, body, options) =>
    options?.ifAbsent
      ? call('conditional write', () => objects.put(key, body, options), 'exists')
      : call('write', () => objects.put(key, body, options)),
  get: (key, range) => call('read', () => objects.get(key, range)),
  delete: (key) => call('write', () => objects.delete(key)),
  list: (prefix, options) => call('read', () => objects.list(prefix, options)),
});

const recordsBy = (records: RecordStore, call: Call): RecordStore => ({
  get: (pk, sk) => call('read', () => records.get(pk, sk)),
  query: (pk, options) => call('read', () => records.query(pk, options)),
  put: (record, condition) =>
    condition
      ? call('conditional write', () => records.put(record, condition), { outcome: 'conflict' })
      : call('write', () => records.put(record)),
  delete: (pk, sk, condition) =>
    condition
      ? call('conditional write', () => records.delete(pk, sk, condition), 'conflict')
      : call('write', () => records.delete(pk, sk)),
});

const COPIES = [1, 1, 1, 1, 2, 3];
const SOON_MS = 30_000;
const LATE_MS = 40 * MINUTE_MS;
const WEEKS_MS = 40 * DAY_MS;
const delayOf = (draw: Draw) => {
  const lateness = draw.unit();
  return draw.whole(0, lateness < 0.02 ? WEEKS_MS : lateness < 0.1 ? LATE_MS : SOON_MS);
};
const ACK_LOST = 0.03;
/** Messages that go with the power of a queue that had not stored them yet: the sweep finds what they told of. */
const LOST = 0.2;

/** Messages come once or more, late, in any order, and now and then again although they were acknowledged. */
const queueBy = (queue: Queue, call: Call, draw: Draw): Queue => ({
  send: (bodies) =>
    call('write', async () => {
      for (const body of bodies) {
        if (draw.chance(LOST)) continue;
        for (let copy = draw.pick(COPIES); copy > 0; copy -= 1)
          await queue.send([body], { delayMs: delayOf(draw) });
      }
    }),
  receive: (options) => call('write', () => queue.receive(options)),
  ack: (receipts) =>
    call('write', async () => {
      await queue.ack(receipts.filter(() => !draw.chance(ACK_LOST)));
    }),
  release: (receipts, options) => call('write', () => queue.release(receipts, options)),
  // As SQS does, it tells no ages, and its counts may be wrong. Messages that come weeks later would make it seem to lag.
  depth: () =>
    call('read', async () => {
      const { visible, ...rest } = await queue.depth();
      return { ...rest, visible: draw.chance(0.8) ? 0 : visible, oldestMs: 0 };
    }),
  dead: (limit) => call('read', () => queue.dead(limit)),
  redrive: (limit) => call('write', () => queue.redrive(limit)),
});
