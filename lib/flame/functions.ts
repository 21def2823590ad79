import type { Profile } from '../model/profile.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { Totals } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

/** What one function took of one profile, and of one unit of work in it. */
export interface FunctionTime {
  readonly name: string;
  readonly file: string;
  readonly selfUs: number;
  /** With what it called; a recursive function counts once. */
  readonly totalUs: number;
}

export interface UnitFunctions {
  /** `unitKey`, '' for samples of no unit. */
  readonly work: string;
  /** The largest total first, at most FUNCTIONS_MAX. */
  readonly functions: readonly FunctionTime[];
}

/** Functions that are told of one profile and unit: what lies below took too little to be slow. */
const FUNCTIONS_MAX = 100;
const NS_PER_US = 1000;
/** What people mean by time: how long it took, and only then how long it computed. */
const TIMES = ['wall', 'wall-time', 'cpu', 'cpu-time'];

/**
 * Time by function, unit by unit, in the team's own code and in code of which nobody knows whose it is: libraries are
 * slow for somebody who calls them. Undefined when the profile measures no time.
 *
 * Cost: linear in nodes for each unit that it has.
 */
export function functionTimes(profile: Profile): readonly UnitFunctions[] | undefined {
  const column = timeColumn(profile);
  if (column === undefined) return undefined;
  const { units, samples } = profile;
  const byUnit = new Map<number, number[]>();
  for (const [sample, unit] of samples.unit.entries()) {
    const group = byUnit.get(unit);
    if (group === undefined) byUnit.set(unit, [sample]);
    else group.push(sample);
  }
  return [...byUnit].map(([unit, group]) => ({
    work: units[unit] === undefined ? '' : unitKey(units[unit]),
    functions: timesOf(profile, column, group),
  }));
}

function timeColumn({ sampleTypes }: Profile): number | undefined {
  for (const name of TIMES) {
    const found = sampleTypes.findIndex(
      ({ type, unit, temporality }) => type === name && unit === 'nanoseconds' && temporality === 'delta',
    );
    if (found >= 0) return found;
  }
  return undefined;
}

function timesOf(profile: Profile, column: number, group: readonly number[]): FunctionTime[] {
  const { stacks, samples } = profile;
  const values = samples.values[column]!;
  const picked = Float64Array.from(group, (sample) => Number(values[sample]));
  const sums = new Totals(stacks.parent.length);
  sums.addAll(picked, (i) => samples.stack[group[i]!]!, stacks.parent.length);
  const self = sums.finish(stacks.parent.length);
  const total = totalsOf(stacks.parent, self);
  const { functionOf, functions } = ownFunctions(profile);
  const keys = stacks.frame.map((frame, node) => (node === 0 ? 0 : functionOf[frame]!));
  const counts = outermost(stacks.parent, keys, functions.length);
  const selfNs = new Float64Array(functions.length);
  const totalNs = new Float64Array(functions.length);
  for (let node = 1; node < keys.length; node += 1) {
    const at = keys[node]!;
    selfNs[at]! += Number(self[node]);
    if (counts[node] === 1) totalNs[at]! += Number(total[node]);
  }
  return functions
    .flatMap((one, at) =>
      one === undefined || totalNs[at]! <= 0
        ? []
        : [{ ...one, selfUs: micros(selfNs[at]!), totalUs: micros(totalNs[at]!) }],
    )
    .sort((a, b) => b.totalUs - a.totalUs || (a.name < b.name ? -1 : 1))
    .slice(0, FUNCTIONS_MAX);
}

const micros = (ns: number) => Math.max(0, Math.round(ns / NS_PER_US));

/** Functions without their lines; all of libraries are one, undefined, at place 0. */
function ownFunctions({ frames }: Profile) {
  const functions: ({ name: string; file: string } | undefined)[] = [undefined];
  const places = new Map<string, number>();
  const functionOf = frames.name.map((name, frame) => {
    if (frames.inApp[frame] === 0) return 0;
    const key = `${name} ${frames.file[frame]}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, functions.length);
    functions.push({ name: frames.strings[name] ?? '', file: frames.strings[frames.file[frame]!] ?? '' });
    return functions.length - 1;
  });
  return { functionOf, functions };
}
