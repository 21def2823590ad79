// The embedded server as a process of its own, under load from this one on the same cores: start to first upload, memory
// idle and under load, time to the 2xx, and how far the analysis is behind.
//
// Run: node bench/store/server.ts [uploads/s = 300] [seconds = 120] [instances = 1000]. Exit code 1 when a limit is not kept.
import { setTimeout } from 'node:timers/promises';
import { temporaryFolder } from '../../test/adapters/stores.ts';
import { metricsBody } from '../ingest/bodies.ts';
import { atRate, type MeasuredServer, must, quantile, startMeasured } from './measured-server.ts';

const [rate = 300, seconds = 120, instances = 1000] = process.argv.slice(2).map(Number);
const IDLE_MB_MAX = 120;
const LAG_S_MAX = 30;
const IDLE_MS = 10_000;
const REPORT_S = 20;

const waits: number[] = [];
let refused = 0;
async function post(server: MeasuredServer, n: number): Promise<void> {
  const timeMs = Date.now();
  const body = metricsBody({
    service: 'shop',
    instance: `pod-${n % instances}`,
    routes: 4,
    startMs: timeMs - 60_000,
    timeMs,
    count: n + 1,
  });
  const at = performance.now();
  const response = await server.post('/v1/metrics', 'application/x-protobuf', body).catch(() => undefined);
  await response?.arrayBuffer();
  if (response?.status === 200) waits.push(performance.now() - at);
  else refused += 1;
}

/** Starts it, sends one upload, waits. Returns its memory, MB. */
async function idleOf(server: MeasuredServer, which: string): Promise<number> {
  const began = performance.now();
  await post(server, 0);
  const first = server.startedMs + performance.now() - began;
  await setTimeout(IDLE_MS);
  const idle = server.rssMb();
  console.log(
    `${which} start: listens after ${server.startedMs.toFixed(0)} ms, first 2xx after ${first.toFixed(0)} ms, idle at ${idle.toFixed(0)} MB`,
  );
  return idle;
}

const folder = await temporaryFolder();
let server = await startMeasured(folder.path);
try {
  await idleOf(server, 'first');
  await server.stop('SIGTERM');
  server = await startMeasured(folder.path);
  must((await idleOf(server, 'second')) <= IDLE_MB_MAX, `idle at most ${IDLE_MB_MAX} MB`);

  waits.length = 0;
  let highest = 0;
  const cpuBefore = server.cpuMs();
  const began = performance.now();
  let nextReport = 0;
  const taken = await atRate(rate, seconds, async (n) => {
    await post(server, n + 1);
    const elapsed = (performance.now() - began) / 1000;
    highest = Math.max(highest, server.rssMb());
    if (elapsed < nextReport) return;
    nextReport += REPORT_S;
    console.log(`  ${elapsed.toFixed(0).padStart(4)} s: ${n + 1} sent, RSS ${server.rssMb().toFixed(0)} MB`);
  });
  const held = waits.length / taken.seconds;
  const behind = await server.pending();
  const drainBegan = performance.now();
  await server.drained();
  const lag = (performance.now() - drainBegan) / 1000;
  const cpu = (server.cpuMs() - cpuBefore) / waits.length;
  console.log(
    `${held.toFixed(0)} uploads/s taken for ${taken.seconds.toFixed(0)} s from ${instances} instances, ${refused} refused; ` +
      `2xx after p50 ${quantile(waits, 0.5).toFixed(0)} ms, p99 ${quantile(waits, 0.99).toFixed(0)} ms`,
  );
  console.log(
    `${behind} behind at the end, analysed ${lag.toFixed(1)} s later; ${cpu.toFixed(2)} ms CPU an upload; RSS at most ${highest.toFixed(0)} MB`,
  );
  await setTimeout(IDLE_MS);
  console.log(`RSS ${server.rssMb().toFixed(0)} MB ${IDLE_MS / 1000} s after the load`);
  must(held >= 0.95 * rate, `${rate}/s held: ${held.toFixed(0)}/s`);
  must(lag <= LAG_S_MAX, `analysed within ${LAG_S_MAX} s of the end: ${lag.toFixed(1)} s`);
} finally {
  await server.stop();
  await folder.remove();
}
