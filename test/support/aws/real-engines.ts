import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonCall } from '../../../lib/adapters/aws-client.ts';
import { sqsQueue } from '../../../lib/adapters/sqs-queue.ts';
import { objectCreated } from '../../../lib/jobs/events.ts';
import { testClock } from '../product.ts';
import { countedEvents, type Engines, environment, startProxies } from './cloud.ts';
import { freshTable, testClient } from './engines.ts';
import { answer, bodyOf, listen } from './listen.ts';

// versitygw, Amazon's DynamoDB Local and ElasticMQ, as docs/operations/own-hardware/start.sh starts them.

const START = fileURLToPath(new URL('../../../docs/operations/own-hardware/start.sh', import.meta.url));

export interface RealEngines {
  readonly urls: Readonly<Record<'s3' | 'dynamodb' | 'sqs', string>>;
  /** Told of every object that is stored. */
  onCreated: (bucket: string, key: string, size: number) => Promise<void>;
  makeBucket(name: string): void;
  /** Makes a queue and its dead letters. */
  makeQueue(name: string, maxReceives: number): Promise<{ readonly url: string; readonly deadUrl: string }>;
  close(): Promise<void>;
}

export async function startRealEngines(): Promise<RealEngines> {
  const data = await mkdtemp(join(tmpdir(), 'tidemark-engines-'));
  const state: Pick<RealEngines, 'onCreated'> = { onCreated: () => Promise.resolve() };
  // versitygw asks whether the webhook is there before it begins, and tells of each PUT in the form of S3's events, but
  // with the key as it is where S3 encodes it.
  const hook = await listen(async (request, response) => {
    const told = JSON.parse((await bodyOf(request)).toString() || '{}') as S3Event;
    for (const { s3 } of told.Records ?? [])
      await state.onCreated(s3.bucket.name, s3.object.key, s3.object.size ?? 0);
    answer(response, 200);
  });
  const [s3, dynamodb, sqs] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(START, ['engines'], {
    env: {
      ...process.env,
      TIDEMARK_DATA: data,
      TIDEMARK_S3_PORT: String(s3),
      TIDEMARK_DYNAMODB_PORT: String(dynamodb),
      TIDEMARK_SQS_PORT: String(sqs),
      TIDEMARK_S3_EVENTS_URL: hook.url,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await ready(child, data);
  const urls = {
    s3: `http://127.0.0.1:${s3}`,
    dynamodb: `http://127.0.0.1:${dynamodb}`,
    sqs: `http://127.0.0.1:${sqs}`,
  };
  const client = testClient('sqs', urls.sqs);
  const makeOne = async (QueueName: string, Attributes: object) => {
    const made = await jsonCall<{ QueueUrl: string }>(client, 'AmazonSQS.CreateQueue', {
      QueueName,
      Attributes,
    });
    if (!made.ok) throw new Error(`CreateQueue ${QueueName}: ${made.code} ${made.message}`);
    return `${urls.sqs}/000000000000/${QueueName}`;
  };
  return Object.assign(state, {
    urls,
    makeBucket: (name: string) => mkdirSync(join(data, 'engines', 's3', name), { recursive: true }),
    async makeQueue(name: string, maxReceives: number) {
      const deadUrl = await makeOne(`${name}-dead`, {});
      const deadLetterTargetArn = `arn:aws:sqs:elasticmq:000000000000:${name}-dead`;
      const policy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: String(maxReceives) });
      return { deadUrl, url: await makeOne(name, { RedrivePolicy: policy }) };
    },
    async close() {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      await hook.close();
      await rm(data, { recursive: true, force: true });
    },
  });
}

interface S3Event {
  readonly Records?: readonly {
    readonly s3: {
      readonly bucket: { readonly name: string };
      readonly object: { readonly key: string; readonly size?: number };
    };
  }[];
}

async function ready(child: ChildProcess, data: string): Promise<void> {
  const said = await new Promise<string>((resolve) => {
    child.stdout?.setEncoding('utf8').once('data', resolve);
    child.once('close', (code) => resolve(`ended with ${code}`));
  });
  if (said.trim() === 'ready') return;
  const logs = ['s3', 'dynamodb', 'sqs'].map((name) =>
    readFile(join(data, 'engines', `${name}.log`), 'utf8').catch(() => ''),
  );
  throw new Error(`The engines did not start: ${said}\n${(await Promise.all(logs)).join('\n').slice(-3000)}`);
}

export const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

let deployments = 0;

/** Wired as the data stack wires the real ones: a bucket, a table and queues that nobody has used. */
export async function freshOn(real: RealEngines, at: number): Promise<Engines> {
  deployments += 1;
  const name = `tidemark-${deployments}`;
  real.makeBucket(name);
  await freshTable(real.urls.dynamodb, name);
  const uploads = await real.makeQueue(`uploads${deployments}`, 50);
  const tasks = await real.makeQueue(`tasks${deployments}`, 5);
  const queue = sqsQueue({ client: testClient('sqs', real.urls.sqs), ...uploads });
  const proxies = await startProxies(real.urls);
  const events = countedEvents(proxies, (key, size) => queue.send([objectCreated(name, key, size)]));
  const before = real.onCreated;
  real.onCreated = (bucket, key, size) =>
    bucket === name ? events.onCreated(key, size) : before(bucket, key, size);
  return {
    clock: testClock(at),
    anyAccessKey: false,
    arrived: events.arrived,
    proxies,
    env: { ...environment(proxies, { uploads, tasks }), TIDEMARK_BUCKET: name, TIDEMARK_TABLE: name },
    async close() {
      for (const proxy of Object.values(proxies)) await proxy.close();
    },
  };
}
