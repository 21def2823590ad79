import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aliases } from '../../lib/cli/aliases.ts';
import { serviceName } from '../../lib/model/service.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { NOON } from '../jobs/facts.ts';
import { memory, transaction } from '../store/two-names.ts';
import { openProduct, type Product } from '../support/product.ts';
import { testIo } from './io.ts';

const SHOP = serviceName({ name: 'shop' });
const SENTRY = serviceName({ name: 'default', environment: 'production' });
const PROPOSED = { from: SENTRY, to: SHOP, by: 'host', id: 'vm-1' };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let product: Product;
beforeAll(async () => {
  folder = await temporaryFolder();
  // A server that is running on the folder meanwhile.
  product = await openProduct({ at: NOON, dataDir: folder.path });
  const json = { 'content-type': 'application/json' };
  const sent = [
    await product.send('/v1/metrics', {
      method: 'POST',
      headers: json,
      body: JSON.stringify(memory('shop', 'vm-1')),
    }),
    await product.send('/api/1/envelope/', { method: 'POST', body: transaction('vm-1') }),
  ];
  expect(sent.map(({ status }) => status)).toEqual([200, 200]);
  await product.settle();
});
afterAll(async () => {
  await product.close();
  await folder.remove();
});

async function run(...args: string[]) {
  const io = testIo();
  const code = await aliases([...args, '--data', folder.path], io);
  return { code, out: io.out, err: io.err };
}
const proposals = async () => (await product.get<{ proposals: unknown[] }>('/aliases')).proposals;
const services = async () =>
  (await product.get<{ items: { service: string }[] }>('/services')).items.map(({ service }) => service);

describe('tidemark aliases, and /api/v1/aliases', () => {
  it('propose two names that were seen on one host', async () => {
    expect(await proposals()).toEqual([PROPOSED]);
    expect(JSON.parse((await run('list', '--json')).out)).toEqual({
      items: [],
      notLookedAt: 0,
      proposals: [PROPOSED],
    });
    expect((await run('list')).out).toBe(
      `No aliases.\nPerhaps "${SENTRY}" is "${SHOP}": both on host vm-1. tidemark aliases add ${SENTRY} ${SHOP}\n`,
    );
  });

  it('make one service of them beside a running server, and take it back', async () => {
    expect((await services()).toSorted()).toEqual([SENTRY, SHOP].toSorted());
    expect(await run('add', SENTRY, SHOP)).toMatchObject({ code: 0, out: expect.stringContaining(SHOP) });
    product.clock.time += 60_000; // names are looked up as often
    expect([await services(), await proposals()]).toEqual([[SHOP], []]);
    expect((await run('remove', SENTRY)).code).toBe(0);
    product.clock.time += 60_000;
    expect((await services()).length).toBe(2);
  });

  it('say what is not there, and which forms there are', async () => {
    expect(await run('remove', 'nobody')).toMatchObject({
      code: 1,
      err: 'tidemark aliases: Cannot remove "nobody": there is no such alias\n',
    });
    expect((await run('add', SENTRY)).code).toBe(2);
  });
});
