import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { seeded } from '../adapters/forgetful-fs.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { type ChildServer, freePort, startChild } from './child-server.ts';
import { brokenPromises, countsByNumber, type Numbered, numbered } from './numbered.ts';

const SENDERS = 6;
/** Answers to wait for before a kill, at most; and how long after the last start one may come that waits for none. */
const ANSWERS_MAX = 80;
const ANY_TIME_MS = 600;

/** Senders that know nothing of the server but its address and its answers. */
function startLoad(url: string, onTaken: () => void) {
  const taken = new Set<number>();
  let next = 1;
  let done = false;
  /** Undefined: no answer came. */
  const post = async ({ path, body }: Numbered): Promise<number | undefined> => {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  };
  const sender = async () => {
    while (!done) {
      const upload = numbered(next++, Date.now());
      // As SDKs do: the same bytes again, until somebody answers. Every third is given up instead.
      for (;;) {
        const status = await post(upload);
        if (status !== undefined && status >= 200 && status < 300) {
          taken.add(upload.number);
          onTaken();
          break;
        }
        if (done || upload.number % 3 === 0) break;
        await setTimeout(20);
      }
    }
  };
  const senders = Array.from({ length: SENDERS }, sender);
  return {
    taken,
    sent: () => next - 1,
    async stop() {
      done = true;
      await Promise.all(senders);
    },
  };
}

type Get = (path: string) => Promise<never>;
const reader =
  ({ url }: ChildServer): Get =>
  async (path) =>
    (await fetch(`${url}/api/v1${path}`)).json() as never;

/** Waits for the uploads and not for the queue, in which what the dead held stays for a minute: it was sent again. */
async function drained(get: Get): Promise<Record<string, number>> {
  for (;;) {
    const { balance } = (await get('/uploads')) as { balance: Record<string, number> };
    if (balance.pending === 0) return balance;
    await setTimeout(100);
  }
}

export interface Kills {
  readonly kills: number;
  readonly seed: number;
  /** Share of kills that come at any time; the others follow a 2xx at once: what was promised a moment ago can be lost. */
  readonly anyTime: number;
}

/**
 * Kills a server with SIGKILL under load, again and again, on one folder; then holds what it counts against what the
 * senders were promised. The senders' own list is the oracle: no upload that was answered with 2xx is lost, none counts twice.
 * @returns how many uploads were promised
 */
export async function killUnderLoad({ kills, seed, anyTime }: Kills): Promise<number> {
  const random = seeded(seed);
  const folder = await temporaryFolder();
  const port = await freePort();
  // Each life compiles what the first one left when it ended as it should: a killed one leaves nothing.
  const env = { NODE_COMPILE_CACHE: join(folder.path, 'compiled') };
  const dataDir = join(folder.path, 'data');
  let server = await startChild({ dataDir, port, env });
  await server.end('SIGTERM');
  server = await startChild({ dataDir, port, env });
  let untilKill = 0;
  let kill: () => void = () => undefined;
  const load = startLoad(server.url, () => {
    untilKill -= 1;
    if (untilKill === 0) kill();
  });
  try {
    for (let life = 0; life < kills; life += 1) {
      const killed = new Promise<void>((resolve) => {
        kill = resolve;
      });
      untilKill = 1 + Math.floor(random() * ANSWERS_MAX);
      if (random() < anyTime) await setTimeout(random() * ANY_TIME_MS);
      else await killed;
      await server.end('SIGKILL');
      server = await startChild({ dataDir, port, env });
    }
    await load.stop();
    const get = reader(server);
    const balance = await drained(get);
    const counts = await countsByNumber(get);
    expect(load.taken.size).toBeGreaterThan(kills);
    expect(brokenPromises(load.taken, counts)).toEqual({ lost: [], twice: [] });
    expect([...counts.keys()].every((number) => number >= 1 && number <= load.sent())).toBe(true);
    const all = counts.size;
    expect(balance).toMatchObject({ received: all, done: all, rejected: 0, poison: 0, pending: 0 });
    return load.taken.size;
  } finally {
    await load.stop().catch(() => undefined);
    await server.end('SIGKILL');
    await folder.remove();
  }
}
