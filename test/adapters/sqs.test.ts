import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqsQueue } from '../../lib/adapters/sqs-queue.ts';
import { queueContract } from '../contracts/queue.contract.ts';
import { testClient } from '../support/aws/engines.ts';
import { type SqsEngine, startSqs } from '../support/aws/sqs-engine.ts';
import { handClock } from './stores.ts';

const clock = handClock();
const requests: string[] = [];
let engine: SqsEngine;
let queues = 0;
beforeAll(async () => {
  engine = await startSqs(clock);
});
afterAll(() => engine.close());

const openFresh = () => {
  queues += 1;
  const named = engine.queue(`queue-${queues}`, 3);
  return () =>
    sqsQueue({ client: testClient('sqs', engine.url, (operation) => requests.push(operation)), ...named });
};

queueContract('sqs, engine of the tests', async () => {
  const open = openFresh();
  return {
    queue: open(),
    other: openFresh()(),
    advance: clock.advance,
    reopen: async () => open(),
    close: async () => undefined,
    tellsAge: false,
  };
});

describe('sqsQueue', () => {
  it('sends and receives ten to a call, fewer when they are long', async () => {
    const queue = openFresh()();
    requests.length = 0;
    await queue.send(Array.from({ length: 25 }, (_, at) => `m${at}`));
    expect(requests).toEqual(Array(3).fill('SendMessageBatch'));
    requests.length = 0;
    expect(await queue.receive({ max: 25, visibilityMs: 1000 })).toHaveLength(25);
    expect(requests).toEqual(Array(3).fill('ReceiveMessage'));
    requests.length = 0;
    await queue.send(['a', 'b', 'c'].map((char) => char.repeat(100_000)));
    expect(requests).toEqual(Array(2).fill('SendMessageBatch'));
  });
  it('rounds times up to seconds', async () => {
    const queue = openFresh()();
    await queue.send(['late'], { delayMs: 1 });
    expect(await queue.receive({ max: 1, visibilityMs: 1 })).toEqual([]);
    clock.advance(1000);
    expect(await queue.receive({ max: 1, visibilityMs: 1 })).toHaveLength(1);
    clock.advance(999);
    expect(await queue.receive({ max: 1, visibilityMs: 1 })).toEqual([]);
  });
  it('a queue that is not there is Fault("unavailable")', async () => {
    const url = `${engine.url}/000000000000/none`;
    const queue = sqsQueue({ client: testClient('sqs', engine.url), url, deadUrl: url });
    await expect(queue.send(['a'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('QueueDoesNotExist'),
    });
  });
});
