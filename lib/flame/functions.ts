import type { Profile } from '../model/profile.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { PairTable } from './pair-table.ts';
import { Totals } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

/** What one function took of one profile, and of one unit of work in it. */
export interface FunctionTime {
  readonly name: string;
  readonly file: string;
  /** 1: the team's own code, 0: a library or the runtime, −1: not told. */
  readonly inApp: number;
  readonly selfUs: number;
  /** With what it called; a recursive function counts once. */
  readonly totalUs: number;
}

export interface UnitFunctions {
  /** `unitKey`, '' for samples of no unit, ALL_WORK for all of them. */
  readonly work: string;
  readonly totalUs: number;
  /** The largest total of the team's own first, then those of others. */
  readonly functions: readonly FunctionTime[];
}

/** Stands for all samples, whatever their unit: no `unitKey` is like this. */
export const ALL_WORK = '*';
/** What is told of the team's own functions, and of others: the largest, and none below a share of the time. */
interface Bounds {
  readonly own: number;
  readonly others: number;
  readonly share: number;
}
/** What lies below took too little to be slow, or to have grown. */
const WHOLE: Bounds = { own: 60, others: 30, share: 0.01 };
/** Of each unit beside the whole: a profile with many would tell most of itself again and again. */
const PER_UNIT: Bounds = { own: 20, others: 10, share: 0.03 };
/** Microseconds in a unit of time. */
const US_IN: Readonly<Record<string, number>> = {
  nanoseconds: 1e-3,
  microseconds: 1,
  milliseconds: 1e3,
  seconds: 1e6,
};
/** What people mean by time: how long it took, and only then how long it computed. */
const TIMES = ['wall', 'wall-time', 'cpu', 'cpu-time'];

/**
 * Time by function, of all samples together and unit by unit where samples name units. Undefined when the profile measures
 * no time. Cost: linear in nodes for each unit that it has.
 */
export function functionTimes(profile: Profile): readonly UnitFunctions[] | undefined {
  const column = timeColumn(profile);
  if (column === undefined) return undefined;
  const table = functionsOf(profile);
  const { units, samples } = profile;
  const every = Uint32Array.from(samples.stack.keys());
  const all = timesOf(profile, table, column, every, ALL_WORK, WHOLE);
  if (units.length === 0) return [all];
  // The profile of a transaction has one unit, which is what it is about.
  const bounds = units.length === 1 ? WHOLE : PER_UNIT;
  const byUnit = Map.groupBy(every, (sample) => samples.unit[sample]!);
  return [
    all,
    ...[...byUnit].map(([unit, group]) =>
      timesOf(profile, table, column, group, units[unit] === undefined ? '' : unitKey(units[unit]), bounds),
    ),
  ];
}

/** A column of sample values, and how many microseconds one of its units is. */
interface TimeColumn {
  readonly column: number;
  readonly us: number;
}

function timeColumn({ sampleTypes }: Profile): TimeColumn | undefined {
  for (const name of TIMES) {
    const column = sampleTypes.findIndex(
      ({ type, unit, temporality }) => type === name && unit in US_IN && temporality === 'delta',
    );
    const us = US_IN[sampleTypes[column]?.unit ?? ''];
    if (us !== undefined) return { column, us };
  }
  return undefined;
}

function timesOf(
  { stacks, samples }: Profile,
  { functionOf, functions }: FunctionTable,
  { column, us }: TimeColumn,
  group: ArrayLike<number>,
  work: string,
  bounds: Bounds,
): UnitFunctions {
  const nodes = stacks.parent.length;
  const values = Float64Array.from(group, (sample) => Number(samples.values[column]![sample]));
  const sums = new Totals(nodes);
  sums.addAll(values, (i) => samples.stack[group[i]!]!, nodes);
  const self = sums.finish(nodes);
  const total = totalsOf(stacks.parent, self);
  const keys = stacks.frame.map((frame) => functionOf[frame] ?? 0);
  const counts = outermost(stacks.parent, keys, functions.length);
  const selves = new Float64Array(functions.length);
  const totals = new Float64Array(functions.length);
  for (let node = 1; node < nodes; node += 1) {
    const at = keys[node]!;
    selves[at]! += Number(self[node]);
    if (counts[node] === 1) totals[at]! += Number(total[node]);
  }
  const totalUs = micros(Number(total[0] ?? 0) * us);
  const times = functions
    .map((one, at) => ({ ...one, selfUs: micros(selves[at]! * us), totalUs: micros(totals[at]! * us) }))
    .filter((one) => one.totalUs > 0 && one.totalUs >= bounds.share * totalUs)
    .sort((a, b) => b.totalUs - a.totalUs || (a.name < b.name ? -1 : 1));
  const own = times.filter(({ inApp }) => inApp === 1).slice(0, bounds.own);
  const others = times.filter(({ inApp }) => inApp !== 1).slice(0, bounds.others);
  return { work, totalUs, functions: [...own, ...others] };
}

/** A year of CPU in one profile is a mistake; its square must not pass what sums can hold. */
const US_MAX = 2 ** 45;
const micros = (us: number) => Math.min(US_MAX, Math.max(0, Math.round(us)));

interface FunctionTable {
  /** Frame → function. */
  readonly functionOf: Uint32Array;
  readonly functions: readonly { readonly name: string; readonly file: string; readonly inApp: number }[];
}

/** Functions without their lines: two lines of one are two frames. */
function functionsOf({ frames }: Profile): FunctionTable {
  const table = new PairTable();
  const functionOf = frames.name.map((name, frame) => table.add(name, frames.file[frame]!));
  const inApp = new Int8Array(table.size).fill(-1);
  for (const [frame, at] of functionOf.entries()) inApp[at] = Math.max(inApp[at]!, frames.inApp[frame]!);
  const textAt = (index: number) => frames.strings[index] ?? '';
  const functions = Array.from(inApp, (own, at) => ({
    name: textAt(table.firstAt(at)),
    file: textAt(table.secondAt(at)),
    inApp: own,
  }));
  return { functionOf, functions };
}
