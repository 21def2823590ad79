import { sqsQueue } from '../../../lib/adapters/sqs-queue.ts';
import { openAws } from '../../../lib/compose/aws.ts';
import { openAwsIngest } from '../../../lib/compose/aws-ingest.ts';
import type { AuthContext } from '../../../lib/http/auth.ts';
import { ingestApp } from '../../../lib/http/ingest-app.ts';
import { DEFAULT_LIMITS } from '../../../lib/http/limits.ts';
import { uploadsReader } from '../../../lib/jobs/answers/uploads.ts';
import { objectCreated } from '../../../lib/jobs/events.ts';
import { HOUR_MS } from '../../../lib/model/units.ts';
import { pumpOnce } from '../../../lib/server/pump.ts';
import type { OpenDirect } from '../../contracts/direct-upload.contract.ts';
import { type TestClock, testClock } from '../product.ts';
import { freshTable, startDynamo, testClient } from './engines.ts';
import { makeKey, revokeKey, withKey } from './keys.ts';
import { type Seen, type StoreProxy, startProxy } from './proxy.ts';
import { type S3Engine, startS3, TEST_CREDENTIALS, TEST_REGION } from './s3-engine.ts';
import { type SqsEngine, startSqs } from './sqs-engine.ts';

export interface Engines {
  readonly clock: TestClock;
  /** Whether the stores take any access key with the right secret: then each function has its own, and can be told apart. */
  readonly anyAccessKey: boolean;
  /** Resolves when every upload that was stored has its event in the queue: stores send them after their answer. */
  arrived(): Promise<void>;
  /** In front of the stores. */
  readonly proxies: Readonly<Record<Seen['service'], StoreProxy>>;
  /** The environment that functions and servers get. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface TestEngines extends Engines {
  readonly s3: S3Engine;
  readonly sqs: SqsEngine;
}

export const MASTER_SECRET = Buffer.alloc(32, 7).toString('base64');
/** Of the stack's queue for uploads. */
const UPLOAD_RECEIVES = 50;

/** dynalite, and the engines of the tests for S3 and SQS, wired as the data stack wires the real ones. */
export async function startEngines(at: number): Promise<TestEngines> {
  const clock = testClock(at);
  const [dynamodb, s3, sqs] = await Promise.all([startDynamo(), startS3(), startSqs(clock)]);
  await freshTable(dynamodb.url, 'tidemark');
  const proxies = await startProxies({ s3: s3.url, dynamodb: dynamodb.url, sqs: sqs.url });
  const uploads = sqs.queue('uploads', UPLOAD_RECEIVES);
  const tasks = sqs.queue('tasks', 5);
  const queue = sqsQueue({ client: testClient('sqs', sqs.url), ...uploads });
  // The bucket's notifications.
  const events = countedEvents(proxies, (key, size) => queue.send([objectCreated('tidemark', key, size)]));
  s3.onCreated = events.onCreated;
  return {
    clock,
    s3,
    sqs,
    anyAccessKey: true,
    arrived: events.arrived,
    proxies,
    env: environment(proxies, { uploads, tasks }),
    async close() {
      for (const one of [...Object.values(proxies), dynamodb, s3, sqs]) await one.close();
    },
  };
}

const ARRIVE_MAX_MS = 60_000;
const isUpload = (key: string) => /^(raw|direct)\//.test(key);

/** The bucket's notifications, as the data stack sets them, and whether all that are due have been sent. */
export function countedEvents(
  { s3 }: Engines['proxies'],
  send: (key: string, size: number) => Promise<void>,
): { onCreated(key: string, size: number): Promise<void>; arrived(): Promise<void> } {
  let sent = 0;
  const due = () =>
    s3.seen.filter(
      ({ action, resource, status }) => action === 's3:PutObject' && status === 200 && isUpload(resource),
    ).length;
  return {
    async onCreated(key, size) {
      if (!isUpload(key)) return;
      await send(key, size);
      sent += 1;
    },
    async arrived() {
      const deadline = performance.now() + ARRIVE_MAX_MS;
      while (sent < due()) {
        if (performance.now() > deadline) throw new Error(`Of ${due()} events ${sent} came`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

export async function startProxies(urls: Record<Seen['service'], string>): Promise<Engines['proxies']> {
  const [s3, dynamodb, sqs] = await Promise.all([
    startProxy('s3', urls.s3),
    startProxy('dynamodb', urls.dynamodb),
    startProxy('sqs', urls.sqs),
  ]);
  return { s3, dynamodb, sqs };
}

type Queues = Record<'uploads' | 'tasks', { readonly url: string; readonly deadUrl: string }>;

/** Queues are named by URL, and reached at the endpoint. */
export const environment = (proxies: Engines['proxies'], { uploads, tasks }: Queues) => ({
  AWS_REGION: TEST_REGION,
  AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
  AWS_ENDPOINT_URL_S3: proxies.s3.url,
  AWS_ENDPOINT_URL_DYNAMODB: proxies.dynamodb.url,
  AWS_ENDPOINT_URL_SQS: proxies.sqs.url,
  TIDEMARK_BUCKET: 'tidemark',
  TIDEMARK_TABLE: 'tidemark',
  TIDEMARK_UPLOADS_URL: uploads.url,
  TIDEMARK_UPLOADS_DEAD_URL: uploads.deadUrl,
  TIDEMARK_TASKS_URL: tasks.url,
  TIDEMARK_TASKS_DEAD_URL: tasks.deadUrl,
});

/** The cloud's wiring in this process, for the contract of direct uploads. */
export async function openDirectOn(engines: Engines): Promise<OpenDirect> {
  const { env, clock } = engines;
  const aws = openAws(env, clock);
  const { context } = aws;
  const { unpackers, ...opened } = openAwsIngest(env, clock);
  const auth: AuthContext = {
    records: opened.records,
    clock,
    masterSecret: new Uint8Array(Buffer.from(MASTER_SECRET, 'base64')),
    open: () => false,
    target: () => '',
  };
  const ingest = ingestApp({
    ...opened,
    ...unpackers,
    auth,
    limits: DEFAULT_LIMITS,
    direct: { signer: opened.signer },
    ready: () => Promise.resolve(),
  });
  await makeKey(context.records);
  const never = new AbortController().signal;
  return {
    now: () => clock.now(),

    post: async (path, body) =>
      ingest.request(path, {
        method: 'POST',
        headers: { ...withKey, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    put: ({ url, headers }, body) => fetch(url, { method: 'PUT', headers, body }),
    async settle() {
      await engines.arrived();
      // What is adopted sends events of its own.
      while ((await pumpOnce(context, never, 0)) > 0) await engines.arrived();
      await context.rejections.flush();
    },
    uploads: () => uploadsReader(context).read('default', clock.now() - HOUR_MS, clock.now()),
    async revokeKey() {
      await revokeKey(context.records);
    },
    close: engines.close,
  };
}
