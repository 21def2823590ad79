import { sqsQueue } from '../../../lib/adapters/sqs-queue.ts';
import { openAws } from '../../../lib/compose/aws.ts';
import type { JobContext } from '../../../lib/jobs/context.ts';
import type { Queue, QueueMessage } from '../../../lib/ports/queue.ts';
import { ensureProject } from '../../../lib/records/api-keys.ts';
import type { Engines } from './cloud.ts';
import { testClient } from './engines.ts';
import { toResponse, toUrlEvent } from './function-url.ts';
import { makeKey, withKey } from './keys.ts';
import { answer, bodyOf, type Listening, listen } from './listen.ts';
import { type LambdaFunction, startLambda } from './runtime-api.ts';
import type { Assembly, Resource, Template } from './synth.ts';

// The bundles that `cdk synth` made, deployed as far as a test can: each in an environment of its own with the variables of
// the template, called as its trigger would call it, on real queues. Only the addresses of the stores are others.

export interface Deployed {
  readonly clock: Engines['clock'];
  readonly context: JobContext;
  send(path: string, init?: RequestInit): Promise<Response>;
  api(path: string, init?: RequestInit): Promise<Response>;
  /** Calls a function as nobody's trigger does. */
  call(entry: string, event: unknown): Promise<unknown>;
  get<T>(path: string): Promise<T>;
  /** Hands one batch of events to analyze, as SQS's mapping would. Returns how many there were. */
  analyzeOnce(max?: number): Promise<number>;
  settle(): Promise<void>;
  /** A tick of a schedule, and the work that follows from it. */
  tick(name: string): Promise<void>;
  scan(): Promise<void>;
  /** What the notify function sent to its webhook. */
  readonly messages: readonly unknown[];
  readonly lambdas: ReadonlyMap<string, LambdaFunction>;
  /** The variables that a function gets. */
  environment(entry: string): Readonly<Record<string, string>>;
  /** Where a browser finds the api function. */
  serveApi(): Promise<Listening>;
  close(): Promise<void>;
}

const MASTER_SECRET = Buffer.alloc(32, 7).toString('base64');

/** SSM, as far as it is asked. */
const startSsm = (parameters: Readonly<Record<string, string>>): Promise<Listening> =>
  listen(async (request, response) => {
    const { Names } = JSON.parse((await bodyOf(request)).toString()) as { Names: string[] };
    const Parameters = Names.flatMap((Name) =>
      parameters[Name] === undefined ? [] : [{ Name, Type: 'SecureString', Value: parameters[Name] }],
    );
    answer(response, 200, JSON.stringify({ Parameters, InvalidParameters: [] }));
  });

/** Deploys onto stores that may hold something already. */
export async function deploy(assembly: Assembly, engines: Engines): Promise<Deployed> {
  const { clock, env } = engines;
  const messages: unknown[] = [];
  const hook = await listen(async (request, response) => {
    messages.push(JSON.parse((await bodyOf(request)).toString()));
    answer(response, 204);
  });
  const ssm = await startSsm({
    '/tidemark/master-secret': MASTER_SECRET,
    '/tidemark/webhook-url': hook.url,
    '/tidemark/webhook-secret': `whsec_${MASTER_SECRET}`,
  });
  const { context, tasks, stores } = openAws(env, clock);
  await stores.ensureTable();
  await ensureProject(context.records, 'default');
  await makeKey(context.records).catch(() => undefined); // it is there after an upgrade
  const lambdas = new Map<string, LambdaFunction>();
  const environment = (entry: string) => ({
    ...variablesOf(assembly.lambda(entry)),
    ...env,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    ...(engines.anyAccessKey ? { AWS_ACCESS_KEY_ID: entry } : {}),
  });
  const lambda = async (entry: string) => {
    const known = lambdas.get(entry);
    if (known !== undefined) return known;
    const resource = assembly.lambda(entry);
    const started = await startLambda({
      bundle: assembly.bundle(entry),
      environment: environment(entry),
      timeoutMs: resource.Properties.Timeout * 1000,
    });
    lambdas.set(entry, started);
    return started;
  };
  const call = async (entry: string, event: unknown) =>
    (await lambda(entry)).invoke(event, { now: clock.now() });
  const overUrl = async (entry: string, request: Request) =>
    toResponse(await call(entry, await toUrlEvent(request)));

  const uploads = queueOf(env, 'UPLOADS');
  const deliver = async (entry: string, queue: Queue, max: number) => {
    const visibilityMs = assembly.lambda(entry).Properties.Timeout * 6000;
    const messages = await queue.receive({ max, visibilityMs });
    if (messages.length === 0) return 0;
    const failed = await call(entry, toSqsEvent(messages)).then(
      (outcome) => failuresIn(outcome),
      () => messages.map(({ id }) => id), // the whole batch comes again
    );
    const again = new Set(failed);
    await queue.ack(messages.filter(({ id }) => !again.has(id)).map(({ receipt }) => receipt));
    await queue.release(messages.filter(({ id }) => again.has(id)).map(({ receipt }) => receipt));
    return messages.length;
  };
  const api = (path: string, init?: RequestInit) =>
    overUrl(
      'api',
      new Request(`https://api.test/api/v1${path}`, { ...init, headers: { ...withKey, ...init?.headers } }),
    );
  const tick = async (name: string) => {
    await call('schedule', { tick: name });
    while ((await deliver('work', tasks, batchSize(assembly.service, 1))) > 0);
  };
  return {
    clock,
    context,
    lambdas,
    environment,
    messages,
    send: (path, init) => {
      const headers = new Headers(init?.headers);
      headers.set('x-api-key', withKey.authorization.replace('Bearer ', ''));
      return overUrl('ingest', new Request(`https://ingest.test${path}`, { ...init, headers }));
    },
    api,
    call,
    async get(path) {
      const response = await api(path);
      if (!response.ok)
        throw new Error(
          `GET ${path}: ${response.status} ${await response.text()} ${lambdas.get('api')?.log.at(-1)}`,
        );
      return (await response.json()) as never;
    },
    analyzeOnce: (max = batchSize(assembly.service, 500)) => deliver('analyze', uploads, max),
    async settle() {
      await engines.arrived();
      while ((await deliver('analyze', uploads, batchSize(assembly.service, 500))) > 0);
    },
    tick,
    scan: () => tick('scan'),
    serveApi: () =>
      listen(async (request, response) => {
        const { url = '/', method = 'GET', headers } = request;
        const body = await bodyOf(request);
        const got = await overUrl(
          'api',
          new Request(new URL(url, `http://${headers.host}`), {
            method,
            headers: headers as Record<string, string>,
            ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
          }),
        );
        const cookies = got.headers.getSetCookie();
        response.writeHead(got.status, {
          ...Object.fromEntries(got.headers),
          ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
        });
        response.end(Buffer.from(await got.arrayBuffer()));
      }),
    async close() {
      await Promise.all([...lambdas.values(), ssm, hook].map((one) => one.close()));
    },
  };
}

/** Values that CloudFormation would fill in are left out: they are addresses, which `environment` has. */
function variablesOf({ Properties }: Resource): Record<string, string> {
  const variables = Properties.Environment.Variables as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** The mapping's own batch size: 1 for tasks. */
function batchSize({ Resources }: Template, wanted: number): number {
  const sizes = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping')
    .map(({ Properties }) => Properties.BatchSize as number);
  if (!sizes.includes(wanted)) throw new Error(`No mapping has batches of ${wanted}: ${sizes.join(', ')}`);
  return wanted;
}

const queueOf = (env: Readonly<Record<string, string>>, name: string) =>
  sqsQueue({
    client: testClient('sqs', env.AWS_ENDPOINT_URL_SQS ?? ''),
    url: env[`TIDEMARK_${name}_URL`] ?? '',
    deadUrl: env[`TIDEMARK_${name}_DEAD_URL`] ?? '',
  });

const toSqsEvent = (messages: readonly QueueMessage[]) => ({
  Records: messages.map(({ id, receipt, body, receiveCount }) => ({
    messageId: id,
    receiptHandle: receipt,
    body,
    attributes: { ApproximateReceiveCount: String(receiveCount) },
    messageAttributes: {},
    eventSource: 'aws:sqs',
  })),
});

const failuresIn = (outcome: unknown) =>
  (outcome as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
    ({ itemIdentifier }) => itemIdentifier,
  );
