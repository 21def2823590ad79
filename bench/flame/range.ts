// Flame graphs of long ranges: a day over 100,000 profiles, and an hour of 1,000 instances with their heaps, read through
// the real stores, segments and answers.
//
//   node bench/flame/range.ts [--profiles 100000] [--instances 1000] [--days 30] [--repeats 15]
//
// Profiles are those of bench/flame/generate.ts: 72 KB each, made from a real one, all different; 100 of them are decoded,
// and each stands for equally many uploads, whose state is the same as if each had been added (values, counts and upload
// ids are). Cold: the server has just started (the files may be in the kernel's cache); warm: asked again. A day is asked
// twice: two hours after its end, when most of its hours are rolled up, and days later, when it is. The fleet's CPU is asked
// for over 30 days as well, by which time they are days: an hour's profiles of all instances lie in one of its partitions,
// which is the same once rolled up. Checks the totals.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/compose/config.ts';
import { openLocal } from '../../lib/compose/local.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mapValues, mergeFlame } from '../../lib/flame/merge.ts';
import type { FlameState } from '../../lib/flame/state.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { singleView } from '../../lib/jobs/answers/flame-views.ts';
import { flameAnswer } from '../../lib/jobs/answers/flamegraph.ts';
import { commitUploads } from '../../lib/jobs/commit-uploads.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { type UploadId, uploadId } from '../../lib/model/ids.ts';
import { PARTITION_MS } from '../../lib/model/partition.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import { generate } from './generate.ts';

const { values } = parseArgs({
  options: {
    profiles: { type: 'string', default: '100000' },
    instances: { type: 'string', default: '1000' },
    days: { type: 'string', default: '30' },
    repeats: { type: 'string', default: '15' },
  },
});
const [PROFILES, INSTANCES, DAYS, REPEATS] = [
  values.profiles,
  values.instances,
  values.days,
  values.repeats,
].map(Number) as [number, number, number, number];
const DISTINCT = 100;
const START = Date.UTC(2031, 4, 6);
const PROJECT = 'default';
const clock = { time: START + DAY_MS, now: () => clock.time };

const folder = mkdtempSync(join(tmpdir(), 'range-bench-'));
const data = join(folder, 'data');
generate(join(folder, 'profiles'), DISTINCT, 1);
const profiles = readdirSync(join(folder, 'profiles')).map((name) =>
  decodeProfile(new Uint8Array(readFileSync(join(folder, 'profiles', name)))),
);

let made = 0;
const nextUpload = (): UploadId => {
  made += 1;
  // Ids are hashes: those of neighbours must not lie beside each other.
  const hash = Math.imul(made, 0x9e3779b1) >>> 0;
  return uploadId(hash.toString(16).padStart(8, '0') + made.toString(16).padStart(24, '0'));
};

const originAt = (time: number, instance: string, version: string, upload: UploadId) => ({
  upload,
  version,
  instance,
  lifeStart: null,
  time,
  scrub: (text: string) => text,
});
const bases = profiles.map((profile, i) => flameOf(profile, originAt(START, '', `1.${i % 4}`, nextUpload())));

const DECKS = 10;
const decks = Array.from(
  { length: DECKS },
  (_, d) =>
    mergeAll(
      bases.filter((_, i) => i % DECKS === d),
      mergeFlame,
    )!,
);

/** A state of `times` as many uploads with the same profiles. */
function repeated(state: FlameState, times: number): FlameState {
  const scale = <C extends ArrayLike<number | bigint>>(column: C) =>
    Float64Array.from(column, (value) => Number(value) * times);
  return {
    ...state,
    sums: mapValues(state.sums, ({ at, values: column }) => ({ at, values: scale(column) })),
    lines: mapValues(state.lines, ({ at, self, total }) => ({ at, self: scale(self), total: scale(total) })),
    counts: mapValues(state.counts, (count) => ({
      profiles: count.profiles * times,
      durationMs: count.durationMs * times,
    })),
  };
}

const heapOf = (profile: Profile): Profile => ({
  ...profile,
  sampleTypes: [{ type: 'inuse_space', unit: 'bytes', temporality: 'level' }],
  defaultType: 0,
  samples: { ...profile.samples, values: [profile.samples.values.at(-1)!] },
});

let local = await openLocal(readConfig({}, { dataDir: data }), clock);
await ensureProject(local.context.records, PROJECT);

async function put(service: string, start: number, states: readonly FlameState[], ids: readonly UploadId[]) {
  const partition = { project: PROJECT, service: serviceName({ name: service }), start, generation: 0 };
  const flame = mergeAll(states, mergeFlame)!;
  const [first, ...others] = ids;
  await commitUploads(
    local.context,
    [
      { uploadId: first!, parts: [{ partition, sections: { flame } }] },
      ...others.map((id) => ({ uploadId: id, parts: [{ partition, sections: {} }] })),
    ],
    clock.now(),
  );
}

const began = performance.now();
const partitions = DAY_MS / PARTITION_MS;
const times = Math.max(1, Math.round(PROFILES / partitions / DISTINCT));
let sentNs = 0n;
let monthNs = 0n;
const nsOf = (states: readonly FlameState[]) => {
  let sum = 0n;
  for (const { sums } of states)
    for (const [key, { values: column }] of sums)
      if (key.includes('"cpu"')) for (const value of column) sum += BigInt(value);
  return sum;
};
for (let p = 0; p < partitions; p += 1) {
  const states = decks.map((deck) => repeated(deck, times));
  sentNs += nsOf(states);
  await put('day', START + p * PARTITION_MS, states, Array.from({ length: times * DISTINCT }, nextUpload));
}
console.log(`${made - DISTINCT} profiles committed in ${((performance.now() - began) / 1000).toFixed(1)} s`);

const hourStart = START + DAY_MS - HOUR_MS;
for (let p = 0; p < HOUR_MS / PARTITION_MS; p += 1) {
  const start = hourStart + p * PARTITION_MS;
  const ids: UploadId[] = [];
  const states: FlameState[] = [];
  for (let i = 0; i < INSTANCES; i += 1) {
    ids.push(nextUpload(), nextUpload());
    const heap = heapOf(profiles[i % DISTINCT]!);
    states.push(flameOf(heap, originAt(start + i, `pod-${i}`, '1.0', ids.at(-2)!)));
  }
  states.push(...decks.map((deck) => repeated(deck, Math.max(1, Math.round(INSTANCES / DISTINCT)))));
  await put('fleet', start, states, ids);
}

// Six profiles an hour of each instance, and another part of the program each hour.
const monthStart = START - DAYS * DAY_MS;
const timesAnHour = Math.max(1, Math.round((6 * INSTANCES) / (DISTINCT / DECKS)));
const monthBegan = performance.now();
for (let h = 0; h < 24 * DAYS; h += 1) {
  const states = [repeated(decks[h % DECKS]!, timesAnHour)];
  monthNs += nsOf(states);
  await put('month', monthStart + h * HOUR_MS, states, [nextUpload()]);
}
console.log(
  `${24 * DAYS * timesAnHour * (DISTINCT / DECKS)} profiles of ${DAYS} days committed in ${((performance.now() - monthBegan) / 1000).toFixed(1)} s`,
);

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;

interface Question {
  readonly name: string;
  readonly service: string;
  readonly from: number;
  readonly to: number;
  readonly type: string;
}

/** Cold: a server that has just begun. @returns the graph's total, to be checked */
async function measure({ name, service, from, to, type }: Question) {
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
  return {
    question: name,
    profiles: view!.profiles,
    instances: view!.instances,
    shown: view!.shownInstances,
    nodes: view!.flamebearer.levels.flat().length / 4,
    'cold ms': Math.round(median(cold)),
    'warm ms': Math.round(median(warm)),
    total: BigInt(view!.total),
  };
}

const day: Question = {
  name: 'a day, ten-minute segments',
  service: 'day',
  from: START,
  to: START + DAY_MS,
  type: 'cpu',
};
const hour = { service: 'fleet', from: hourStart, to: START + DAY_MS };
const rollUpAll = async () => {
  for (let built = 1; built > 0; ) built = (await rollUp(local.context)).built;
};
clock.time = START + DAY_MS + 2 * HOUR_MS;
const rows = [await measure({ ...day, name: 'a day, ten-minute segments' })];
await rollUpAll();
rows.push(
  await measure({ ...day, name: 'a day, two hours after' }),
  await measure({ ...hour, name: 'an hour of the fleet, cpu', type: 'cpu' }),
  await measure({ ...hour, name: 'an hour of the fleet, heaps', type: 'inuse_space' }),
);
clock.time = START + 4 * DAY_MS;
await rollUpAll();
rows.push(await measure({ ...day, name: 'a day, four days after' }));
const month = { service: 'month', from: monthStart, to: START, type: 'cpu' };
if (DAYS > 0) rows.push(await measure({ ...month, name: `${DAYS} days of the fleet, cpu` }));
console.table(rows.map(({ total, ...row }) => ({ ...row, total: String(total) })));

const wrong = rows.filter(({ question, total }) => {
  if (question.startsWith('a day')) return total !== sentNs;
  return question.includes(' days of ') && total !== monthNs;
});
if (wrong.length > 0) console.error(`Totals differ from the ${sentNs} and ${monthNs} ns that were sent`);
process.exitCode = wrong.length > 0 ? 1 : 0;
await local.close();
rmSync(folder, { recursive: true, force: true });
