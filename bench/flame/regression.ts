// Regressions: false claims where nothing changed, and growth that was planted, on real profiles.
//
//   node bench/flame/regression.ts [--splits 1000] [--pairs 200] [--seed 1]
//
// Populations are the profiles that real SDKs sent (test/fixtures). A side is drawn from one of them; A/A pairs both from the
// same, half of them by splitting it in two where it is large enough, half with replacement. A/B pairs get 5 points of share
// more on the right side: a function that at least half of the profiles saw gets slower everywhere, or a new one is called
// from one of their stacks, in amounts that vary by half of themselves. Profiles of transactions are compared by share and by
// cost at once, as the product does; of these there are pairs in which everything takes half as long again, too, which no
// share tells. Shifts move time from one function to its sibling, and must not be called growth. Prints one table
// and ends with 1 when a mark is missed: at most 5 % of the splits with any claim, at least 80 % of the planted found.

import { parseArgs } from 'node:util';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { ALL_WORK, functionTimes } from '../../lib/flame/functions.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { type FunctionMoments, type Growth, growths, type SideMoments } from '../../lib/flame/regression.ts';
import { originsBetween } from '../../lib/flame/shift.ts';
import { type FlameTree, treeOf } from '../../lib/flame/tree.ts';
import type { UploadId } from '../../lib/model/ids.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import { populations } from './populations.ts';

const { values } = parseArgs({
  options: {
    splits: { type: 'string', default: '1000' },
    pairs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const POINTS = 0.05;
const SIZES = [20, 40, 80];

let state = Number(values.seed) >>> 0;
/** mulberry32. */
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const drawn = <T>(items: readonly T[], count: number): T[] =>
  Array.from({ length: count }, () => pick(items));
function shuffled<T>(items: readonly T[]): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

const known = new WeakMap<Profile, ReturnType<typeof times>>();
const times = (profile: Profile) => functionTimes(profile)!.find(({ work }) => work === ALL_WORK)!;
function timesOf(profile: Profile) {
  const before = known.get(profile) ?? times(profile);
  known.set(profile, before);
  return before;
}

/** What the kind `functions` keeps of these profiles. */
function sideOf(profiles: readonly Profile[]): SideMoments {
  const functions = new Map<string, FunctionMoments>();
  let [us, squares] = [0n, 0n];
  for (const profile of profiles) {
    const all = timesOf(profile);
    const whole = BigInt(all.totalUs);
    us += whole;
    squares += whole * whole;
    for (const { name, file, totalUs } of all.functions) {
      const key = `${name}\n${file}`;
      const before = functions.get(key) ?? { us: 0n, squares: 0n, products: 0n };
      const x = BigInt(totalUs);
      functions.set(key, {
        us: before.us + x,
        squares: before.squares + x * x,
        products: before.products + x * whole,
      });
    }
  }
  return { profiles: profiles.length, us, squares, functions };
}

const TIMES = ['wall', 'cpu'];
function treeOfProfiles(profiles: readonly Profile[]): FlameTree {
  const states = profiles.map((profile) => {
    const column = Math.max(
      0,
      profile.sampleTypes.findIndex(({ type }) => TIMES.includes(type)),
    );
    const one: Profile = {
      ...profile,
      sampleTypes: [profile.sampleTypes[column]!],
      defaultType: 0,
      samples: { ...profile.samples, values: [profile.samples.values[column]!] },
    };
    return flameOf(one, {
      upload: '0'.repeat(32) as UploadId,
      version: '',
      instance: '',
      lifeStart: null,
      time: 0,
      scrub: (text) => text,
    });
  });
  const { table, sums } = mergeAll(states, mergeFlame)!;
  return treeOf(table, [...sums.values()]);
}

const nameAt = ({ frames }: Profile, frame: number) =>
  `${frames.strings[frames.name[frame]!]}\n${frames.strings[frames.file[frame]!]}`;

/** Nodes at or below a function. */
function within(profile: Profile, key: string): Uint8Array {
  const { parent, frame } = profile.stacks;
  const flags = new Uint8Array(parent.length);
  for (let node = 1; node < parent.length; node += 1)
    flags[node] = flags[parent[node]!] === 1 || nameAt(profile, frame[node]!) === key ? 1 : 0;
  return flags;
}

const withValues = (profile: Profile, change: (value: number, stack: number) => number): Profile => ({
  ...profile,
  samples: {
    ...profile.samples,
    values: profile.samples.values.map((column) =>
      Float64Array.from(profile.samples.stack, (stack, i) => Math.round(change(Number(column[i]), stack))),
    ),
  },
});

/** The function takes so much longer that its share grows by POINTS. */
function slowed(profiles: readonly Profile[], key: string): Profile[] {
  const side = sideOf(profiles);
  const share = Number(side.functions.get(key)!.us) / Number(side.us);
  const factor = ((share + POINTS) * (1 - share)) / (share * (1 - share - POINTS));
  return profiles.map((profile) => {
    const flags = within(profile, key);
    return withValues(profile, (value, stack) => (flags[stack] === 1 ? value * factor : value));
  });
}

const PLANTED = 'planted\nplanted.ts';

/** A new function below one stack of each profile. Amounts: Gamma with shape 4, whose deviation is half its mean. */
function planted(profiles: readonly Profile[]): Profile[] {
  return profiles.map((profile) => {
    const { frames, stacks, samples } = profile;
    const amount = -Math.log(random() * random() * random() * random()) / 4;
    const below = samples.stack[Math.floor(random() * samples.stack.length)]!;
    const grow = <T extends Uint32Array | Int32Array | Int8Array>(column: T, ...more: number[]): T =>
      (column.constructor as unknown as { from(list: Iterable<number>): T }).from([...column, ...more]);
    const factor = (POINTS / (1 - POINTS)) * amount;
    return {
      ...profile,
      frames: {
        strings: [...frames.strings, 'planted', 'planted.ts'],
        name: grow(frames.name, frames.strings.length),
        file: grow(frames.file, frames.strings.length + 1),
        line: grow(frames.line, 0),
        inApp: grow(frames.inApp, 1),
      },
      stacks: { parent: grow(stacks.parent, below), frame: grow(stacks.frame, frames.name.length) },
      samples: {
        stack: grow(samples.stack, stacks.parent.length),
        unit: grow(samples.unit, -1),
        values: samples.values.map((column) =>
          Float64Array.from([...column].map(Number).concat(Math.round(total(column) * factor))),
        ),
      },
    };
  });
}
const total = (column: ArrayLike<number | bigint>) =>
  Array.from(column, Number).reduce((sum, one) => sum + one, 0);

/** Functions of some weight that at least half of the profiles saw. */
function candidates(profiles: readonly Profile[]) {
  const side = sideOf(profiles);
  const seen = new Map<string, number>();
  for (const profile of profiles)
    for (const { name, file } of timesOf(profile).functions)
      seen.set(`${name}\n${file}`, (seen.get(`${name}\n${file}`) ?? 0) + 1);
  return [...side.functions]
    .map(([key, { us }]) => ({ key, share: Number(us) / Number(side.us) }))
    .filter(({ key, share }) => share > 0.02 && share < 0.6 && seen.get(key)! >= profiles.length / 2);
}

/** Callers with two callees of which the first is not called elsewhere: time may move from the first to the second. */
function siblings(profiles: readonly Profile[]) {
  const side = sideOf(profiles);
  const share = (key: string) => Number(side.functions.get(key)?.us ?? 0n) / Number(side.us);
  const callersOf = new Map<string, Set<string>>();
  const calleesOf = new Map<string, Set<string>>();
  for (const profile of profiles) {
    const { parent, frame } = profile.stacks;
    for (let node = 1; node < parent.length; node += 1) {
      if (parent[node] === 0) continue;
      const [callee, caller] = [nameAt(profile, frame[node]!), nameAt(profile, frame[parent[node]!]!)];
      callersOf.set(callee, (callersOf.get(callee) ?? new Set()).add(caller));
      calleesOf.set(caller, (calleesOf.get(caller) ?? new Set()).add(callee));
    }
  }
  return [...calleesOf].flatMap(([caller, callees]) => {
    // Of a caller that is all there is nobody could tell: its share stays 1 whatever happens.
    const own = [...callees].filter((one) => one !== caller && callersOf.get(one)!.size === 1);
    if (share(caller) > 0.7) return [];
    return own.flatMap((from) =>
      share(from) < 0.06 ? [] : own.filter((into) => into !== from).map((into) => ({ from, into })),
    );
  });
}

/** Moves all of one function's time into a sibling, in every profile. */
function shifted(profiles: readonly Profile[]): { profiles: Profile[]; grown: string } | undefined {
  const pairs = siblings(profiles);
  if (pairs.length === 0) return undefined;
  const { from, into } = pick(pairs);
  const [name = '', file = ''] = into.split('\n');
  const moved = profiles.map((profile) => {
    const { frames } = profile;
    const strings = [...frames.strings, name, file];
    const isFrom = Array.from(frames.name.keys(), (frame) => nameAt(profile, frame) === from);
    const renamed = (column: Uint32Array, text: number) =>
      column.map((old, frame) => (isFrom[frame] ? text : old));
    return {
      ...profile,
      frames: {
        ...frames,
        strings,
        name: renamed(frames.name, strings.length - 2),
        file: renamed(frames.file, strings.length - 1),
      },
    };
  });
  return { profiles: moved, grown: into };
}

/** Everything takes half as long again: the cost of every function grows, and no share. */
const slowerAll = (profiles: readonly Profile[]): Profile[] =>
  profiles.map((profile) => withValues(profile, (value) => 1.5 * value));

const MEASURES = { true: ['share', 'cost'], false: ['share'] } as const;
const grownIn = (left: readonly Profile[], right: readonly Profile[], areTransactions: boolean) =>
  growths(sideOf(left), sideOf(right), { measures: MEASURES[`${areTransactions}`] });
/** Whether it is among those that grew, by share: what was planted is a share. */
const isFound = (found: readonly Growth[], wanted: string) =>
  found.some(({ key, measure }) => key === wanted && measure === 'share');
const placeOf = (key: string) => {
  const [name = '', file = ''] = key.split('\n');
  return { name, file };
};

interface Row {
  readonly population: string;
  readonly profiles: number;
  readonly side: number;
  splits: number;
  claims: number;
  costClaims: number;
  slower: number;
  foundSlower: number;
  pairs: number;
  found: number;
  toldGrowth: number;
  shifts: number;
  seenShifts: number;
  toldShift: number;
}
const rows: Row[] = [];
const cells = populations().flatMap((population) => SIZES.map((size) => ({ ...population, size })));
for (const { name, profiles, areTransactions, size } of cells) {
  const row: Row = {
    population: name,
    profiles: profiles.length,
    side: size,
    splits: 0,
    claims: 0,
    costClaims: 0,
    slower: 0,
    foundSlower: 0,
    pairs: 0,
    found: 0,
    toldGrowth: 0,
    shifts: 0,
    seenShifts: 0,
    toldShift: 0,
  };
  rows.push(row);
  while (row.splits < Math.ceil(Number(values.splits) / cells.length)) {
    const whole = row.splits % 2 === 0 && profiles.length >= 2 * size;
    const mixed = whole ? shuffled(profiles) : drawn(profiles, 2 * size);
    row.splits += 1;
    const claims = grownIn(mixed.slice(0, size), mixed.slice(size, 2 * size), areTransactions);
    if (claims.length > 0) row.claims += 1;
    if (claims.some(({ measure }) => measure === 'cost')) row.costClaims += 1;
  }
  while (row.pairs < Math.ceil(Number(values.pairs) / cells.length)) {
    const [left, plain] = [drawn(profiles, size), drawn(profiles, size)];
    const fit = candidates(plain);
    const isNew = row.pairs % 2 === 1 || fit.length === 0;
    const key = isNew ? PLANTED : pick(fit).key;
    const right = isNew ? planted(plain) : slowed(plain, key);
    row.pairs += 1;
    if (!isFound(grownIn(left, right, areTransactions), key)) continue;
    row.found += 1;
    const origin = originsBetween(treeOfProfiles(left), treeOfProfiles(right))(placeOf(key));
    if (origin.kind === 'growth') row.toldGrowth += 1;
  }
  while (areTransactions && row.slower < Math.ceil(Number(values.pairs) / cells.length)) {
    const [left, right] = [drawn(profiles, size), slowerAll(drawn(profiles, size))];
    row.slower += 1;
    if (grownIn(left, right, true).some(({ measure }) => measure === 'cost')) row.foundSlower += 1;
  }
  while (row.shifts < Math.ceil(Number(values.pairs) / cells.length)) {
    const [left, plain] = [drawn(profiles, size), drawn(profiles, size)];
    const moved = shifted(plain);
    row.shifts += 1;
    if (moved === undefined) continue;
    if (!isFound(grownIn(left, moved.profiles, areTransactions), moved.grown)) continue;
    row.seenShifts += 1;
    const origin = originsBetween(treeOfProfiles(left), treeOfProfiles(moved.profiles))(placeOf(moved.grown));
    if (origin.kind === 'shift') row.toldShift += 1;
  }
}

const sum = (value: (row: Row) => number) => rows.reduce((all, row) => all + value(row), 0);
const percent = (part: number, whole: number) =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
console.table(
  rows.map((row) => ({
    population: row.population,
    of: row.profiles,
    side: row.side,
    'A/A splits': row.splits,
    'with a claim': percent(row.claims, row.splits),
    'of cost': percent(row.costClaims, row.slower && row.splits),
    'A/B pairs': row.pairs,
    found: percent(row.found, row.pairs),
    'told as growth': percent(row.toldGrowth, row.found),
    'cost × 1.5': percent(row.foundSlower, row.slower),
    shifts: row.seenShifts,
    'told as shift': percent(row.toldShift, row.seenShifts),
  })),
);
const falseClaims = sum((row) => row.claims) / sum((row) => row.splits);
const found = sum((row) => row.found) / sum((row) => row.pairs);
console.log(
  `A/A: ${sum((row) => row.claims)} of ${sum((row) => row.splits)} splits with a claim (mark: 5 %), ` +
    `${sum((row) => row.costClaims)} of them of cost. ` +
    `Half as long again found by cost: ${sum((row) => row.foundSlower)} of ${sum((row) => row.slower)}. ` +
    `A/B: ${sum((row) => row.found)} of ${sum((row) => row.pairs)} found (mark: 80 %), ` +
    `${percent(
      sum((row) => row.toldGrowth),
      sum((row) => row.found),
    )} told as growth. ` +
    `Shifts that were seen: ${sum((row) => row.seenShifts)}, ${percent(
      sum((row) => row.toldShift),
      sum((row) => row.seenShifts),
    )} told as such.`,
);
process.exitCode = falseClaims <= 0.05 && found >= 0.8 ? 0 : 1;
