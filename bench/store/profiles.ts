// Profiles (72 kB, 34 kB packed) through the embedded server: CPU of the whole process from the socket to what a reader
// sees, the time to the 2xx, and from the 2xx to the answer of a query.
//
// Pyroscope 2.0.6 took 6.6–7.6 ms CPU for each of such profiles, and acknowledged after 500 ms, on a machine where
// google/pprof takes 2.8 ms CPU for one of 1,000 that it merges (bench/flame/merge.ts). That merge is run here too, before
// and after each of ROUNDS parts, because hosts lend a machine more and less by the minute; both CPU times are told: as
// measured, and by that yardstick, the median of the parts. Needs Go; without it only the first.
//
// Run: node bench/store/profiles.ts [profiles/s = 67] [seconds = 75] [instances = 1000]. Exit code 1 when a limit is not kept.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from '../flame/generate.ts';
import { atRate, type MeasuredServer, must, quantile, startMeasured } from './measured-server.ts';

// 1,000 instances that upload each 15 s, as Pyroscope's agents do.
const [rate = 67, seconds = 75, instances = 1000] = process.argv.slice(2).map(Number);
const DISTINCT = 300;
const PYROSCOPE_MS = [6.6, 7.6] as const;
/** google/pprof on the machine of Pyroscope's figures, ms CPU for each profile of 1,000. */
const YARDSTICK_MS = 2.8;
const PERIOD_MS = 10_000;
const WARM_S = 10;
const ROUNDS = 5;
const IDLE_MS = 5000;
const PROBES = 30;
const PROBE_EVERY_MS = 1000;
const PROBE_POLL_MS = 20;
const PROBE_MAX_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'profiles-bench-'));

const run = promisify(execFile);

/** google/pprof, built; undefined without Go. */
async function builtPeer(): Promise<string | undefined> {
  const peer = join(folder, 'peer');
  const cwd = fileURLToPath(new URL('../flame/google-pprof', import.meta.url));
  return run('go', ['build', '-o', peer, '.'], { cwd }).then(
    () => peer,
    () => undefined,
  );
}

/**
 * CPU ms that google/pprof takes for each profile. Not by spawnSync: while this process stands still the server closes
 * its idle connections, and the next upload is lost on one of them.
 */
async function yardstick(peer: string | undefined, files: readonly string[]): Promise<number> {
  if (peer === undefined) return Number.NaN;
  const script = `TIMEFORMAT='%U %S'; time "$@" >/dev/null`;
  const times: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const command = ['-c', script, 'bash', peer, join(folder, 'merged.pb.gz'), ...files];
    const { stderr } = await run('bash', command);
    const parts = stderr.trim().split(' ');
    times.push(parts.reduce((sum, text) => sum + Number(text), 0));
  }
  return (1000 * quantile(times, 0.5)) / files.length;
}

const placeOf = (service: string, n: number) => {
  const until = Date.now();
  const query = { service, instance: `pod-${n % instances}`, from: until - PERIOD_MS, until };
  const text = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `/v1/profiles?${text.join('&')}&n=${n}`;
};

async function sendAll(server: MeasuredServer, bodies: readonly Uint8Array[], forSeconds: number) {
  const waits: number[] = [];
  let refused = 0;
  await atRate(rate, forSeconds, async (n) => {
    const at = performance.now();
    const response = await server.post(
      placeOf('shop', n),
      'application/octet-stream',
      bodies[n % bodies.length]!,
    );
    await response.arrayBuffer();
    if (response.ok) waits.push(performance.now() - at);
    else refused += 1;
  });
  return { waits, refused };
}

/** A profile of a service of its own, asked for until it is in the graph. Returns ms from its 2xx until then. */
async function probe(server: MeasuredServer, body: Uint8Array, n: number): Promise<number> {
  const service = `probe-${n}`;
  const response = await server.post(placeOf(service, n), 'application/octet-stream', body);
  await response.arrayBuffer();
  const at = performance.now();
  while (performance.now() - at < PROBE_MAX_MS) {
    const answer = await server.get(`/api/v1/services/${service}/flamegraph?type=cpu`);
    const graph = (await answer.json()) as { profiles?: number };
    if (answer.ok && graph.profiles === 1) return performance.now() - at;
    await setTimeout(PROBE_POLL_MS);
  }
  return Number.NaN;
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const spread = (values: readonly number[]) =>
  `p50 ${ms(quantile(values, 0.5))}, p99 ${ms(quantile(values, 0.99))}`;

let server: MeasuredServer | undefined;
try {
  const { raw, packed } = generate(join(folder, 'in'), DISTINCT, 1);
  const files = readdirSync(join(folder, 'in')).map((name) => join(folder, 'in', name));
  const bodies = files.map((file) => new Uint8Array(readFileSync(file)));
  console.log(
    `profiles of ${(raw / DISTINCT / 1000).toFixed(0)} kB, ${(packed / DISTINCT / 1000).toFixed(0)} kB packed, ` +
      `${rate}/s from ${instances} instances`,
  );
  const peer = await builtPeer();
  server = await startMeasured();
  await sendAll(server, bodies, WARM_S);
  await server.drained();
  const idleFrom = server.cpuMs();
  await setTimeout(IDLE_MS);
  const idle = (server.cpuMs() - idleFrom) / IDLE_MS;

  const waits: number[] = [];
  let refused = 0;
  const parts: { cpu: number; yard: number }[] = [];
  let before = await yardstick(peer, files);
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = server.cpuMs();
    const part = await sendAll(server, bodies, seconds / ROUNDS);
    await server.drained();
    const cpu = (server.cpuMs() - from) / part.waits.length;
    const after = await yardstick(peer, files);
    parts.push({ cpu, yard: (before + after) / 2 });
    before = after;
    waits.push(...part.waits);
    refused += part.refused;
  }
  const each = (of: (part: (typeof parts)[number]) => number) => parts.map(of);
  const cpu = quantile(
    each((part) => part.cpu),
    0.5,
  );
  console.log(
    `${waits.length} taken in ${seconds} s, ${refused} refused; RSS ${server.rssMb().toFixed(0)} MB`,
  );
  console.log(
    `CPU, accepted to queryable: ${ms(cpu)} a profile (idle takes ${(100 * idle).toFixed(1)} % of a core)`,
  );
  const [least, most] = PYROSCOPE_MS;
  const share = (value: number) => `${(value / most).toFixed(2)}–${(value / least).toFixed(2)}`;
  console.log(`  beside Pyroscope's ${least}–${most} ms as measured: ${share(cpu)}`);
  if (peer !== undefined) {
    const there = each((part) => (part.cpu / part.yard) * YARDSTICK_MS);
    const byYardstick = quantile(there, 0.5);
    console.log(
      `  google/pprof takes ${each(({ yard }) => yard)
        .map(ms)
        .join(
          ', ',
        )} around the parts, ${ms(YARDSTICK_MS)} there; the parts come to ${there.map(ms).join(', ')}`,
    );
    must(
      byYardstick <= least / 2,
      `by that yardstick ${ms(byYardstick)}: ${share(byYardstick)} of Pyroscope's, ½ at most`,
    );
  }
  console.log(`2xx after ${spread(waits)} (Pyroscope: 500 ms)`);

  const visible: Promise<number>[] = [];
  const { profiles } = await (async (running: MeasuredServer) => {
    const load = sendAll(running, bodies, (PROBES * PROBE_EVERY_MS) / 1000);
    for (let n = 0; n < PROBES; n += 1) {
      visible.push(probe(running, bodies[n % bodies.length]!, n));
      await setTimeout(PROBE_EVERY_MS);
    }
    await load;
    await running.drained();
    const answer = await running.get('/api/v1/services/shop/flamegraph?type=cpu');
    return (await answer.json()) as { profiles: number };
  })(server);
  console.log(
    `visible ${spread(await Promise.all(visible))} after the 2xx, at the same load (${PROBES} asked)`,
  );
  const sent = rate * (WARM_S + seconds + (PROBES * PROBE_EVERY_MS) / 1000);
  must(profiles === sent - refused, `every profile is in the graph: ${profiles} of ${sent}`);
} finally {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
