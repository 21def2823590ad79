// Flame graphs of long ranges: a day over 100,000 profiles, an hour of 1,000 instances with their heaps, and 30 days of a fleet's CPU,
// heaps and allocations, read through the real stores, segments and answers.
//
//   node bench/flame/range.ts [--profiles 100000] [--instances 1000] [--days 30] [--lives 20] [--repeats 15]
//
// Profiles are 50 KB each and no two alike (bench/flame/range-data.ts). Of the day each stands for five uploads, of the 30 days of
// CPU for 600: ten an hour. The 30 days of heaps and allocations have a profile an hour of each of some instances.
// Cold: the server has just started (the files may be in the kernel's cache); warm: asked again. A day is asked
// three times: from ten-minute segments, two hours after its end, when most of its hours are rolled up, and days later, when it is.
// Checks the totals, each against what was sent.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/compose/config.ts';
import { openLocal } from '../../lib/compose/local.ts';
import { mergeStates } from '../../lib/flame/merge.ts';
import type { FlameState } from '../../lib/flame/state.ts';
import { singleView } from '../../lib/jobs/answers/flame-views.ts';
import { flameAnswer } from '../../lib/jobs/answers/flamegraph.ts';
import { commitUploads } from '../../lib/jobs/commit-uploads.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { PARTITION_MS } from '../../lib/model/partition.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { cpuProfile, heapProfile, longLife, nextUpload, repeated, stateOf } from './range-data.ts';

const { values } = parseArgs({
  options: {
    profiles: { type: 'string', default: '100000' },
    instances: { type: 'string', default: '1000' },
    days: { type: 'string', default: '30' },
    lives: { type: 'string', default: '20' },
    repeats: { type: 'string', default: '15' },
  },
});
const [PROFILES, INSTANCES, DAYS, LIVES, REPEATS] = [
  values.profiles,
  values.instances,
  values.days,
  values.lives,
  values.repeats,
].map(Number) as [number, number, number, number, number];
/** Uploads that a profile of the day, and of the month, stands for. */
const [OF_DAY, OF_MONTH] = [5, 600];
const AN_HOUR = 10;
const START = Date.UTC(2031, 4, 6);
const PROJECT = 'default';
const clock = { time: START + DAY_MS, now: () => clock.time };

const folder = mkdtempSync(join(tmpdir(), 'range-bench-'));
const data = join(folder, 'data');
let local = await openLocal(readConfig({}, { dataDir: data }), clock);
await ensureProject(local.context.records, PROJECT);

async function put(service: string, start: number, states: readonly FlameState[], uploads: number) {
  const partition = { project: PROJECT, service: serviceName({ name: service }), start, generation: 0 };
  const sent = Array.from({ length: uploads }, (_, i) => ({
    uploadId: nextUpload(),
    parts: [{ partition, sections: i === 0 ? { flame: mergeStates(states) } : {} }],
  }));
  await commitUploads(local.context, sent, clock.now());
}

const sumOf = ({ samples }: Profile, type = 0): bigint => {
  let sum = 0;
  for (const value of samples.values[type]!) sum += Number(value);
  return BigInt(sum);
};
const list = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const said = async (what: string, run: () => Promise<bigint>): Promise<bigint> => {
  const began = performance.now();
  const sum = await run();
  console.log(`${what} committed in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return sum;
};

/** Every partition has profiles of its own. @returns nanoseconds */
async function putDay(): Promise<bigint> {
  const partitions = DAY_MS / PARTITION_MS;
  const each = Math.max(1, Math.round(PROFILES / partitions / OF_DAY));
  let sum = 0n;
  for (let p = 0; p < partitions; p += 1) {
    const time = START + p * PARTITION_MS;
    const profiles = list(each, (i) => cpuProfile(p * each + i));
    for (const profile of profiles) sum += BigInt(OF_DAY) * sumOf(profile);
    const states = profiles.map((profile, i) => stateOf(profile, { time, version: `1.${i % 4}` }));
    await put('day', time, [repeated(mergeStates(states), OF_DAY)], each * OF_DAY);
  }
  return sum;
}

const hourStart = START + DAY_MS - HOUR_MS;

/** @returns bytes of the heaps, averaged over the partitions */
async function putHour(): Promise<bigint> {
  const partitions = HOUR_MS / PARTITION_MS;
  let sum = 0n;
  for (let p = 0; p < partitions; p += 1) {
    const time = hourStart + p * PARTITION_MS;
    const states = list(INSTANCES, (i) => {
      const heap = heapProfile(p + i);
      sum += sumOf(heap);
      return [stateOf(cpuProfile(i), { time }), stateOf(heap, { time: time + i, instance: `pod-${i}` })];
    }).flat();
    await put('fleet', time, states, 2 * INSTANCES);
  }
  return sum / BigInt(partitions);
}

const monthStart = START - DAYS * DAY_MS;

async function putMonth(): Promise<bigint> {
  let sum = 0n;
  for (let h = 0; h < 24 * DAYS; h += 1) {
    const time = monthStart + h * HOUR_MS;
    const profiles = list(AN_HOUR, (i) => cpuProfile(h * AN_HOUR + i));
    for (const profile of profiles) sum += BigInt(OF_MONTH) * sumOf(profile);
    const states = profiles.map((profile) => stateOf(profile, { time }));
    await put('month', time, [repeated(mergeStates(states), OF_MONTH)], 1);
  }
  return sum;
}

/** @returns bytes of the heaps, averaged over the hours, and of all that was allocated */
async function putLives(): Promise<{ heaps: bigint; allocated: bigint }> {
  const lives = list(LIVES, longLife);
  let [heaps, allocated] = [0n, 0n];
  for (let h = 0; h < 24 * DAYS; h += 1) {
    const time = monthStart + h * HOUR_MS;
    const profiles = lives.map((life) => life(h));
    allocated = 0n; // counts on: the last hour has all of it
    for (const profile of profiles) {
      heaps += sumOf(profile, 0);
      allocated += sumOf(profile, 1);
    }
    await put(
      'lives',
      time,
      profiles.map((profile, i) => stateOf(profile, { time: time + i, instance: `pod-${i}` })),
      LIVES,
    );
  }
  return { heaps: heaps / BigInt(24 * DAYS), allocated };
}

const sent = { day: 0n, heaps: 0n, month: 0n, lives: 0n, allocated: 0n };
sent.day = await said(`${values.profiles} profiles of a day`, putDay);
sent.heaps = await said(`${12 * INSTANCES} profiles of an hour`, putHour);
if (DAYS > 0) {
  sent.month = await said(`${24 * DAYS * AN_HOUR * OF_MONTH} profiles of ${DAYS} days`, putMonth);
  const putAll = async () => {
    const { heaps, allocated } = await putLives();
    sent.allocated = allocated;
    return heaps;
  };
  sent.lives = await said(`${24 * DAYS * LIVES} heaps of ${DAYS} days`, putAll);
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;

interface Question {
  readonly name: string;
  readonly service: string;
  readonly from: number;
  readonly to: number;
  readonly type: string;
  /** What was sent; undefined: not to be checked. */
  readonly expected?: bigint;
}

/** Cold: a server that has just begun. */
async function measure({ name, service, from, to, type, expected }: Question) {
  const ask = async () => {
    const range = { from, to };
    const query = { project: PROJECT, service: serviceName({ name: service }), ...range, type };
    const answer = await flameAnswer(local.context, query, {});
    return singleView(answer, range, 8192);
  };
  const cold: number[] = [];
  let view: Awaited<ReturnType<typeof ask>> | undefined;
  for (let i = 0; i < 3; i += 1) {
    await local.close();
    local = await openLocal(readConfig({}, { dataDir: data }), clock);
    const start = performance.now();
    view = await ask();
    cold.push(performance.now() - start);
  }
  const warm: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    const start = performance.now();
    await ask();
    warm.push(performance.now() - start);
  }
  const total = BigInt(view!.total);
  return {
    question: name,
    profiles: view!.profiles,
    instances: view!.instances,
    shown: view!.shownInstances,
    nodes: view!.flamebearer.levels.flat().length / 4,
    'cold ms': Math.round(median(cold)),
    'warm ms': Math.round(median(warm)),
    total: String(total),
    // An average is rounded.
    right: expected === undefined ? '–' : total - expected <= 1n && expected - total <= 1n ? 'yes' : 'NO',
  };
}

const day = { service: 'day', from: START, to: START + DAY_MS, type: 'cpu', expected: sent.day };
const hour = { service: 'fleet', from: hourStart, to: START + DAY_MS };
const month = { from: monthStart, to: START };
const rollUpAll = async () => {
  for (let built = 1; built > 0; ) built = (await rollUp(local.context)).built;
};
clock.time = START + DAY_MS + 2 * HOUR_MS;
const rows = [await measure({ ...day, name: 'a day, ten-minute segments' })];
await rollUpAll();
rows.push(
  await measure({ ...day, name: 'a day, two hours after' }),
  await measure({ ...hour, name: 'an hour of the fleet, cpu', type: 'cpu' }),
  await measure({ ...hour, name: 'an hour of the fleet, heaps', type: 'inuse_space', expected: sent.heaps }),
);
clock.time = START + 4 * DAY_MS;
await rollUpAll();
rows.push(await measure({ ...day, name: 'a day, four days after' }));
if (DAYS > 0)
  for (const [what, service, type, expected] of [
    ['cpu', 'month', 'cpu', sent.month],
    ['heaps', 'lives', 'inuse_space', sent.lives],
    ['allocations', 'lives', 'alloc_space', sent.allocated],
  ] as const)
    rows.push(await measure({ ...month, name: `${DAYS} days, ${what}`, service, type, expected }));
console.table(rows);
process.exitCode = rows.some(({ right }) => right === 'NO') ? 1 : 0;
await local.close();
rmSync(folder, { recursive: true, force: true });
