import type { Profile } from '../model/profile.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { PairTable } from './pair-table.ts';
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
/** Whether `work` names a unit: neither samples of none nor all of them. */
export const isUnit = (work: string): boolean => work !== '' && work !== ALL_WORK;
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
 * no time. Cost: linear in nodes, and in samples times their depth where they name units.
 */
export function functionTimes(profile: Profile): readonly UnitFunctions[] | undefined {
  const column = timeColumn(profile);
  if (column === undefined) return undefined;
  const table = functionsOf(profile);
  const { units, samples } = profile;
  const all = timesOf(wholeOf(profile, table, column), table, column, ALL_WORK, WHOLE);
  if (units.length === 0) return [all];
  // The profile of a transaction has one unit, which is what it is about.
  const bounds = units.length === 1 ? WHOLE : PER_UNIT;
  const partOf = partReader(profile, table, column);
  return [
    all,
    ...[...groupsOf(samples.unit)].map(([unit, group]) =>
      timesOf(partOf(group), table, column, units[unit] === undefined ? '' : unitKey(units[unit]), bounds),
    ),
  ];
}

/** Samples by their unit. */
function groupsOf(unitOf: Int32Array): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (let sample = 0; sample < unitOf.length; sample += 1) {
    const group = groups.get(unitOf[sample]!);
    if (group === undefined) groups.set(unitOf[sample]!, [sample]);
    else group.push(sample);
  }
  return groups;
}

/** A column of sample values, and how many microseconds one of its units is. */
interface TimeColumn {
  readonly column: number;
  readonly us: number;
}

function timeColumn({ sampleTypes }: Profile): TimeColumn | undefined {
  for (const name of TIMES) {
    const column = sampleTypes.findIndex(
      ({ type, unit, temporality }) => type === name && Object.hasOwn(US_IN, unit) && temporality === 'delta',
    );
    const us = US_IN[sampleTypes[column]?.unit ?? ''];
    if (us !== undefined) return { column, us };
  }
  return undefined;
}

/**
 * By function, in the unit of the column. Doubles suffice: beyond 2^53 ns, which is 104 days in one profile, the last
 * nanoseconds of a sum are lost.
 */
interface Sums {
  readonly whole: number;
  readonly self: Float64Array;
  readonly total: Float64Array;
  /** Functions that may have a total; only those are told. */
  readonly seen: Iterable<number>;
}

/** Of all samples: by node first, then each node once. */
function wholeOf({ stacks, samples }: Profile, table: FunctionTable, { column }: TimeColumn): Sums {
  const { ofNode, isOutermost, functions } = table;
  const values = samples.values[column]!;
  const byNode = new Float64Array(stacks.parent.length);
  for (let i = 0; i < values.length; i += 1) byNode[samples.stack[i]!]! += Number(values[i]);
  const below = totalsOf(stacks.parent, byNode);
  const self = new Float64Array(functions.length);
  const total = new Float64Array(functions.length);
  for (let node = 1; node < byNode.length; node += 1) {
    const at = ofNode[node]!;
    self[at]! += byNode[node]!;
    if (isOutermost[node] === 1) total[at]! += Number(below[node]);
  }
  return { whole: Number(below[0] ?? 0), self, total, seen: total.keys() };
}

/**
 * Of a unit's samples: from each up to the root, because a unit has few of them. Sums are valid until the next ones are
 * asked for: units share their room, or many of them would cost each as much as all functions.
 */
function partReader(
  { stacks, samples }: Profile,
  { ofNode, isOutermost, functions }: FunctionTable,
  { column }: TimeColumn,
): (group: readonly number[]) => Sums {
  const { parent } = stacks;
  const self = new Float64Array(functions.length);
  const total = new Float64Array(functions.length);
  const isSeen = new Uint8Array(functions.length);
  let seen: number[] = [];
  return (group) => {
    for (const at of seen) {
      self[at] = 0;
      total[at] = 0;
      isSeen[at] = 0;
    }
    seen = [];
    let whole = 0;
    for (const sample of group) {
      const value = Number(samples.values[column]![sample]);
      let node = samples.stack[sample]!;
      whole += value;
      if (node !== 0) self[ofNode[node]!]! += value;
      for (; node !== 0; node = parent[node]!) {
        const at = ofNode[node]!;
        if (isSeen[at] === 0) seen.push(at);
        isSeen[at] = 1;
        if (isOutermost[node] === 1) total[at]! += value;
      }
    }
    return { whole, self, total, seen };
  };
}

function timesOf(
  { whole, self, total, seen }: Sums,
  { functions }: FunctionTable,
  { us }: TimeColumn,
  work: string,
  bounds: Bounds,
): UnitFunctions {
  const totalUs = micros(whole * us);
  const own: FunctionTime[] = [];
  const others: FunctionTime[] = [];
  for (const at of seen) {
    const ofOne = micros(total[at]! * us);
    if (ofOne === 0 || ofOne < bounds.share * totalUs) continue;
    const one = functions[at]!;
    (one.inApp === 1 ? own : others).push({ ...one, selfUs: micros(self[at]! * us), totalUs: ofOne });
  }
  const functionsOfWork = [...largest(own, bounds.own), ...largest(others, bounds.others)];
  return { work, totalUs, functions: functionsOfWork };
}

const largest = (times: FunctionTime[], most: number) =>
  times.sort((a, b) => b.totalUs - a.totalUs || (a.name < b.name ? -1 : 1)).slice(0, most);

/** A year of CPU in one profile is a mistake; its square must not pass what sums can hold. */
const US_MAX = 2 ** 45;
const micros = (us: number) => Math.min(US_MAX, Math.max(0, Math.round(us)));

/** A profile's functions, made once for all of its units. */
interface FunctionTable {
  readonly functions: readonly { readonly name: string; readonly file: string; readonly inApp: number }[];
  /** Node → function. */
  readonly ofNode: Uint32Array;
  /** 1 for the nodes whose total counts for their function: a recursive one counts once. */
  readonly isOutermost: Uint8Array;
}

/** Functions without their lines: two lines of one are two frames. */
function functionsOf({ frames, stacks }: Profile): FunctionTable {
  const table = new PairTable();
  const functionOf = new Uint32Array(frames.name.length);
  const functions: { name: string; file: string; inApp: number }[] = [];
  for (let frame = 0; frame < functionOf.length; frame += 1) {
    const [name, file, inApp] = [frames.name[frame]!, frames.file[frame]!, frames.inApp[frame]!];
    const at = table.add(name, file);
    functionOf[frame] = at;
    const known = functions[at];
    if (known === undefined)
      functions.push({ name: frames.strings[name] ?? '', file: frames.strings[file] ?? '', inApp });
    else known.inApp = Math.max(known.inApp, inApp);
  }
  const ofNode = new Uint32Array(stacks.frame.length);
  for (let node = 0; node < ofNode.length; node += 1) ofNode[node] = functionOf[stacks.frame[node]!] ?? 0;
  return { functions, ofNode, isOutermost: outermost(stacks.parent, ofNode, functions.length) };
}
