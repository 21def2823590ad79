import type { Temporality } from '../model/profile.ts';
import type { EpochMs } from '../model/units.ts';
import type { Column } from './columns.ts';
import { columnsOf, hasStacks, levelSnapshots } from './levels.ts';
import { livesCounting, type PlacedSnapshot } from './lives.ts';
import { scaled } from './scale.ts';
import {
  type FlameState,
  levelTotalOfKey,
  type Measure,
  measureKey,
  type Snapshot,
  sameMeasure,
  seriesOfKey,
  sumOfKey,
} from './state.ts';
import { type FlameTree, TreeBuilder } from './tree.ts';
import { addExact } from './values.ts';

export interface Selection {
  readonly measure: Measure;
  readonly temporality: Temporality;
  /** Default: all of them together. */
  readonly version?: string | undefined;
  /** `unitKey`; '' selects what belongs to no unit. Default: all together. */
  readonly work?: string | undefined;
  /** Of levels and cumulative values; what is rolled up does not tell levels of instances apart. */
  readonly instance?: string | undefined;
}

export interface Selected {
  readonly tree: FlameTree;
  /** Profiles that were added up; for levels and cumulative values snapshots. */
  readonly profiles: number;
  /** Time that the added profiles cover; 0 where they do not tell. */
  readonly durationMs: number;
  /** Levels: in how many buckets there were any. */
  readonly buckets: number;
  /** Instances whose totals count, and those of them whose stacks do: the graph stands for all of them, scaled. */
  readonly instances: number;
  readonly keptInstances: number;
  /** Cumulative: instances of which nothing earlier is known, so that all they ever counted is in the graph. */
  readonly newInstances: number;
}

/** States of consecutive buckets, and of those before the first: cumulative values are counted from the last of them. */
export interface States {
  readonly states: readonly FlameState[];
  readonly before: readonly FlameState[];
}

/**
 * One flame graph out of stored states: deltas are added up; of levels the instances of a bucket are added and the buckets
 * averaged; cumulative values are differenced within each life.
 *
 * A life that is seen for the first time counts from its beginning, because nothing says how much of it was before.
 */
export function select(from: States, selection: Selection): Selected {
  switch (selection.temporality) {
    case 'delta':
      return selectSums(from.states, selection);
    case 'level':
      return selectLevels(from.states, selection);
    case 'cumulative':
      return selectCumulative(from, selection);
  }
}

const fits = (wanted: string | undefined, value: string) => wanted === undefined || wanted === value;

/** Of what adds up nobody tells how many instances or buckets it came from. */
const NONE_APART = { buckets: 0, instances: 0, keptInstances: 0, newInstances: 0 };

function selectSums(states: readonly FlameState[], { measure, version, work }: Selection): Selected {
  const builder = new TreeBuilder();
  let profiles = 0;
  let durationMs = 0;
  for (const { table, sums, counts } of states) {
    const columns: Column[] = [];
    for (const [key, column] of sums) {
      const of = sumOfKey(key);
      if (sameMeasure(of, measure) && fits(version, of.version) && fits(work, of.work)) columns.push(column);
    }
    builder.add(table, columns);
    for (const [key, count] of counts) {
      const of = seriesOfKey(key);
      if (!sameMeasure(of, measure) || !fits(version, of.version)) continue;
      profiles += count.profiles;
      durationMs += count.durationMs;
    }
  }
  return { ...NONE_APART, tree: builder.finish(), profiles, durationMs };
}

/** Of one instance no sum over all of them tells anything. */
const NO_SUMS = new Map<string, never>();

function selectLevels(states: readonly FlameState[], selection: Selection): Selected {
  const { measure, version, work, instance } = selection;
  const builder = new TreeBuilder();
  const totals = new LevelSums();
  const key = measureKey(measure, 'level');
  for (const state of states) {
    const columns: Column[] = [];
    for (const { bucket, snapshot, instance: of } of levelSnapshots(state, measure)) {
      if (!fits(version, snapshot.version) || !fits(instance, of)) continue;
      totals.add(bucket, snapshot.totals.get(key) ?? 0, hasStacks(snapshot));
      const found = columnsOf(snapshot, measure, 'level').filter((one) => fits(work, one.work));
      columns.push(...found.map(({ column }) => column));
    }
    for (const [sumKey, column] of instance === undefined ? state.levels : NO_SUMS) {
      const of = sumOfKey(sumKey);
      if (sameMeasure(of, measure) && fits(version, of.version) && fits(work, of.work)) columns.push(column);
    }
    for (const [totalKey, total] of instance === undefined ? state.levelTotals : NO_SUMS) {
      const of = levelTotalOfKey(totalKey);
      if (sameMeasure(of, measure) && fits(version, of.version)) totals.addTotal(of.bucket, total);
    }
    builder.add(state.table, columns);
  }
  const [all, kept] = totals.ratio();
  return {
    tree: scaled(builder.finish(), all, kept * BigInt(Math.max(1, totals.buckets.size))),
    profiles: totals.instances,
    durationMs: 0,
    buckets: totals.buckets.size,
    instances: totals.instances,
    keptInstances: totals.keptInstances,
    newInstances: 0,
  };
}

/** Totals over instances and buckets: of all, and of those whose stacks were kept. */
class LevelSums {
  all = 0n;
  kept = 0n;
  instances = 0;
  keptInstances = 0;
  readonly buckets = new Set<EpochMs>();

  /** By how much what was kept stands for all; 1 where there is nothing to go by. */
  ratio(): [all: bigint, kept: bigint] {
    return this.kept > 0n && this.all > 0n ? [this.all, this.kept] : [1n, 1n];
  }

  add(bucket: EpochMs, total: number | bigint, kept: boolean) {
    this.addTotal(bucket, {
      all: total,
      kept: kept ? total : 0,
      instances: 1,
      keptInstances: kept ? 1 : 0,
    });
  }

  addTotal(
    bucket: EpochMs,
    total: {
      readonly all: number | bigint;
      readonly kept: number | bigint;
      readonly instances: number;
      readonly keptInstances: number;
    },
  ) {
    this.buckets.add(bucket);
    this.all += BigInt(total.all);
    this.kept += BigInt(total.kept);
    this.instances += total.instances;
    this.keptInstances += total.keptInstances;
  }
}

function selectCumulative({ states, before }: States, selection: Selection): Selected {
  const { measure, version, work, instance } = selection;
  const key = measureKey(measure, 'cumulative');
  const lives = livesCounting(states, key);
  const earlier = livesCounting(before, key);
  const builder = new TreeBuilder();
  const totals = new LevelSums();
  const add = ({ state, snapshot }: PlacedSnapshot, sign: 1 | -1) => {
    const columns = columnsOf(snapshot, measure, 'cumulative').filter((one) => fits(work, one.work));
    builder.add(
      state.table,
      columns.map(({ column }) => (sign === 1 ? column : negated(column))),
    );
  };
  let snapshots = 0;
  const known = new Set([...earlier.values()].map(([first]) => first!.instance));
  // An instance that was restarted is one instance of several lives.
  const [all, keptOnes, fresh] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const [life, seen] of lives) {
    const wanted = seen.filter((one) => fits(version, one.snapshot.version) && fits(instance, one.instance));
    if (wanted.length === 0) continue;
    const base = earlier.get(life)?.at(-1);
    const [{ instance: of, start }] = wanted as [PlacedSnapshot];
    all.add(of);
    if (!known.has(of)) fresh.add(of);
    const { ends, bases } =
      version === undefined || start !== null
        ? countedBetween(wanted, base, key)
        : countedOfRelease(seen, base, key, version);
    const kept = [...ends, ...bases].every(({ snapshot }) => hasStacks(snapshot));
    totals.add(0, BigInt(totalIn(ends, key)) - BigInt(totalIn(bases, key)), kept);
    snapshots += wanted.length;
    if (!kept) continue;
    keptOnes.add(of);
    for (const end of ends) add(end, 1);
    for (const base of bases) add(base, -1);
  }
  return {
    tree: scaled(builder.finish(), ...totals.ratio()),
    profiles: snapshots,
    durationMs: 0,
    buckets: 0,
    instances: all.size,
    keptInstances: keptOnes.size,
    newInstances: fresh.size,
  };
}

const totalIn = (placed: readonly PlacedSnapshot[], key: string) =>
  placed.reduce<number | bigint>((total, { snapshot }) => addExact(total, snapshot.totals.get(key) ?? 0), 0);

/** What a life counted is the sum of `ends` less that of `bases`: a total that falls is a restart that nobody told. */
function countedBetween(seen: readonly PlacedSnapshot[], base: PlacedSnapshot | undefined, key: string) {
  const ends: PlacedSnapshot[] = [];
  const bases = base === undefined ? [] : [base];
  const total = ({ snapshot }: { readonly snapshot: Snapshot }) => Number(snapshot.totals.get(key) ?? 0);
  let last = base;
  for (const one of seen) {
    if (last !== undefined && total(one) < total(last)) {
      if (last === base) bases.pop();
      else ends.push(last);
    }
    last = one;
  }
  if (last !== undefined) ends.push(last);
  return { ends, bases };
}

/** Where nothing tells when a process began, another release is another process: what that one counted is no base of this one. */
function countedOfRelease(
  seen: readonly PlacedSnapshot[],
  base: PlacedSnapshot | undefined,
  key: string,
  version: string,
) {
  const runs: PlacedSnapshot[][] = [[]];
  for (const one of seen) {
    if (one.snapshot.version === version) runs.at(-1)!.push(one);
    else runs.push([]);
  }
  const counted = runs
    .filter((run) => run.length > 0)
    .map((run) => {
      const isFirst = run === runs[0] && base?.snapshot.version === version;
      return countedBetween(run, isFirst ? base : undefined, key);
    });
  return { ends: counted.flatMap(({ ends }) => ends), bases: counted.flatMap(({ bases }) => bases) };
}

const negated = ({ at, values }: Column): Column => ({
  at,
  values: values instanceof Float64Array ? values.map((value) => 0 - value) : values.map((value) => -value),
});
