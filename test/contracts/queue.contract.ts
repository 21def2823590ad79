import { afterEach, describe, expect, it } from 'vitest';
import type { Queue, QueueMessage } from '../../lib/ports/queue.ts';

export interface OpenQueue {
  /** Opened with maxReceives 3. */
  readonly queue: Queue;
  /** Another queue of the same technology, beside it. */
  readonly other: Queue;
  /** Moves the queue's clock, or waits for it. */
  advance(ms: number): void | Promise<void>;
  reopen(): Promise<Queue>;
  close(): Promise<void>;
  /** False: the technology tells the age of its oldest message elsewhere, and depth() says 0. */
  readonly tellsAge?: boolean;
}

export interface QueueContractOptions {
  /** Of engines whose clock is the machine's: every time is longer by this, to leave room for what calls take. */
  readonly slower?: number;
}

const bodies = (messages: readonly QueueMessage[]) => messages.map((message) => message.body).sort();
const receipts = (messages: readonly QueueMessage[]) => messages.map((message) => message.receipt);

/** What every Queue must do. */
export const queueContract = (
  name: string,
  open: () => Promise<OpenQueue>,
  { slower }: QueueContractOptions = {},
) =>
  describe(`Queue contract: ${name}`, slower === undefined ? {} : { retry: 2, timeout: 60_000 }, () => {
    const factor = slower ?? 1;
    const take = (queue: Queue, max = 10) => queue.receive({ max, visibilityMs: 1000 * factor });
    const opened: OpenQueue[] = [];
    const fresh = async () => {
      const one = await open();
      opened.push(one);
      return { ...one, advance: async (ms: number) => one.advance(ms * factor) };
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    it('delivers what was sent, and hides it meanwhile', async () => {
      const { queue, other } = await fresh();
      await queue.send(['a', 'b']);
      await queue.send(['c']);
      await queue.send([]);
      const messages = await take(queue);
      expect(bodies(messages)).toEqual(['a', 'b', 'c']);
      expect(messages.every((message) => message.receiveCount === 1)).toBe(true);
      expect(new Set(messages.map((message) => message.id)).size).toBe(3);
      expect(await take(queue)).toEqual([]);
      expect(await take(other)).toEqual([]);
    });
    it('keeps odd bodies, an empty one and 250 KB', async () => {
      const { queue } = await fresh();
      const sent = ['', '\0', 'ü\u{1f600}\n"', 'x'.repeat(250_000)];
      await queue.send(sent);
      expect(bodies(await take(queue))).toEqual([...sent].sort());
    });
    it('refuses a body over 256 KB, with all of its batch', async () => {
      const { queue } = await fresh();
      await expect(queue.send(['fine', 'x'.repeat(257 * 1024)])).rejects.toMatchObject({ code: 'too-large' });
      expect(await take(queue)).toEqual([]);
    });
    it('receive() gives at most max', async () => {
      const { queue } = await fresh();
      await queue.send(['a', 'b', 'c']);
      expect(await take(queue, 2)).toHaveLength(2);
      expect(await take(queue, 2)).toHaveLength(1);
      expect(await take(queue, 0)).toEqual([]);
    });
    it('ack() ends a message for good', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['a', 'b']);
      const messages = await take(queue);
      await queue.ack(receipts(messages.filter((message) => message.body === 'a')));
      await advance(5000);
      expect(bodies(await take(queue))).toEqual(['b']);
      await queue.ack([]);
      await queue.ack(['no receipt', '', '1', '1.1.1', '999.1']);
    });
    it('delivers again when the visibility ended, with a greater count and another receipt', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['a']);
      const [first] = await take(queue);
      await advance(slower === undefined ? 999 : 800);
      expect(await take(queue)).toEqual([]);
      await advance(slower === undefined ? 2 : 201);
      const [second] = await take(queue);
      expect(second).toMatchObject({ id: first?.id, body: 'a', receiveCount: 2 });
      expect(second?.receipt).not.toBe(first?.receipt);
    });
    // SQS ends a message by its last receipt even when its visibility has ended: what was done is done.
    it.skipIf(slower !== undefined)('a receipt whose visibility ended changes nothing', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['a']);
      const late = receipts(await take(queue));
      await advance(2000);
      await queue.ack(late);
      await queue.release(late, { delayMs: 60_000 });
      const again = await take(queue);
      expect(bodies(again)).toEqual(['a']);
      await queue.ack(late);
      await queue.release(late);
      expect(await take(queue)).toEqual([]);
      await advance(2000);
      expect(bodies(await take(queue))).toEqual(['a']);
    });
    it('release() shows a message again, at once or later, and ends its receipt', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['a']);
      const first = receipts(await take(queue));
      await queue.release(first);
      const second = receipts(await take(queue));
      expect(second).toHaveLength(1);
      await queue.release(second, { delayMs: 1000 * factor });
      // The last receipt of SQS outlives its release.
      await queue.ack(slower === undefined ? [...first, ...second] : first);
      expect(await take(queue)).toEqual([]);
      await advance(1001);
      expect(bodies(await take(queue))).toEqual(['a']);
    });
    it('send() with a delay shows the message later', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['later'], { delayMs: 1000 * factor });
      expect(await take(queue)).toEqual([]);
      await advance(1001);
      expect(bodies(await take(queue))).toEqual(['later']);
    });
    it('moves to the dead letters what was received more than maxReceives times, and redrives it', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['poison']);
      for (let count = 1; count <= 3; count += 1) {
        expect(await take(queue)).toMatchObject([{ receiveCount: count }]);
        await advance(1001);
      }
      await queue.send(['healthy']);
      // Some engines come upon the spent message first, move it, and answer nothing.
      expect(bodies([...(await take(queue, 1)), ...(await take(queue, 1))])).toEqual(['healthy']);
      expect(await take(queue)).toEqual([]);
      const [dead, ...others] = await queue.dead(10);
      expect([dead?.body, others]).toEqual(['poison', []]);
      expect(dead?.receiveCount).toBeGreaterThanOrEqual(3); // where a look counts as a delivery, more
      expect(await queue.depth()).toMatchObject({ dead: 1 });
      expect(await queue.redrive(10)).toBe(1);
      expect(await queue.dead(10)).toEqual([]);
      const [again] = await take(queue);
      expect(again).toMatchObject({ body: 'poison', receiveCount: 1 });
      await queue.ack([again?.receipt ?? '']);
      expect(await queue.redrive(10)).toBe(0);
    });
    it.skipIf(slower !== undefined)(
      'dead() and redrive() take the oldest first and no more than asked for: SQS keeps no order',
      async () => {
        const { queue, advance } = await fresh();
        for (const body of ['1', '2', '3']) {
          await queue.send([body]);
          await advance(10);
        }
        for (let count = 0; count < 4; count += 1) {
          await take(queue);
          await advance(1001);
        }
        expect((await queue.dead(2)).map((message) => message.body)).toEqual(['1', '2']);
        expect(await queue.redrive(2)).toBe(2);
        expect(bodies(await queue.dead(10))).toEqual(['3']);
        expect(bodies(await take(queue))).toEqual(['1', '2']);
      },
    );
    it('an old receipt cannot end a redriven message', async () => {
      const { queue, advance } = await fresh();
      await queue.send(['a']);
      const old = receipts(await take(queue));
      for (let count = 0; count < 3; count += 1) {
        await advance(1001);
        await take(queue);
      }
      await queue.redrive(1);
      expect(await take(queue)).toHaveLength(1);
      await queue.ack(old);
      await advance(1001);
      expect(bodies(await take(queue))).toEqual(['a']);
    });
    it('depth() counts, and tells the age of the oldest', async () => {
      const { queue, advance, tellsAge = true } = await fresh();
      expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0, oldestMs: 0 });
      await queue.send(['a']);
      await advance(300);
      await queue.send(['b', 'c']);
      await take(queue, 1);
      expect(await queue.depth()).toEqual({ visible: 2, inFlight: 1, dead: 0, oldestMs: tellsAge ? 300 : 0 });
    });
    it('40 racing receivers get each message once', async () => {
      const { queue } = await fresh();
      const sent = Array.from({ length: 100 }, (_, at) => `m${at}`);
      await queue.send(sent);
      const received = await Promise.all(Array.from({ length: 40 }, () => take(queue, 4)));
      expect(bodies(received.flat())).toEqual([...sent].sort());
    });
    it('a waiting receive returns soon after a send, and empty when the wait or the signal ends', async () => {
      const { queue } = await fresh();
      const waiting = queue.receive({ max: 10, visibilityMs: 1000, waitMs: 10_000 });
      const startMs = performance.now();
      await queue.send(['a', 'b']);
      expect(bodies(await waiting)).toEqual(['a', 'b']);
      expect(performance.now() - startMs).toBeLessThan(5000);
      expect(await queue.receive({ max: 1, visibilityMs: 1000, waitMs: 30 })).toEqual([]);
      const stop = new AbortController();
      const stopped = queue.receive({ max: 1, visibilityMs: 1000, waitMs: 20_000, signal: stop.signal });
      setTimeout(() => stop.abort(), 20);
      expect(await stopped).toEqual([]);
      expect(await queue.receive({ max: 1, visibilityMs: 1, waitMs: 9999, signal: stop.signal })).toEqual([]);
      expect(performance.now() - startMs).toBeLessThan(10_000);
    });
    it('keeps messages, holders and dead letters when it is opened again', async () => {
      const one = await fresh();
      await one.queue.send(['held', 'done']);
      const messages = await take(one.queue);
      await one.queue.send(['new']);
      const again = await one.reopen();
      expect(bodies(await take(again))).toEqual(['new']);
      await again.ack(receipts(messages.filter((message) => message.body === 'done')));
      await one.advance(1001);
      expect(bodies(await take(again))).toEqual(['held', 'new']);
    });
  });
