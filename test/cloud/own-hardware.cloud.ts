// docs/operations/own-hardware/start.sh as it stands there: engines and server as processes, keys by the command line,
// uploads through the door, and everything there again after a restart.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsAt } from '../contracts/direct-upload.contract.ts';
import { freePort } from '../support/aws/real-engines.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START = join(root, 'docs/operations/own-hardware/start.sh');
const LONG_MS = 300_000;

let data: string;
let env: NodeJS.ProcessEnv;
let url: string;
let running: ChildProcess | undefined;
let said = '';

async function start(): Promise<void> {
  said = '';
  const child = spawn(START, ['run', '--port', new URL(url).port, '--auth'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (!said.includes('Tidemark listens')) {
    const pause = new Promise((resolve) => setTimeout(resolve, 200));
    if ((await Promise.race([pause, ended.then(() => 'ended')])) === 'ended')
      throw new Error(`start.sh ended: ${said}`);
  }
}

async function stop(): Promise<void> {
  const child = running;
  if (child === undefined) return;
  running = undefined;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

/** A command beside it, with the variables that the page lists. */
async function command(...args: string[]): Promise<unknown> {
  const child = spawn(START, ['command', ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(0);
  return JSON.parse(out);
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidemark-own-'));
  const [s3, dynamodb, sqs, port] = [await freePort(), await freePort(), await freePort(), await freePort()];
  url = `http://127.0.0.1:${port}`;
  env = {
    ...process.env,
    TIDEMARK_DATA: data,
    TIDEMARK_S3_PORT: String(s3),
    TIDEMARK_DYNAMODB_PORT: String(dynamodb),
    TIDEMARK_SQS_PORT: String(sqs),
    TIDEMARK_SCAN_INTERVAL_S: '1',
  };
  await start();
}, LONG_MS);
afterAll(async () => {
  await stop();
  await rm(data, { recursive: true, force: true });
}, LONG_MS);

describe('own hardware', () => {
  let token = '';
  const withKey = () => ({ authorization: `Bearer ${token}` });
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1${path}`, { headers: withKey() });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  };
  const settled = async (done: number) => {
    for (;;) {
      const { balance } = await get<{ balance: { done: number } }>('/uploads');
      if (balance.done >= done) return balance;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  it('refuses no store that it starts', () => {
    expect(said.match(/^ok .*one winner of 40 in 5 of 5 rounds$/gm)).toHaveLength(3);
  });
  it(
    'takes uploads with a key, analyses them, and answers',
    async () => {
      const key = (await command('keys', 'create', '--project', 'default', '--scopes', 'ingest,read')) as {
        token: string;
      };
      token = key.token;
      for (let count = 1; count <= 20; count += 1) {
        const response = await fetch(`${url}/v1/metrics`, {
          method: 'POST',
          headers: { ...withKey(), 'content-type': 'application/json' },
          body: metricsAt(Date.now(), count),
        });
        expect(response.status).toBe(200);
      }
      expect(await settled(20)).toMatchObject({ received: 20, done: 20, rejected: 0, poison: 0, pending: 0 });
      const { items } = await get<{ items: { service: string }[] }>('/services');
      expect(items.map(({ service }) => service)).toEqual(['direct']);
    },
    LONG_MS,
  );
  it(
    'has everything again after a restart',
    async () => {
      await stop();
      await start();
      expect(await settled(20)).toMatchObject({ received: 20, done: 20, pending: 0 });
    },
    LONG_MS,
  );
});
