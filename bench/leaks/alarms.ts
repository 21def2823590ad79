// False alarms and power of the scan job, as people would get them:
//   node bench/leaks/alarms.ts [--days N] [--leaks N[,N,N]] [--seed N] [--real DIR] [--after-gc]
// --days: healthy service-days in all, 0 for none. --leaks: services of each leaking kind, or of 1 MB/h, 4 MB/day undisturbed and with
// deploys; 0 for none. --real: folder of CSV series (time_s,value). --after-gc: all of it as what a heap holds after its collections.
import { parseArgs } from 'node:util';
import { DAY_MS, MIB } from '../../lib/model/units.ts';
import { type AlarmRun, alarmRun } from './alarm-run.ts';
import { FAMILIES, madeService } from './alarm-services.ts';
import { realSeries } from './real-series.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '600' },
    leaks: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    real: { type: 'string' },
    'after-gc': { type: 'boolean', default: false },
  },
});
const RUN_DAYS = 30;
const PROGRESS_RUNS = 20;
const START = Date.UTC(2026, 0, 5);
const seed = Number(values.seed);
const real = values.real === undefined ? [] : realSeries(values.real);
const role = values['after-gc'] ? { role: 'heap_after_gc' as const } : {};
const print = (line: string) => process.stdout.write(`${line}\n`);

/** Services of each leaking kind; the last number holds for those that are not named. */
const leakCounts = values.leaks.split(',').map(Number);
const began = process.cpuUsage();
const runs = Math.ceil(Number(values.days) / RUN_DAYS);
const tally = new Map<string, { days: number; leaks: number; rules: number; looks: number; reads: number }>();
for (let i = 0; i < runs; i++) {
  const service = madeService({ seed: seed * 100_000 + i, days: RUN_DAYS, start: START, real, ...role });
  const run = await alarmRun(service);
  const sum = tally.get(service.family) ?? { days: 0, leaks: 0, rules: 0, looks: 0, reads: 0 };
  sum.days += RUN_DAYS;
  sum.leaks += run.leakNotices.length;
  sum.rules += run.ruleNotices.length;
  sum.looks += run.looks;
  sum.reads += run.reads;
  tally.set(service.family, sum);
  if ((i + 1) % PROGRESS_RUNS === 0) process.stderr.write(`${(i + 1) * RUN_DAYS} days\n`);
  if (run.leakNotices.length > 0)
    print(
      `false: ${service.family}, seed ${seed * 100_000 + i}, ${service.births.length} lives, days ${text(run)}`,
    );
}
const all = [...tally.values()].reduce(
  (a, b) => ({
    days: a.days + b.days,
    leaks: a.leaks + b.leaks,
    rules: a.rules + b.rules,
    looks: a.looks + b.looks,
    reads: a.reads + b.reads,
  }),
  { days: 0, leaks: 0, rules: 0, looks: 0, reads: 0 },
);
for (const [family, { days, leaks, rules }] of [...tally, ['all', all] as const])
  print(`${family.padEnd(18)} ${days} days, ${leaks} false notices of leaks, ${rules} notices of rules`);
if (runs > 0)
  print(`looks ${(all.looks / all.days).toFixed(2)} and reads ${(all.reads / all.days).toFixed(0)} a day`);
if (runs > 0) print(`${((cpuSeconds() * 1000) / all.days).toFixed(0)} ms of CPU a service-day`);

await power('1 MB/h', 24 * MIB, 30, undefined, leakCounts[0]);
await power('4 MB/day, undisturbed', 4 * MIB, 60, false, leakCounts[1]);
await power('4 MB/day, deploys each 3 to 7 days', 4 * MIB, 60, true, leakCounts[2]);
print(`${cpuSeconds().toFixed(0)} s of CPU in all`);

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

async function power(
  name: string,
  leakPerDay: number,
  days: number,
  deploys: boolean | undefined,
  count = leakCounts.at(-1)!,
) {
  const found: number[] = [];
  if (count === 0) return;
  for (let i = 0; i < count; i++) {
    const family = FAMILIES[i % FAMILIES.length]!;
    const options = { seed: seed * 100_000 + 50_000 + i, days, start: START, leakPerDay, family, ...role };
    const service = madeService(deploys === undefined ? options : { ...options, deploys });
    const { leakNotices } = await alarmRun(service, true);
    found.push(leakNotices[0] ?? Number.POSITIVE_INFINITY);
  }
  found.sort((a, b) => a - b);
  const at = (share: number) => found[Math.min(count - 1, Math.floor(share * count))]?.toFixed(1) ?? '-';
  const within = (some: number) => found.filter((day) => day <= some).length;
  print(
    `${name.padEnd(36)} ${within(5)} of ${count} in 5 days, ${within(20)} in 20, ${within(days)} in ${days},` +
      ` median ${at(0.5)}, nine tenths ${at(0.9)}`,
  );
}

function text({ leakNotices }: AlarmRun): string {
  return leakNotices.map((day) => (day * DAY_MS >= 0 ? day.toFixed(1) : '')).join(', ');
}
