// What a day of scans reads of one cohort of many instances, on stores in memory that count:
//   node bench/leaks/reads.ts [--instances 1000] [--hours 24]
// Every five minutes each instance sends one reading, all of them are committed at once, and the scan job looks.
import { parseArgs } from 'node:util';
import type { JobContext } from '../../lib/jobs/context.ts';
import { scanService } from '../../lib/jobs/scan.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { commit } from '../../lib/segments/commit.ts';
import { factKey, levelKey } from '../../lib/segments/kinds/instance.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { world } from '../../test/jobs/world.ts';
import { normal, random } from '../../test/leaks/draw.ts';
import { PARTITION } from '../../test/segments/one-partition.ts';
import { idOf } from '../../test/segments/states.ts';

const { values } = parseArgs({
  options: { instances: { type: 'string', default: '1000' }, hours: { type: 'string', default: '24' } },
});
const instances = Number(values.instances);
const scans = Number(values.hours) * 12;
const EVERY_MS = 5 * MINUTE_MS;

const { context, clock, objects } = await world();
const noise = normal(random(1));
const start = partitionStart(clock.time);
const { project, service } = PARTITION;
const counted = { segments: 0, bytes: 0, heads: 0, looks: 0 };

// The task has caches of its own: what it knows it has read.
const store = {
  ...context,
  objects: {
    ...objects,
    get: async (key: string) => {
      const body = await objects.get(key);
      counted.segments += 1;
      counted.bytes += body?.length ?? 0;
      return body;
    },
  },
  heads: {
    ...context.heads,
    range: async (query: Parameters<typeof context.heads.range>[0]) => {
      const found = await context.heads.range(query);
      counted.heads += found.length;
      return found;
    },
  },
};
const task: JobContext = { ...context, reader: segmentReader(store, segmentCache(store.objects)) };

const began = process.cpuUsage();
for (let n = 0; n < scans; n += 1) {
  const at = start + n * EVERY_MS;
  clock.time = at + MINUTE_MS;
  const partition = { ...PARTITION, start: partitionStart(at) };
  await commit(context, context.cache, partition, [
    { uploadId: idOf(n), sections: { instance: readings(at) } },
  ]);
  counted.looks += Number((await scanService(task, project, service)).length > 0);
}
const { user, system } = process.cpuUsage(began);
const days = (scans * EVERY_MS) / (24 * HOUR_MS);
const perDay = (count: number) => (count / days).toFixed(0);
process.stdout.write(
  `${instances} instances of one cohort, ${scans} scans, a day: ${perDay(counted.segments)} segments read` +
    ` (${(counted.bytes / days / MIB).toFixed(1)} MiB) of ${perDay(scans)} committed, ${perDay(counted.heads)} heads listed,` +
    ` ${perDay(counted.looks)} looks; ${((user + system) / 1e6).toFixed(0)} s of CPU, commits included\n`,
);

function readings(at: number) {
  const one = (n: number) => {
    const seen = { first: at, last: at };
    const facts = new Map([
      [factKey('pid', `${n}`), seen],
      [factKey('version', '1'), seen],
    ]);
    const level = { times: [at], values: [Math.round((300 + 5 * noise()) * MIB)], conflict: false };
    const levels = new Map([[levelKey('rss', 'made.memory', ''), level]]);
    return { facts, levels, counts: new Map(), work: new Map() };
  };
  const all = Array.from({ length: instances }, (_, n) => [`pod-${n}`, one(n)] as const);
  return { instances: new Map(all), unused: new Map() };
}
