import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause, startProgram } from '../../bench/leaks/live/program.ts';
import { prepareThreeSdks, toolsFolder } from '../../bench/leaks/live/tools.ts';
import { randomOf } from '../../lib/cli/demo/random.ts';
import type { ApiFinding, ApiService } from '../../lib/http/schemas.ts';
import { type ChildServer, ROOT, startChild } from '../server/child-server.ts';

// One Go program with the stock SDKs of OpenTelemetry (memory), Sentry (transactions) and Pyroscope (heaps), each under a
// name of its own, as a team has it that took them one by one.

const KEPT = 64 * 1024;
const PER_SECOND = 20;
const WINDOW_MS = 4000;
const SCAN_INTERVAL_S = 10;
const ALL_HEARD_MS = 60_000;
const TOLD_MS = 240_000;

let server: ChildServer;
let dataDir: string;
let binary: string;

const get = async <T>(path: string): Promise<readonly T[]> => {
  const response = await fetch(`${server.url}/api/v1${path}`, { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: T[] }).items;
};

/** Asks again and again until the answer will do; the last answer where it never does. */
async function until<T>(ask: () => Promise<T>, isEnough: (answer: T) => boolean, ms: number): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (isEnough(answer) || Date.now() > end) return answer;
    await pause(2000);
  }
}

/** A key as an operator makes it, for a server that listens on `host`. */
function createDsn(host: string): string {
  const main = join(ROOT, 'lib', 'cli', 'main.ts');
  const args = [main, 'keys', 'create', '--project', 'default', '--json', '--data', dataDir];
  const { dsn } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as { dsn: string };
  const url = new URL(dsn);
  url.host = host;
  return url.href;
}

/** Visits two routes, at rates that are drawn anew every few seconds, each for itself. */
function visit(port: number): () => void {
  const random = randomOf(7);
  const rates = new Map([
    ['cart', 0],
    ['other', 0],
  ]);
  const draw = () => {
    for (const route of rates.keys()) rates.set(route, 2 * PER_SECOND * random.next());
  };
  draw();
  const timers = [
    setInterval(draw, WINDOW_MS),
    setInterval(() => {
      for (const [route, rate] of rates)
        if (random.next() < rate / 100)
          fetch(`http://127.0.0.1:${port}/${route}`).then(
            (answer) => answer.arrayBuffer(),
            () => undefined,
          );
    }, 10),
  ];
  return () => timers.forEach(clearInterval);
}

beforeAll(async () => {
  binary = prepareThreeSdks(toolsFolder());
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-three-sdks-'));
  server = await startChild({ dataDir, env: { TIDEMARK_SCAN_INTERVAL_S: String(SCAN_INTERVAL_S) } });
}, 300_000);

afterAll(async () => {
  await server.end('SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

describe('memory by OpenTelemetry, transactions by Sentry, heaps by Pyroscope', () => {
  it(
    'are one service after an alias for each name, whose route and line are told in one sentence',
    async () => {
      const { host } = new URL(server.url);
      const pod = { POD_NAME: 'depot-7f', POD_NAMESPACE: 'web' };
      const env = {
        ...pod,
        OTEL_RESOURCE_ATTRIBUTES: `k8s.pod.name=${pod.POD_NAME},k8s.namespace.name=${pod.POD_NAMESPACE}`,
        SENTRY_DSN: createDsn(host),
        SENTRY_ENVIRONMENT: 'production',
        PYROSCOPE_APPLICATION_NAME: 'depot-go',
        PYROSCOPE_SERVER_ADDRESS: server.url,
      };
      const shop = await startProgram({ file: binary, args: [], env }, 'depot', server.url);
      const stop = visit(shop.port);
      try {
        const services = () => get<ApiService>('/services');
        const heard = await until(services, ({ length }) => length === 3, ALL_HEARD_MS);
        const names = heard.map(({ service }) => service);
        expect(names).toHaveLength(3);
        expect(names).toContain('depot');
        for (const from of names.filter((name) => name !== 'depot')) {
          const headers = { 'content-type': 'application/json' };
          const body = JSON.stringify({ from, to: 'depot' });
          const answer = await fetch(`${server.url}/api/v1/aliases`, { method: 'PUT', headers, body });
          expect(answer.status).toBe(200);
        }
        const [finding] = await until(
          () => get<ApiFinding>('/findings?kind=leak'),
          ([first]) => (first?.evidence.explained?.lines.length ?? 0) > 0 && first!.suspects.length > 0,
          TOLD_MS,
        );
        const [suspect] = finding!.suspects;
        expect(suspect?.units.map(({ name }) => name)).toEqual(['GET /cart']);
        expect(Math.abs(suspect!.bytesPerUnit!.value / KEPT - 1)).toBeLessThanOrEqual(0.15);
        expect(finding!.summary.replaceAll(/\s/g, ' ')).toMatch(
          /every `GET \/cart` keeps .* Allocated at main\.keep \(.*main\.go:\d+\)/,
        );
        const one = (await services()).map(({ service, signals }) => [service, signals.toSorted()]);
        expect(one).toEqual([['depot', ['memory', 'profiles', 'traces']]]);
      } finally {
        stop();
        await shop.stop();
      }
    },
    ALL_HEARD_MS + TOLD_MS + 60_000,
  );
});
