import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../lib/cli/doctor.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { numbered } from '../server/numbered.ts';
import { openProduct, type Product } from '../support/product.ts';
import { testIo } from './io.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let product: Product;
beforeAll(async () => {
  folder = await temporaryFolder();
  product = await openProduct({ at: Date.now(), dataDir: folder.path });
});
afterAll(async () => {
  await product.close();
  await folder.remove();
});
async function run(...args: string[]) {
  const io = testIo();
  return { code: await doctor([...args, '--data', folder.path], io), out: io.out };
}

describe('tidemark doctor', () => {
  it('says where to begin when nothing has arrived', async () => {
    expect(await run()).toEqual({
      code: 0,
      out: 'Nothing has arrived yet; see /setup for the lines to paste.\n',
    });
    expect(JSON.parse((await run('--json')).out)).toEqual({ services: [] });
  });

  it('says what arrives beside a running server, and what is missing with the line to add', async () => {
    const { path, body } = numbered(2, product.clock.time);
    await product.send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await product.settle();
    const { services } = JSON.parse((await run('--json', '--service', 'sums-0')).out) as {
      services: { service: string; sentence: string; missing: { lines: string }[] }[];
    };
    expect(services).toMatchObject([{ service: 'sums-0' }]);
    expect(services[0]?.missing.length).toBeGreaterThan(0);
    expect(services).toEqual([await product.get('/health/services/sums-0')]);
    const { out } = await run();
    expect(out).toContain(services[0]?.sentence);
    expect(out).toMatch(/\n {2}missing: /);
  });

  it('makes no folder where there is none', async () => {
    const data = join(folder.path, 'mistyped');
    await expect(doctor(['--data', data], testIo())).rejects.toThrow(`Cannot find data in "${data}"`);
    expect(existsSync(data)).toBe(false);
  });

  it('refuses a service that it has never heard of', async () => {
    await expect(run('--service', 'nobody')).rejects.toThrow(
      'Cannot find service "nobody" in project "default"',
    );
  });
});
