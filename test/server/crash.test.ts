import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seeded } from '../adapters/forgetful-fs.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { type ChildServer, freePort, startChild } from './child-server.ts';
import { brokenPromises, countsByNumber, type Numbered, numbered } from './numbered.ts';

const KILLS = 20;
const SENDERS = 6;
const SEED = 20;

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

describe('tidemark serve, killed', () => {
  it(`counts every upload it answered with 2xx exactly once after ${KILLS} SIGKILLs under load`, async () => {
    const random = seeded(SEED);
    const folder = await temporaryFolder();
    const port = await freePort();
    let server = await startChild({ dataDir: folder.path, port });
    const { url } = server;
    let untilKill = 0;
    let kill: () => void = () => undefined;
    // The kill follows a 2xx at once: what was promised a moment ago is what a server can lose.
    const load = startLoad(url, () => {
      untilKill -= 1;
      if (untilKill === 0) kill();
    });
    try {
      for (let life = 0; life < KILLS; life += 1) {
        const killed = new Promise<void>((resolve) => {
          kill = resolve;
        });
        untilKill = 1 + Math.floor(random() * 80);
        await killed;
        await server.end('SIGKILL');
        server = await startChild({ dataDir: folder.path, port });
      }
      await load.stop();
      const get = reader(server);
      const balance = await drained(get);
      const counts = await countsByNumber(get);
      expect(load.taken.size).toBeGreaterThan(KILLS);
      expect(brokenPromises(load.taken, counts)).toEqual({ lost: [], twice: [] });
      expect([...counts.keys()].every((number) => number >= 1 && number <= load.sent())).toBe(true);
      expect(balance).toMatchObject({
        received: counts.size,
        done: counts.size,
        rejected: 0,
        poison: 0,
        pending: 0,
      });
    } finally {
      await load.stop().catch(() => undefined);
      await server.end('SIGKILL');
      await folder.remove();
    }
  }, 180_000);
});
