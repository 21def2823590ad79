import type { Draw } from './draw.ts';

/** One thread and a virtual clock: everybody who waits is somebody whose next step may come now, in any order. */
export interface Scheduler {
  now(): number;
  /** Resolves at some later turn, not before `delayMs` of the world's time have passed. */
  turn(delayMs?: number): Promise<void>;
  /** Gives turns until `work` is done. @throws Error when nobody waits although it is not, or after TURNS_MAX */
  play<T>(work: () => Promise<T>): Promise<T>;
  /** Turns so far. */
  readonly turns: number;
}

/** Far more than any history takes that ends. */
const TURNS_MAX = 400_000;
/** Time between two turns: mostly milliseconds, now and then seconds. */
const STEP_MS = 2000;

/** Once all that can go on has come to its next wait: nothing but promises moves this world. */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));

export function scheduler(draw: Draw, startMs: number): Scheduler {
  const waiting: { readonly readyAt: number; readonly go: () => void }[] = [];
  let now = startMs;
  let turns = 0;

  const next = () => {
    const first = waiting.reduce((least, { readyAt }) => Math.min(least, readyAt), Number.POSITIVE_INFINITY);
    if (first === Number.POSITIVE_INFINITY) throw new Error('Nobody waits, and the work is not done');
    now = Math.max(now, first);
    const ready = waiting.flatMap(({ readyAt }, at) => (readyAt <= now ? [at] : []));
    const [chosen] = waiting.splice(draw.pick(ready), 1);
    now += Math.floor(draw.unit() ** 4 * STEP_MS);
    turns += 1;
    chosen?.go();
  };

  return {
    now: () => now,
    turn: (delayMs = 0) =>
      new Promise((resolve) => {
        waiting.push({ readyAt: now + delayMs, go: resolve });
      }),
    async play(work) {
      let over = false;
      const done = work().finally(() => {
        over = true;
      });
      done.catch(() => undefined); // awaited below
      const end = turns + TURNS_MAX;
      for (;;) {
        await settled();
        if (over) return done;
        if (turns > end) throw new Error(`The work is not done after ${TURNS_MAX} turns`);
        next();
      }
    },
    get turns() {
      return turns;
    },
  };
}
