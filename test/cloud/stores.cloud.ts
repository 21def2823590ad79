// The same contracts as in test/adapters, on engines that other people wrote: versitygw, DynamoDB Local, ElasticMQ.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoRecordStore } from '../../lib/adapters/dynamodb-record-store.ts';
import { s3ObjectStore } from '../../lib/adapters/s3-object-store.ts';
import { sqsQueue } from '../../lib/adapters/sqs-queue.ts';
import { checkStores } from '../../lib/jobs/check-stores.ts';
import { handClock } from '../adapters/stores.ts';
import { directUploadContract } from '../contracts/direct-upload.contract.ts';
import { objectStoreContract } from '../contracts/object-store.contract.ts';
import { queueContract } from '../contracts/queue.contract.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';
import { openDirectOn } from '../support/aws/cloud.ts';
import { freshTable, testClient } from '../support/aws/engines.ts';
import { freshOn, type RealEngines, startRealEngines } from '../support/aws/real-engines.ts';

let real: RealEngines;
beforeAll(async () => {
  real = await startRealEngines();
});
afterAll(() => real.close());

let made = 0;
const fresh = (kind: string) => {
  made += 1;
  return `${kind}-${made}`;
};
const nothing = async () => undefined;
const objects = (bucket: string) => s3ObjectStore(testClient('s3', real.urls.s3), bucket);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

objectStoreContract('s3, versitygw', async () => {
  const bucket = fresh('bucket');
  real.makeBucket(bucket);
  return { store: objects(bucket), reopen: async () => objects(bucket), close: nothing };
});

const records = async () => {
  const table = fresh('table');
  await freshTable(real.urls.dynamodb, table);
  const clock = handClock();
  const open = () => dynamoRecordStore({ client: testClient('dynamodb', real.urls.dynamodb), table, clock });
  return {
    store: open(),
    advance: clock.advance,
    now: clock.now,
    reopen: async () => open(),
    close: nothing,
  };
};
recordStoreContract('dynamodb, DynamoDB Local', records);

queueContract(
  'sqs, ElasticMQ',
  async () => {
    const open = (named: Awaited<ReturnType<RealEngines['makeQueue']>>) =>
      sqsQueue({ client: testClient('sqs', real.urls.sqs), ...named });
    const named = await real.makeQueue(fresh('queue'), 3);
    return {
      queue: open(named),
      other: open(await real.makeQueue(fresh('queue'), 3)),
      advance: sleep,
      reopen: async () => open(named),
      close: nothing,
      tellsAge: false,
    };
  },
  { slower: 2 },
);

// Presigned URLs are dated by the machine's clock, so the product's stands there too.
directUploadContract('versitygw', async () => openDirectOn(await freshOn(real, Date.now())));

describe('checkStores', () => {
  it('takes versitygw and DynamoDB Local', async () => {
    const bucket = fresh('bucket');
    real.makeBucket(bucket);
    const { store } = await records();
    const checks = await checkStores({ objects: objects(bucket), records: store }, () => fresh('id'));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});
