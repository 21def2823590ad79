import { describe, expect, it } from 'vitest';
import { type Site, siteKey } from '../../lib/flame/sites.ts';
import { growingParts } from '../../lib/jobs/growing-parts.ts';
import { profilesOf } from '../../lib/jobs/heap-profiles.ts';
import { ALL_SITES, siteLevelKey } from '../../lib/jobs/lives/sites.ts';
import { type LoadedService, livesIn } from '../../lib/jobs/load-service.ts';
import { growingLines } from '../../lib/leaks/index.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { factsKind } from '../../lib/segments/kinds/facts.ts';
import {
  emptyInstance,
  type InstanceState,
  type InstancesState,
  instanceKind,
  levelKey,
} from '../../lib/segments/kinds/instance.ts';
import { levelsOf } from '../../lib/segments/kinds/points.ts';
import { normal, random } from '../leaks/draw.ts';
import { NOON } from './facts.ts';

const site = (name: string): Site => ({ name, file: `${name}.go`, line: 7, inApp: 1 });
const column = (times: readonly number[], valueAt: (time: number) => number) =>
  levelsOf(times.map((time) => ({ time, value: valueAt(time) })));
const every = (stepMs: number, from: number, to: number) =>
  Array.from({ length: Math.floor((to - from) / stepMs) }, (_, i) => from + i * stepMs);

/** What is live by site, in a level of its own each. */
function heaps(times: readonly number[], sites: Readonly<Record<string, (time: number) => number>>) {
  const drawn = Object.entries(sites).map(([name, valueAt]) => [name, times.map(valueAt)] as const);
  const points = (values: readonly number[]) =>
    levelsOf(times.map((time, i) => ({ time, value: values[i] as number })));
  const total = times.map((_, i) => drawn.reduce((sum, [, values]) => sum + (values[i] as number), 0));
  return new Map([
    [siteLevelKey('inuse_space:bytes', ALL_SITES), points(total)],
    ...drawn.map(
      ([name, values]) => [siteLevelKey('inuse_space:bytes', siteKey(site(name))), points(values)] as const,
    ),
  ]);
}

const stateOf = (instances: Readonly<Record<string, Partial<InstanceState>>>): InstancesState => ({
  ...instanceKind.empty(),
  instances: new Map(Object.entries(instances).map(([key, one]) => [key, { ...emptyInstance, ...one }])),
});
const loadedFrom = (state: InstancesState, from: number, to: number, exactFrom?: number): LoadedService => ({
  ...{ project: 'p', service: serviceName({ environment: '', name: 'shop' }), from, to, state },
  ...{ facts: factsKind.empty(), limitSetting: null },
  ...(exactFrom === undefined ? {} : { exactFrom }),
});

describe('lines and parts of a leak that is older than what is kept as it was sent', () => {
  const [from, exactFrom, to] = [NOON - 6 * DAY_MS, NOON - 2 * DAY_MS, NOON];
  const gauss = normal(random(7));
  const kept = (time: number) => (4 * MIB * (time - from)) / HOUR_MS;
  /** Everything as it came, and as roll-ups keep it up to `exactFrom`. */
  const told = (() => {
    const part = (begin: number, end: number): InstancesState => {
      const times = every(10 * MINUTE_MS, begin, end);
      const noisy = (level: number) => () => level * (1 + 0.02 * gauss());
      const objects = (of: string) => levelKey('object_count', 'objects', of);
      const levels = heaps(times, { keeps: kept, load: noisy(300 * MIB), parse: noisy(200 * MIB) });
      levels.set(
        levelKey('rss', 'rss', ''),
        column(times, (time) => 600 * MIB + kept(time)),
      );
      levels.set(
        objects('Session'),
        column(times, (time) => Math.round(kept(time) / 10_000)),
      );
      levels.set(
        objects('dict'),
        column(times, () => Math.round(90_000 + 4000 * gauss())),
      );
      return stateOf({ one: { levels } });
    };
    const old = instanceKind.summarise!(part(from, exactFrom), HOUR_MS);
    return loadedFrom(instanceKind.merge(old, part(exactFrom, to)), from, to, exactFrom);
  })();
  const [life] = livesIn(told, 'rss');

  it('are those that grow, not those that were there all the time', () => {
    const { times, totals, sites } = profilesOf(told, life!)!;
    const lines = growingLines(sites, { times, values: totals }, from + DAY_MS, undefined);
    expect(lines.map(({ site: { name } }) => name)).toEqual(['keeps']);
    expect([lines[0]!.share, lines[0]!.bytesPerHour / MIB]).toEqual([
      expect.closeTo(1, 0),
      expect.closeTo(4, 1),
    ]);
    const parts = growingParts(told, life!, undefined, from + DAY_MS);
    expect(parts.map(({ part }) => part)).toEqual(['Session']);
    expect(parts[0]!.share).toBeGreaterThan(0.8);
  });
});

describe('profiles without a name of their process', () => {
  const told = (processes: Readonly<Record<string, readonly [number, number]>>) => {
    const instances = Object.entries(processes).map(([key, [from, to]]) => {
      const times = every(MINUTE_MS, NOON + from * HOUR_MS, NOON + to * HOUR_MS);
      return [key, { levels: new Map([[levelKey('rss', 'rss', ''), column(times, () => 500 * MIB)]]) }];
    });
    const sender = { levels: heaps(every(MINUTE_MS, NOON, NOON + 8 * HOUR_MS), { keeps: () => MIB }) };
    const state = stateOf({ ...Object.fromEntries(instances), '': sender });
    return loadedFrom(state, NOON, NOON + 8 * HOUR_MS);
  };
  const snapshotsOf = (loaded: LoadedService) =>
    livesIn(loaded, 'rss').map((life) => profilesOf(loaded, life)?.times.length ?? 0);

  it('are those of the process that ran then, also after another one', () => {
    const [before, after] = snapshotsOf(told({ a: [0, 4], b: [4, 8] }));
    expect(before).toBeGreaterThanOrEqual(240);
    expect(after).toBeGreaterThanOrEqual(239);
  });

  it('are nobody’s where two processes ran at once', () => {
    expect(snapshotsOf(told({ a: [0, 8], b: [1, 8] }))).toEqual([0, 0]);
  });
});
