import type { Temporality } from '../model/profile.ts';
import {
  type FlameState,
  levelTotalOfKey,
  type Measure,
  measureOfKey,
  seriesOfKey,
  snapshotColumnOfKey,
  snapshotOfKey,
  sumOfKey,
} from './state.ts';

/** One kind of value that a service sends, and along what it can be divided. */
export interface Series {
  readonly measure: Measure;
  readonly temporality: Temporality;
  readonly versions: readonly string[];
  /** `unitKey`s; '' stands for samples of no unit. */
  readonly works: readonly string[];
  /** Whose stacks are kept apart: none of deltas, and of levels none that are rolled up. */
  readonly instances: readonly string[];
  readonly profiles: number;
}

/** Every series in the states, the most asked-for first. */
export function seriesIn(states: readonly FlameState[]): Series[] {
  const found = new Map<string, Gathered>();
  const at: SeriesAt = ({ type, unit }, temporality) => {
    const key = JSON.stringify([type, unit, temporality]);
    const known = found.get(key) ?? {
      measure: { type, unit },
      temporality,
      versions: new Set<string>(),
      works: new Set<string>(),
      instances: new Set<string>(),
      profiles: 0,
    };
    found.set(key, known);
    return known;
  };
  for (const state of states) {
    gatherSums(state, at);
    gatherSnapshots(state, at);
  }
  return [...found.values()]
    .map((series) => ({
      ...series,
      versions: [...series.versions].sort(),
      works: [...series.works].sort(),
      instances: [...series.instances].sort(),
    }))
    .sort(byInterest);
}

type SeriesAt = (measure: Measure, temporality: Temporality) => Gathered;

function gatherSums({ counts, sums, levels, levelTotals }: FlameState, at: SeriesAt): void {
  const count = (of: Measure & { readonly version: string }, temporality: Temporality, profiles: number) => {
    const series = at(of, temporality);
    series.versions.add(of.version);
    series.profiles += profiles;
  };
  for (const [key, { profiles }] of counts) count(seriesOfKey(key), 'delta', profiles);
  for (const [key, { instances }] of levelTotals) count(levelTotalOfKey(key), 'level', instances);
  for (const key of sums.keys()) at(sumOfKey(key), 'delta').works.add(sumOfKey(key).work);
  for (const key of levels.keys()) at(sumOfKey(key), 'level').works.add(sumOfKey(key).work);
}

function gatherSnapshots({ snapshots }: FlameState, at: SeriesAt): void {
  for (const [snapshotKey, { version, totals, columns }] of snapshots) {
    for (const key of totals.keys()) {
      const series = at(measureOfKey(key), measureOfKey(key).temporality);
      series.versions.add(version);
      series.profiles += 1;
    }
    for (const key of columns.keys()) {
      const of = snapshotColumnOfKey(key);
      at(of, of.temporality).works.add(of.work);
      at(of, of.temporality).instances.add(snapshotOfKey(snapshotKey).instance);
    }
  }
}

interface Gathered {
  readonly measure: Measure;
  readonly temporality: Temporality;
  readonly versions: Set<string>;
  readonly works: Set<string>;
  readonly instances: Set<string>;
  profiles: number;
}

const FIRST = ['cpu', 'wall', 'inuse_space', 'space', 'alloc_space', 'samples'];
const interest = ({ measure }: Series) => {
  const place = FIRST.indexOf(measure.type);
  return place < 0 ? FIRST.length : place;
};
const byInterest = (a: Series, b: Series) =>
  interest(a) - interest(b) ||
  (a.measure.type < b.measure.type ? -1 : a.measure.type > b.measure.type ? 1 : 0) ||
  (a.measure.unit < b.measure.unit ? -1 : 1);
