import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { temporaryFolder } from '../../test/adapters/stores.ts';
import { type ChildServer, startChild } from '../../test/server/child-server.ts';

// The embedded server as a process of its own, and what the kernel counts of it.

export interface MeasuredServer {
  readonly url: string;
  /** Milliseconds until it said that it listens. */
  readonly startedMs: number;
  rssMb(): number;
  /** CPU of all its threads since it began, user and system. */
  cpuMs(): number;
  get(path: string): Promise<Response>;
  post(path: string, contentType: string, body: Uint8Array): Promise<Response>;
  /** Uploads of the last hour that are not analysed yet. */
  pending(): Promise<number>;
  /** Waits until there are none. */
  drained(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Of /proc/PID/stat: Linux counts in hundredths of a second whatever its own clock does. */
const TICK_MS = 10;
const POLL_MS = 200;
const DRAIN_MAX_MS = 300_000;

/** @param path of its data and of what Node has compiled, kept afterwards; default: a folder of its own */
export async function startMeasured(path?: string): Promise<MeasuredServer> {
  const folder = path === undefined ? await temporaryFolder() : { path, remove: async () => undefined };
  const began = performance.now();
  // As bin/run.js starts it.
  const env = {
    NODE_COMPILE_CACHE: join(folder.path, 'compiled'),
    NODE_OPTIONS: '--max-semi-space-size=4',
  };
  const child = await startChild({ dataDir: join(folder.path, 'data'), env });
  const startedMs = performance.now() - began;
  const get = (path: string) => fetch(`${child.url}${path}`);
  const pending = async () => {
    const response = await get('/api/v1/uploads');
    return ((await response.json()) as { balance: { pending: number } }).balance.pending;
  };
  return {
    url: child.url,
    startedMs,
    rssMb: () => rssMb(child),
    cpuMs: () => cpuMs(child),
    get,
    post: (path, contentType, body) =>
      fetch(`${child.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: body as Uint8Array<ArrayBuffer>,
      }),
    pending,
    async drained() {
      const deadline = performance.now() + DRAIN_MAX_MS;
      while ((await pending()) > 0 && performance.now() < deadline) await setTimeout(POLL_MS);
    },
    async stop(signal = 'SIGKILL') {
      await child.end(signal);
      await folder.remove();
    },
  };
}

function rssMb({ process: { pid } }: ChildServer): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kib) * 1024) / 1e6;
}

function cpuMs({ process: { pid } }: ChildServer): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: state is the third field, utime the 14th, stime the 15th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Starts `work` at `rate` a second for `seconds`; resolves when all of it is done. */
export async function atRate(rate: number, seconds: number, work: (n: number) => Promise<void>) {
  const inFlight = new Set<Promise<void>>();
  const began = performance.now();
  for (let n = 0; n < rate * seconds; ) {
    const due = ((performance.now() - began) / 1000) * rate;
    for (; n < Math.min(due, rate * seconds) && inFlight.size < IN_FLIGHT_MAX; n += 1) {
      const one: Promise<void> = work(n).finally(() => inFlight.delete(one));
      inFlight.add(one);
    }
    await setTimeout(STEP_MS);
  }
  await Promise.all(inFlight);
  return { seconds: (performance.now() - began) / 1000 };
}
const IN_FLIGHT_MAX = 500;
const STEP_MS = 5;

export const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN;

export function must(holds: boolean, what: string) {
  console.log(`  ${holds ? 'kept' : 'NOT KEPT'}: ${what}`);
  if (!holds) process.exitCode = 1;
}
