import type { MemoryRole } from '../../lib/model/memory.ts';
import { normal, random } from '../../test/leaks/draw.ts';

/** What a process shows over `hours`, in so many readings. */
interface Window {
  readonly points: number;
  readonly hours: number;
  readonly seed: number;
}

export interface Kind {
  readonly name: string;
  readonly leaks: boolean;
  readonly role: MemoryRole;
  make(window: Window): { readonly mib: number[]; readonly load?: number[] };
}

const BASE = 200;
/** Sd of the noise, and what a leak adds to the base from a third of the time on, as shares of the base. */
const NOISE = 0.02;
const LEAK = 0.8;

interface Draw extends Window {
  /** Share of the time that has passed. */
  readonly at: (i: number) => number;
  readonly uniform: () => number;
  readonly gauss: () => number;
}

/** A kind whose readings are the base, what `shape` adds to it as a share of it, and noise with this memory. */
function kind(
  name: string,
  leaks: boolean,
  shape: (draw: Draw) => (i: number) => number,
  { rho = 0.5, role = 'rss' as MemoryRole } = {},
): Kind {
  return {
    name,
    leaks,
    role,
    make(window) {
      const draw = drawOf(window);
      const extra = shape(draw);
      const noise = correlated(draw, rho);
      return {
        mib: Array.from({ length: window.points }, (_, i) => BASE * (1 + extra(i) + NOISE * noise())),
      };
    },
  };
}

function drawOf(window: Window): Draw {
  const uniform = random(window.seed);
  return { ...window, uniform, gauss: normal(uniform), at: (i) => i / window.points };
}

function correlated({ gauss }: Draw, rho: number): () => number {
  let own = gauss();
  return () => {
    own = rho * own + Math.sqrt(1 - rho * rho) * gauss();
    return own;
  };
}

const nothing = () => () => 0;
const since = (share: number, at: number) => Math.max(0, (at - share) / (1 - share));
const leak =
  (size = LEAK) =>
  ({ at }: Draw) =>
  (i: number) =>
    size * since(1 / 3, at(i));
/** One day, whatever part of it is seen. */
const day =
  (share: number) =>
  ({ at, hours, uniform }: Draw) => {
    const phase = uniform();
    return (i: number) => share * Math.sin(2 * Math.PI * ((at(i) * hours) / 24 + phase));
  };
const both =
  (one: (draw: Draw) => (i: number) => number, other: typeof one): typeof one =>
  (draw) => {
    const [a, b] = [one(draw), other(draw)];
    return (i) => a(i) + b(i);
  };

/** Three lives and a part of a fourth, each with a warm-up; `climb` is what one reaches beyond the base, `low` where it begins below. */
function lives(climb: number, low = 0.4, settle = 0.08) {
  return ({ at }: Draw) =>
    (i: number) => {
      const age = (at(i) * 3.4) % 1;
      return climb * age - low * Math.exp(-age / settle);
    };
}

/** Memory that comes in lumps at random moments, one per new key, each of its own size. */
function keyed({ points, uniform }: Draw) {
  let kept = 0;
  return (i: number) => {
    if (i > points / 3 && uniform() < 60 / points) kept += (-Math.log(1 - uniform()) * LEAK) / 40;
    return kept;
  };
}

/** A cache whose entries go after a tenth of the time. */
function expiring({ points, uniform }: Draw) {
  const entries: number[] = [];
  let held = 0;
  return (i: number) => {
    entries.push(-Math.log(1 - uniform()));
    held += entries[i]! - (entries[i - Math.floor(points / 10)] ?? 0);
    return (6 * held) / points;
  };
}

/** Garbage of a heap that is collected ever more seldom: its runtime gives it more room as time goes on. */
function paced({ at, points, uniform }: Draw) {
  let garbage = 0;
  return (i: number) => {
    garbage += (20 / points) * (0.5 + uniform());
    if (garbage > 0.3 + 0.3 * at(i)) garbage = 0.02 * uniform();
    return garbage;
  };
}

/** Requests in flight, each of which holds memory. */
const inFlight: Kind = {
  name: 'in-flight',
  leaks: false,
  role: 'rss',
  make(window) {
    const draw = drawOf(window);
    const wander = correlated(draw, 0.98);
    const load = Array.from({ length: window.points }, (_, i) => 40 + 30 * draw.at(i) + 10 * wander());
    return { load, mib: load.map((open) => BASE + 1.5 * open + NOISE * BASE * draw.gauss()) };
  },
};

const HEAP = { role: 'heap_used' as MemoryRole };

export const KINDS: readonly Kind[] = [
  kind('white noise', false, nothing, { rho: 0 }),
  kind('noise, .7', false, nothing, { rho: 0.7 }),
  kind('noise, .9', false, nothing, { rho: 0.9 }),
  kind('noise, .97', false, nothing, { rho: 0.97 }),
  kind('season', false, day(0.08)),
  kind(
    'bounded cache',
    false,
    ({ at }) =>
      (i) =>
        0.6 * (1 - Math.exp(-at(i) / 0.12)),
  ),
  kind('TTL cache', false, expiring),
  inFlight,
  kind(
    'step',
    false,
    ({ at }) =>
      (i) =>
        at(i) > 0.4 ? 0.5 : 0,
  ),
  kind('restarts', false, lives(0)),
  kind('restarts with slow starts', false, lives(0, 0.7, 0.3)),
  kind(
    'sawtooth',
    false,
    ({ at }) =>
      (i) =>
        0.6 * ((at(i) * 6.4) % 1),
  ),
  kind(
    'jobs',
    false,
    ({ at }) =>
      (i) =>
        (at(i) * 7.4) % 1 < 0.75 ? 0 : 2,
  ),
  kind('GC pacing', false, paced, HEAP),
  kind('slow leak', true, leak(0.4)),
  kind('fast leak', true, leak(3)),
  kind(
    'stepwise leak',
    true,
    ({ at }) =>
      (i) =>
        LEAK * (Math.floor(since(1 / 3, at(i)) * 8) / 8),
  ),
  kind('per-key leak', true, keyed),
  kind('leak in a season', true, both(leak(), day(0.08))),
  kind('leak, restarts', true, lives(1.5)),
  kind('leak under GC pacing', true, both(leak(), paced), HEAP),
];
