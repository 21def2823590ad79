// The embedded server as a process of its own, under load from this one on the same cores: start to first upload, memory
// idle and under load, time to the 2xx, and how far the analysis is behind.
//
// Run: node bench/store/server.ts [uploads/s = 300] [seconds = 120] [instances = 1000]. Exit code 1 when a limit is not kept.
// `highest` in place of a rate looks for the highest that is held: in short runs that climb until uploads are refused or
// delayed, or the analysis lags; then for `seconds`, with a tenth less each time until one holds. Every run begins with no data.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { temporaryFolder } from '../../test/adapters/stores.ts';
import { metricsBody } from '../ingest/bodies.ts';
import { atRate, type MeasuredServer, must, quantile, startMeasured } from './measured-server.ts';

const [asked = '300', ...others] = process.argv.slice(2);
const [seconds = 120, instances = 1000] = others.map(Number);
const HIGHEST = 'highest';
const IDLE_MB_MAX = 120;
const LAG_S_MAX = 30;
/** Of the highest rate that is held. */
const RATE_MIN = 300;
const IDLE_MS = 10_000;
const REPORT_S = 20;

/** Short runs of the search, and how they climb. */
const CLIMB_S = 20;
const CLIMB_FROM = 300;
const CLIMBS_BY = [1.5, 1.1];

let waits: number[] = [];
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

interface Run {
  readonly held: number;
  readonly refused: number;
  /** From the last answer until all is analysed. */
  readonly lagS: number;
}

/** Sends at a rate, waits for the analysis, and says what came of it. */
async function runAt(server: MeasuredServer, rate: number, forSeconds: number): Promise<Run> {
  [waits, refused] = [[], 0];
  let highest = 0;
  const cpuBefore = server.cpuMs();
  const began = performance.now();
  let nextReport = 0;
  const taken = await atRate(rate, forSeconds, async (n) => {
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
  const lagS = (performance.now() - drainBegan) / 1000;
  const cpu = (server.cpuMs() - cpuBefore) / waits.length;
  console.log(
    `${held.toFixed(0)} of ${rate} uploads/s taken for ${taken.seconds.toFixed(0)} s from ${instances} instances, ${refused} refused; ` +
      `2xx after p50 ${quantile(waits, 0.5).toFixed(0)} ms, p99 ${quantile(waits, 0.99).toFixed(0)} ms`,
  );
  console.log(
    `${behind} behind at the end, analysed ${lagS.toFixed(1)} s later; ${cpu.toFixed(2)} ms CPU an upload; RSS at most ${highest.toFixed(0)} MB`,
  );
  return { held, refused, lagS };
}

const isTaken = ({ held, refused }: Run, rate: number) => refused === 0 && held >= 0.95 * rate;

async function startAndHold(folder: string, rate: number): Promise<void> {
  let server = await startMeasured(folder);
  try {
    await idleOf(server, 'first');
    await server.stop('SIGTERM');
    server = await startMeasured(folder);
    must((await idleOf(server, 'second')) <= IDLE_MB_MAX, `idle at most ${IDLE_MB_MAX} MB`);
    const run = await runAt(server, rate, seconds);
    await setTimeout(IDLE_MS);
    console.log(`RSS ${server.rssMb().toFixed(0)} MB ${IDLE_MS / 1000} s after the load`);
    must(isTaken(run, rate), `${rate}/s held: ${run.held.toFixed(0)}/s, ${run.refused} refused`);
    must(run.lagS <= LAG_S_MAX, `analysed within ${LAG_S_MAX} s of the end: ${run.lagS.toFixed(1)} s`);
  } finally {
    await server.stop();
  }
}

/** Whether a server without data holds a rate. A short run may lag by its share of LAG_S_MAX. */
async function holds(folder: string, rate: number, forSeconds: number): Promise<boolean> {
  await rm(join(folder, 'data'), { recursive: true, force: true });
  const server = await startMeasured(folder);
  try {
    const run = await runAt(server, rate, forSeconds);
    const isHeld = isTaken(run, rate) && run.lagS <= (LAG_S_MAX * forSeconds) / seconds;
    console.log(`  ${rate}/s for ${forSeconds} s: ${isHeld ? 'held' : 'not held'}`);
    return isHeld;
  } finally {
    await server.stop();
  }
}

async function highestHeld(folder: string): Promise<number> {
  let rate = CLIMB_FROM;
  for (const by of CLIMBS_BY) {
    for (let next = rate * by; await holds(folder, Math.round(next), Math.min(CLIMB_S, seconds)); next *= by)
      rate = next;
  }
  for (rate = Math.round(rate); rate >= 1; rate = Math.floor(rate * 0.9))
    if (await holds(folder, rate, seconds)) return rate;
  return 0;
}

const folder = await temporaryFolder();
try {
  if (asked === HIGHEST) {
    const rate = await highestHeld(folder.path);
    console.log(`Highest rate held for ${seconds} s with a lag of at most ${LAG_S_MAX} s: ${rate} uploads/s`);
    must(rate >= RATE_MIN, `at least ${RATE_MIN}/s`);
  } else await startAndHold(folder.path, Number(asked));
} finally {
  await folder.remove();
}
