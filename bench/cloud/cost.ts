// What an upload costs at list prices, from requests that were counted on this wiring, for three ways to run the door:
//
//   naive      one object, one event per upload; the analyzer takes ten events at a time
//   deployed   one object, one event per upload; the analyzer takes what came in ten seconds, here 200
//   container  the same door in a container: uploads that arrive together share an object and an event, here 100
//
//   node bench/cloud/cost.ts [--uploads 1000] [--json]
//
// Counted: requests and units of S3, DynamoDB and SQS on engines that count as AWS does. Assumed: 35 ms of ingest at 0.5 GiB,
// 2 ms per upload of analyze at 1.73 GiB (`bench/store/operations.ts 4 waits`, at 200 events a batch), and what Lambda's own pollers ask of SQS (a receive and a delete per ten messages).
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { sqsQueue } from '../../lib/adapters/sqs-queue.ts';
import { openAws } from '../../lib/compose/aws.ts';
import { usageAnswer } from '../../lib/jobs/answers/usage.ts';
import { groupingSink } from '../../lib/jobs/raw-sink.ts';
import { receive } from '../../lib/jobs/receive.ts';
import { takeEvents } from '../../lib/jobs/take-events.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { metricsAt } from '../../test/contracts/direct-upload.contract.ts';
import { startEngines } from '../../test/support/aws/cloud.ts';
import { testClient } from '../../test/support/aws/engines.ts';

const INGEST_S = 0.035;
const INGEST_GIB = 0.5;
const ANALYZE_S_PER_UPLOAD = 0.002;
const ANALYZE_GIB = 1769 / 1024;
/** What SQS hands to Lambda in one receive. */
const PER_RECEIVE = 10;

interface Mode {
  readonly name: string;
  readonly perObject: number;
  readonly perBatch: number;
}
const MODES: readonly Mode[] = [
  { name: 'naive', perObject: 1, perBatch: 10 },
  { name: 'deployed', perObject: 1, perBatch: 200 },
  { name: 'container', perObject: 100, perBatch: 10 },
];

const { values } = parseArgs({
  options: { uploads: { type: 'string', default: '1000' }, json: { type: 'boolean' } },
});
const uploads = Number(values.uploads);
const AT = Date.UTC(2026, 10, 14, 12);

async function run({ name, perObject, perBatch }: Mode) {
  const engines = await startEngines(AT);
  const { env, clock } = engines;
  const door = openAws(env, clock);
  const behind = openAws(env, clock);
  await ensureProject(behind.context.records, 'default');
  for (const { stores } of [door, behind]) stores.counts.clear();
  await send(door, perObject, clock);
  door.usage.count('Invoke', perObject === 1 ? uploads : 0);
  door.usage.count('GiBSeconds', perObject === 1 ? uploads * INGEST_S * INGEST_GIB : 0);

  const queue = sqsQueue({
    client: testClient('sqs', env.AWS_ENDPOINT_URL_SQS ?? ''),
    url: env.TIDEMARK_UPLOADS_URL ?? '',
    deadUrl: env.TIDEMARK_UPLOADS_DEAD_URL ?? '',
  });
  for (;;) {
    const messages = await queue.receive({ max: perBatch, visibilityMs: 60_000 });
    if (messages.length === 0) break;
    const failed = await takeEvents(behind.context, messages);
    if (failed.length > 0) throw new Error(`${failed.length} messages failed`);
    await queue.ack(messages.map(({ receipt }) => receipt));
    const calls = Math.ceil(messages.length / PER_RECEIVE);
    behind.usage.count('ReceiveMessage', calls);
    behind.usage.count('DeleteMessageBatch', calls);
    behind.usage.count('Invoke', 1);
    behind.usage.count('GiBSeconds', messages.length * perObject * ANALYZE_S_PER_UPLOAD * ANALYZE_GIB);
    clock.time += 1000;
  }
  // Events are paid for when they are sent, too.
  behind.usage.count('SendMessageBatch', uploads / perObject);
  await door.usage.flush('ingest');
  await behind.usage.flush('analyze');
  const { items, usd } = await usageAnswer(behind.context, AT, clock.now());
  await engines.close();
  const perUpload: Record<string, number> = {};
  for (const { counts } of items)
    for (const [what, count] of Object.entries(counts))
      perUpload[what] = (perUpload[what] ?? 0) + count / uploads;
  return { name, usdPerMillion: (usd / uploads) * 1e6, perUpload };
}

/** One service, instances that each send once. */
async function send(
  { context, stores }: ReturnType<typeof openAws>,
  perObject: number,
  clock: { time: number; now(): number },
) {
  const sink = groupingSink(
    {
      objects: stores.objects,
      clock,
      bucket: '',
      newId: () => randomUUID().replaceAll('-', ''),
      uploads: { send: () => Promise.resolve() }, // the bucket tells the queue
    },
    { groupMs: perObject === 1 ? 0 : 5 },
  );
  for (let sent = 0; sent < uploads; sent += perObject) {
    const group = Array.from({ length: Math.min(perObject, uploads - sent) }, (_, at) => {
      const body = metricsAt(clock.now(), 1_000_000 + sent + at);
      return receive(
        { sink, clock: context.clock },
        {
          project: 'default',
          route: 'otlp-metrics',
          contentType: 'application/json',
          contentEncoding: '',
          sender: 'bench',
          keyId: 'k_bench',
          identity: body,
          naming: '',
          body,
        },
      );
    });
    await Promise.all(group);
    clock.time += 50 * group.length;
  }
  await sink.close();
}

const results = [];
for (const mode of MODES) results.push(await run(mode));
if (values.json) console.log(JSON.stringify({ uploads, results }));
else {
  for (const { name, usdPerMillion, perUpload } of results) {
    const counts = Object.entries(perUpload).map(([what, count]) => `${what} ${count.toFixed(3)}`);
    console.log(
      `${name.padEnd(10)} $${usdPerMillion.toFixed(2)} per million   per upload: ${counts.join(', ')}`,
    );
  }
}
