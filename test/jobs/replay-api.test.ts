import { expect, it } from 'vitest';
import { runReplay } from '../../lib/cli/replay.ts';
import { expire, RETIRED_AFTER_MS } from '../../lib/jobs/expire.ts';
import { SECOND_MS } from '../../lib/model/units.ts';
import { openProduct } from '../support/product.ts';
import { NOON } from './facts.ts';
import { spans, tracesBody } from './world.ts';

it('replay under load: the API tells the same before, meanwhile and afterwards, and never a hole', async () => {
  const product = await openProduct({ at: NOON });
  try {
    let sent = 0;
    const send = async (count: number) => {
      const body = JSON.stringify(tracesBody(spans(count, { at: product.clock.time - 1000 })));
      const headers = { 'content-type': 'application/json' };
      expect((await product.send('/v1/traces', { method: 'POST', headers, body })).status).toBe(200);
      await product.settle();
      sent += count;
    };
    const ask = async () => {
      const query = `from=${NOON - 3_600_000}&to=${NOON + 7 * 3_600_000}`;
      return product.get<{ items: { count: number }[] }>(`/services/shop/transactions?${query}`);
    };
    for (const count of [1, 2, 4]) {
      await send(count);
      product.clock.time += 11 * 60 * SECOND_MS;
    }
    const before = await ask();
    // The disk has the time of the machine: the replay asks the store, and this one tells the test's.
    const { objects } = product.local.context;
    const context = {
      ...product.local.context,
      objects: {
        ...objects,
        list: async (...args: Parameters<typeof objects.list>) =>
          (await objects.list(...args)).map((object) => ({ ...object, modified: product.clock.time })),
      },
    };
    // Before the first hour is folded, and after each: more comes in, and the API tells all of it.
    const extra = [8, 16];
    let [waits, folds] = [0, 0];
    const goOn = async () => {
      for (const count of extra.splice(0, 1)) await send(count);
      expect((await ask()).items[0]?.count).toBe(sent);
    };
    const told = await runReplay(
      context,
      'default',
      { from: undefined, to: undefined },
      {
        sleep: async (ms) => {
          product.clock.time += ms + 40 * SECOND_MS;
          waits += 1;
        },
        tell: async (line) => {
          if (line.includes('uploads, up to')) folds += 1;
          if (folds > 0 || waits === 0) await goOn();
        },
      },
    );
    expect([waits > 0, folds > 1, extra]).toEqual([true, true, []]);
    expect(told).toMatchObject({ generation: 1, refused: 0 });
    const after = await ask();
    expect(after.items[0]?.count).toBe(31);
    expect(before.items[0]?.count).toBe(7);
    product.clock.time += RETIRED_AFTER_MS + 40 * SECOND_MS;
    await expire(product.local.context);
    expect(await ask()).toEqual(after);
  } finally {
    await product.close();
  }
});
