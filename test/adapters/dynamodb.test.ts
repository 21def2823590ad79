import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoRecordStore } from '../../lib/adapters/dynamodb-record-store.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';
import { freshTable, startDynamo, testClient } from '../support/aws/engines.ts';
import { answer, bodyOf, type Listening, listen } from '../support/aws/listen.ts';
import { handClock } from './stores.ts';

let engine: Listening;
let tables = 0;
beforeAll(async () => {
  engine = await startDynamo();
});
afterAll(() => engine.close());

const openFresh = async () => {
  tables += 1;
  const table = `table-${tables}`;
  await freshTable(engine.url, table);
  return table;
};

recordStoreContract('dynamodb, dynalite', async () => {
  const table = await openFresh();
  const clock = handClock();
  const open = () => dynamoRecordStore({ client: testClient('dynamodb', engine.url), table, clock });
  return {
    store: open(),
    advance: clock.advance,
    now: clock.now,
    reopen: async () => open(),
    close: async () => undefined,
  };
});

describe('dynamoRecordStore', () => {
  /** In front of the engine: hands a request on or not, and answers or not, as `next` says; then as it should. */
  let proxy: Listening;
  let next: ('drop the answer' | 'throttle' | 'fail')[] = [];
  beforeAll(async () => {
    proxy = await listen(async (request, response) => {
      const body = await bodyOf(request);
      const fault = next.shift();
      const type = { 'content-type': 'application/x-amz-json-1.0' };
      if (fault === 'throttle') {
        const __type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
        return answer(response, 400, JSON.stringify({ __type }), type);
      }
      if (fault === 'fail') return answer(response, 500, '{"__type":"x#InternalServerError"}', type);
      const {
        host: _,
        'content-length': __,
        connection: ___,
        ...headers
      } = request.headers as Record<string, string>;
      const answered = await fetch(engine.url, { method: 'POST', headers, body: new Uint8Array(body) });
      const bytes = new Uint8Array(await answered.arrayBuffer());
      if (fault === 'drop the answer') response.destroy();
      else answer(response, answered.status, bytes, type);
    });
  });
  afterAll(() => proxy.close());
  const open = async () => {
    const clock = handClock();
    return dynamoRecordStore({ client: testClient('dynamodb', proxy.url), table: await openFresh(), clock });
  };
  const record = { pk: 'p', sk: 's', body: { n: 1 } };

  it('a conditional write whose answer was lost is a success when it is tried again', async () => {
    const store = await open();
    next = ['drop the answer'];
    const first = await store.put(record, { ifAbsent: true });
    expect(first.outcome).toBe('stored');
    const version = first.outcome === 'stored' ? first.version : -1;
    next = ['drop the answer'];
    const second = await store.put({ ...record, body: 2 }, { ifVersion: version });
    expect(second).toEqual({ outcome: 'stored', version: version + 1 });
    expect(await store.get('p', 's')).toMatchObject({ body: 2, version: version + 1 });
  });
  it('a write that lost while its first try had no answer is a conflict', async () => {
    const store = await open();
    await store.put(record);
    next = ['fail'];
    expect(await store.put({ ...record, body: 2 }, { ifAbsent: true })).toEqual({ outcome: 'conflict' });
  });
  it('waits while the table throttles, and gives up as unavailable', async () => {
    const store = await open();
    next = ['throttle', 'fail', 'throttle'];
    expect((await store.put(record)).outcome).toBe('stored');
    next = Array(4).fill('throttle');
    await expect(store.get('p', 's')).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
    expect((await store.get('p', 's'))?.body).toEqual({ n: 1 });
  });
  it('a table that is not there is Fault("unavailable") with its name for the operation', async () => {
    const store = dynamoRecordStore({
      client: testClient('dynamodb', engine.url),
      table: 'none',
      clock: handClock(),
    });
    await expect(store.get('p', 's')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Cannot GetItem at dynamodb: ResourceNotFoundException'),
    });
  });
  it('a version is not used again after the record was deleted and made again', async () => {
    const store = await open();
    const first = await store.put(record, { ifAbsent: true });
    await store.delete('p', 's');
    const second = await store.put(record, { ifAbsent: true });
    expect(first).not.toEqual(second);
    expect(await store.put(record, { ifVersion: first.outcome === 'stored' ? first.version : -1 })).toEqual({
      outcome: 'conflict',
    });
  });
  it('keeps the expiry in whole seconds for the engine, rounded up, and in milliseconds for readers', async () => {
    const table = await openFresh();
    const clock = handClock();
    const client = testClient('dynamodb', engine.url);
    const store = dynamoRecordStore({ client, table, clock });
    await store.put({ ...record, expiresAt: clock.now() + 1500 });
    const { jsonCall } = await import('../../lib/adapters/aws-client.ts');
    const key = { TableName: table, Key: { pk: { S: 'p' }, sk: { S: 's' } } };
    const raw = await jsonCall<{ Item: unknown }>(client, 'DynamoDB_20120810.GetItem', key);
    expect(raw.ok && raw.value.Item).toMatchObject({
      ttl: { N: String(clock.now() / 1000 + 2) },
      expiresAt: { N: String(clock.now() + 1500) },
    });
  });
});
