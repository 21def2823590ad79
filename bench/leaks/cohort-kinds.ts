// Cohorts of the kinds that real services have, each healthy and leaking, as lives or as instances report them.
import { inHours } from '../../lib/jobs/lives/in-hours.ts';
import { livesOf } from '../../lib/jobs/lives/index.ts';
import type { Life, Verdict } from '../../lib/model/leak.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { factsKind } from '../../lib/segments/kinds/facts.ts';
import { factKey, levelKey } from '../../lib/segments/kinds/instance.ts';
import { normal, random } from '../../test/leaks/draw.ts';
import { autoscaledCohort, rollingCohort } from './cohort-case.ts';

export interface CohortKind {
  readonly name: string;
  make(seed: number, leaks: boolean): readonly Life[];
  /** Verdicts that are right of a leaking one; of a healthy one all are but `leak` and `exhausted`. */
  readonly right: readonly Verdict[];
}

const QUICK = { warmUp: 'quick' } as const;

export const KINDS: readonly CohortKind[] = [
  {
    name: 'deploys each 3 h, 10 pods, 6 MB/h, 160 lives',
    make: (seed, leaks) => rollingCohort({ ...QUICK, seed, lives: 160, leakMibPerHour: leaks ? 6 : 0 }),
    right: ['leak'],
  },
  {
    name: '4 to 12 to 4 pods each day, 6 MB/h, 80 lives',
    make: (seed, leaks) =>
      autoscaledCohort({ ...QUICK, seed, lives: 80, swingMib: 15, leakMibPerHour: leaks ? 6 : 0 }),
    right: ['leak'],
  },
  {
    name: 'lives of 20 min, 12 MB/h, 160 lives',
    make: (seed, leaks) =>
      rollingCohort({
        ...{ ...QUICK, seed, lives: 160, lifeMs: 20 * MINUTE_MS, stepMs: MINUTE_MS },
        leakMibPerHour: leaks ? 12 : 0,
      }),
    right: ['insufficient-data'],
  },
  {
    name: '4 forked workers with ids, 6 MB/h, 2 days',
    make: (seed, leaks) =>
      [0, 1, 2, 3].map((i) => worker(seed * 10 + i, 0, 48, leaks ? 6 : 0, `worker-${i}`)),
    right: ['leak'],
  },
  { name: '4 forked workers under one id, 6 MB/h, 2 days', make: sharedId, right: ['mixed-writers'] },
  { name: 'workers recycled by max_requests, 6 MB/h, 240 lives', make: recycled, right: ['leak'] },
  { name: 'one pod, 40 MB/h, killed at its limit', make: killed, right: ['leak', 'exhausted'] },
  {
    name: 'days and weeks that swing, 12 MB/day, 14 days',
    make: (s, l) => swinging(s, 14, l ? 12 : 0),
    right: ['leak'],
  },
  { name: '4 MB/day over 45 days of roll-ups', make: (s, l) => swinging(s, 45, l ? 4 : 0), right: ['leak'] },
  { name: 'a heap that fills to its cap and thrashes', make: thrashing, right: ['leak', 'exhausted'] },
];

function lifeFrom(
  stepMs: number,
  from: number,
  to: number,
  mib: (time: number) => number,
  more: Partial<Life>,
): Life {
  const times = Float64Array.from({ length: Math.floor((to - from) / stepMs) }, (_, i) => from + i * stepMs);
  return {
    instance: 'pod',
    version: '1',
    role: 'rss',
    startedAt: from,
    times,
    values: times.map((time) => Math.round(mib(time) * MIB)),
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    work: [],
    load: undefined,
    mixedWriters: false,
    end: undefined,
    ...more,
  };
}

/** A process of `hours` with a warm-up of 60 MiB and correlated noise. */
function worker(seed: number, from: number, hours: number, leak: number, instance: string): Life {
  const gauss = normal(random(seed * 7919 + 3));
  let own = gauss();
  const mib = (time: number) => {
    own = 0.7 * own + 0.714 * gauss();
    const age = (time - from) / HOUR_MS;
    return 200 + 60 * (1 - Math.exp(-age / 0.25)) + leak * age + 6 * own;
  };
  return lifeFrom(5 * MINUTE_MS, from, from + hours * HOUR_MS, mib, { instance });
}

/** Readings of all four come under one name, each with a pid of its own. */
function sharedId(seed: number, leaks: boolean): Life[] {
  const lives = [0, 1, 2, 3].map((i) => worker(seed * 10 + i, i * MINUTE_MS, 48, leaks ? 6 : 0, 'pod'));
  const points = lives.flatMap(({ times, values }) =>
    [...times].map((time, i) => [time, values[i]!] as const),
  );
  points.sort((a, b) => a[0] - b[0]);
  const column = { times: points.map(([t]) => t), values: points.map(([, v]) => v), conflict: false };
  const facts = new Map(
    lives.map(({ times }, i) => [factKey('pid', `${i}`), { first: times[0]!, last: times.at(-1)! }]),
  );
  const levels = new Map([[levelKey('rss', 'made.memory', ''), column]]);
  const instance = { facts, levels, counts: new Map(), work: new Map() };
  const now = points.at(-1)![0];
  return [...livesOf({ key: 'pod', instance, facts: factsKind.empty(), limitSetting: null, now }, 'rss')];
}

/** Four workers, each replaced after so many requests: lives of two to five hours, by the traffic of the day. */
function recycled(seed: number, leaks: boolean): Life[] {
  const next = random(seed * 31 + 7);
  return [0, 1, 2, 3].flatMap((slot) => {
    let birth = slot * 20 * MINUTE_MS;
    return Array.from({ length: 60 }, (_, i) => {
      const day = Math.sin((2 * Math.PI * birth) / DAY_MS);
      const hours = (3.2 - 1.2 * day) * (0.9 + 0.2 * next());
      const life = worker(seed * 1000 + slot * 100 + i, birth, hours, leaks ? 6 : 0, `worker-${slot}-${i}`);
      birth += hours * HOUR_MS;
      return { ...life, end: { time: birth, reason: 'restart' as const } };
    });
  });
}

/** A leaking pod dies at 512 MiB again and again; a healthy one is moved to another machine as often. */
function killed(seed: number, leaks: boolean): Life[] {
  return Array.from({ length: 8 }, (_, i) => {
    const birth = i * 6.2 * HOUR_MS;
    const life = worker(seed * 100 + i, birth, 6.2, leaks ? 40 : 0, 'pod');
    const end = { time: life.times.at(-1)!, reason: leaks ? ('oom' as const) : ('restart' as const) };
    return { ...life, limit: 512 * MIB, end };
  });
}

/** One life through days and weeks, by its lowest reading of each hour, as roll-ups keep it. */
function swinging(seed: number, days: number, leakPerDay: number): Life[] {
  const gauss = normal(random(seed * 17 + 1));
  let own = gauss();
  const mib = (time: number) => {
    own = 0.9 * own + 0.436 * gauss();
    const swing =
      25 * Math.sin((2 * Math.PI * time) / DAY_MS) + 10 * Math.sin((2 * Math.PI * time) / (7 * DAY_MS));
    return 350 + swing + (leakPerDay * time) / DAY_MS + 5 * own;
  };
  const life = lifeFrom(5 * MINUTE_MS, 0, days * DAY_MS, mib, {});
  return [inHours({ ...life, metric: 'made.memory', parts: [] }, (days - 2) * DAY_MS)];
}

/** Leaking: up to the limit in a day, then a day of collections that free ever less. Healthy: teeth up to 60 % of it. */
function thrashing(seed: number, leaks: boolean): Life[] {
  const gauss = normal(random(seed * 13 + 9));
  const limit = 1000;
  const mib = (time: number) => {
    const hours = time / HOUR_MS;
    const kept = leaks ? Math.min(960, 250 + 30 * hours) : 250;
    const tooth = (hours / 0.6) % 1;
    return Math.min(limit - 2, kept + tooth * (leaks ? Math.min(350, limit - kept) : 350) + 4 * gauss());
  };
  return [lifeFrom(MINUTE_MS, 0, 2 * DAY_MS, mib, { role: 'heap_used', limit: limit * MIB })];
}
