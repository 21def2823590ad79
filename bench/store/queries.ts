// Flame graphs of a day over 1,000 and 10,000 profiles (72 kB each), asked of the embedded server over HTTP. Pyroscope 2.0.6
// took 135–196 ms and 0.55–1.1 s, warm, on a machine on which google/pprof merges a profile in 2.8 ms CPU; what it takes
// here is told by bench/store/profiles.ts and bench/flame/merge.ts.
//
// Every upload has a state of its own, folded from one of 100 distinct profiles, and lies where the analysis would put it:
// committed by partition, merged, its hours rolled up. First: the server has just started; warm: asked again.
//
// Run: node bench/store/queries.ts [repeats = 15]. Exit code 1 when a total is wrong or Pyroscope is not beaten.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../lib/compose/config.ts';
import { openLocal } from '../../lib/compose/local.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { commitUploads, compactGrown } from '../../lib/jobs/commit-uploads.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { digest, hexOf, uploadId } from '../../lib/model/ids.ts';
import { PARTITION_MS } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { generate } from '../flame/generate.ts';
import { must, quantile, startMeasured } from './measured-server.ts';

const [repeats = 15] = process.argv.slice(2).map(Number);
const DISTINCT = 100;
const PARTITIONS = DAY_MS / PARTITION_MS;
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const START = NOW - DAY_MS - 2 * HOUR_MS;
const BATCH = 50;
/** Of Pyroscope, the slower of its figures. */
const SIZES = [
  { uploads: 1000, peerMs: 196 },
  { uploads: 10_000, peerMs: 1100 },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'queries-bench-'));
generate(join(folder, 'in'), DISTINCT, 1);
const profiles = readdirSync(join(folder, 'in')).map((name) =>
  decodeProfile(new Uint8Array(readFileSync(join(folder, 'in', name)))),
);
const totals = profiles.map(({ samples }) => {
  let sum = 0n;
  for (const value of samples.values.at(-1)!) sum += BigInt(value);
  return sum;
});

async function fill(uploads: number): Promise<bigint> {
  const clock = { now: () => NOW };
  const local = await openLocal(readConfig({}, { dataDir: join(folder, 'data') }), clock);
  const service = serviceName({ name: `of-${uploads}` });
  let sent = 0n;
  for (let p = 0; p < PARTITIONS; p += 1) {
    const partition = { project: 'default', service, start: START + p * PARTITION_MS, generation: 0 };
    const numbers: number[] = [];
    for (let n = p; n < uploads; n += PARTITIONS) numbers.push(n);
    for (let from = 0; from < numbers.length; from += BATCH) {
      const additions = await Promise.all(
        numbers.slice(from, from + BATCH).map(async (n) => {
          const id = uploadId(hexOf(await digest(service, String(n))).slice(0, 32));
          const origin = { upload: id, version: '', instance: `pod-${n % 20}`, lifeStart: null };
          sent += totals[n % DISTINCT]!;
          const flame = flameOf(profiles[n % DISTINCT]!, {
            ...origin,
            time: partition.start,
            scrub: (text) => text,
          });
          return { uploadId: id, parts: [{ partition, sections: { flame } }] };
        }),
      );
      await commitUploads(local.context, additions, NOW);
    }
    await compactGrown(local.context, [partition]);
  }
  while ((await rollUp(local.context)).built > 0);
  await local.close();
  return sent;
}

interface Asked {
  readonly ms: number;
  readonly profiles: number;
  readonly total: string;
}

try {
  const expected = new Map<number, bigint>();
  for (const { uploads } of SIZES) expected.set(uploads, await fill(uploads));
  const server = await startMeasured(folder);
  try {
    for (const { uploads, peerMs } of SIZES) {
      const path = `/api/v1/services/of-${uploads}/flamegraph?type=cpu&from=${START}&to=${START + DAY_MS}`;
      const ask = async (): Promise<Asked> => {
        const began = performance.now();
        const answer = await (await server.get(path)).json();
        return { ...(answer as Omit<Asked, 'ms'>), ms: performance.now() - began };
      };
      const first = await ask();
      const warm: number[] = [];
      const cpuBefore = server.cpuMs();
      for (let i = 0; i < repeats; i += 1) warm.push((await ask()).ms);
      const cpu = (server.cpuMs() - cpuBefore) / repeats;
      const median = quantile(warm, 0.5);
      console.log(
        `${uploads} profiles: first ${first.ms.toFixed(0)} ms, warm p50 ${median.toFixed(0)} ms, p99 ` +
          `${quantile(warm, 0.99).toFixed(0)} ms, ${cpu.toFixed(0)} ms CPU`,
      );
      const isRight = first.profiles === uploads && String(first.total) === String(expected.get(uploads));
      must(isRight, `every profile and nanosecond: ${first.profiles}, ${first.total} ns`);
      must(median <= peerMs, `warm at most Pyroscope's ${peerMs} ms`);
    }
  } finally {
    await server.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
