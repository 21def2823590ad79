// The embedded server as a process of its own, under load from this one on the same cores: start to first upload, memory
// idle and under load, time to the 2xx, and how far the analysis is behind.
//
// Run: node bench/store/server.ts [uploads/s = 300] [seconds = 120] [instances = 1000]. Exit code 1 when a limit is not kept.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { temporaryFolder } from '../../test/adapters/stores.ts';
import { startChild } from '../../test/server/child-server.ts';
import { metricsBody } from '../ingest/bodies.ts';

const [rate = 300, seconds = 120, instances = 1000] = process.argv.slice(2).map(Number);
const IDLE_MIB_MAX = 120;
const LAG_S_MAX = 30;
const IDLE_MS = 10_000;

const folder = await temporaryFolder();
const began = performance.now();
const server = await startChild({ dataDir: folder.path });
const listened = performance.now() - began;

const rssMib = () => {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
};
let sent = 0;
let refused = 0;
const waits: number[] = [];
async function post(): Promise<void> {
  const n = sent;
  sent += 1;
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
  const response = await fetch(`${server.url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: body as Uint8Array<ArrayBuffer>,
  }).catch(() => undefined);
  await response?.arrayBuffer();
  if (response?.status === 200) waits.push(performance.now() - at);
  else refused += 1;
}
const pending = async (): Promise<number> => {
  const response = await fetch(`${server.url}/api/v1/uploads`);
  const { balance } = (await response.json()) as { balance: { pending: number } };
  return balance.pending;
};
const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN;
function must(holds: boolean, what: string) {
  console.log(`  ${holds ? 'kept' : 'NOT KEPT'}: ${what}`);
  if (!holds) process.exitCode = 1;
}

try {
  await post();
  console.log(
    `start to listening ${listened.toFixed(0)} ms, to the first 2xx ${(performance.now() - began).toFixed(0)} ms`,
  );
  await setTimeout(IDLE_MS);
  const idle = rssMib();
  must(idle <= IDLE_MIB_MAX, `idle at most ${IDLE_MIB_MAX} MiB: ${idle.toFixed(0)}`);
  let highest = 0;
  const loadBegan = performance.now();
  const inFlight = new Set<Promise<void>>();
  let nextReport = 0;
  for (;;) {
    const elapsed = (performance.now() - loadBegan) / 1000;
    if (elapsed >= seconds) break;
    while (sent < elapsed * rate && inFlight.size < 500) {
      const one: Promise<void> = post().finally(() => inFlight.delete(one));
      inFlight.add(one);
    }
    highest = Math.max(highest, rssMib());
    if (elapsed >= nextReport) {
      nextReport += 10;
      console.log(
        `  ${elapsed.toFixed(0).padStart(4)} s: ${(sent / Math.max(1, elapsed)).toFixed(0)}/s sent, RSS ${rssMib().toFixed(0)} MiB`,
      );
    }
    await setTimeout(5);
  }
  await Promise.all(inFlight);
  const held = waits.length / ((performance.now() - loadBegan) / 1000);
  const drainBegan = performance.now();
  const behind = await pending();
  while ((await pending()) > 0 && performance.now() - drainBegan < 300_000) await setTimeout(200);
  const lag = (performance.now() - drainBegan) / 1000;
  console.log(
    `${held.toFixed(0)} uploads/s taken for ${seconds} s from ${instances} instances, ${refused} refused; 2xx after p50 ` +
      `${quantile(waits, 0.5).toFixed(0)} ms, p99 ${quantile(waits, 0.99).toFixed(0)} ms`,
  );
  console.log(
    `${behind} uploads behind at the end, analysed ${lag.toFixed(1)} s later; RSS at most ${highest.toFixed(0)} MiB`,
  );
  await setTimeout(IDLE_MS);
  console.log(`RSS ${rssMib().toFixed(0)} MiB ${IDLE_MS / 1000} s after the load`);
  must(held >= 0.95 * rate, `${rate}/s held: ${held.toFixed(0)}/s`);
  must(lag <= LAG_S_MAX, `analysed within ${LAG_S_MAX} s of the end: ${lag.toFixed(1)} s`);
} finally {
  await server.end('SIGKILL');
  await folder.remove();
}
