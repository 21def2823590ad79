import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../lib/cli/keys.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { openProduct, type Product } from '../support/product.ts';
import { testIo } from './io.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let product: Product;
beforeAll(async () => {
  folder = await temporaryFolder();
  // A server that is running on the folder meanwhile.
  product = await openProduct({ at: Date.UTC(2026, 10, 14, 12), auth: true, dataDir: folder.path });
});
afterAll(async () => {
  await product.close();
  await folder.remove();
});

async function run(...args: string[]) {
  const io = testIo();
  const code = await keys([...args, '--data', folder.path], io);
  return { code, out: io.out, err: io.err };
}
async function made(
  ...args: string[]
): Promise<Record<'id' | 'project' | 'dsn' | 'token' | 'secret', string>> {
  const { out } = await run('create', '--project', 'shop', '--json', ...args);
  return JSON.parse(out) as never;
}
const validate = async (token: string) => {
  const response = await product.send('/v1/validate', { headers: { 'x-api-key': token } });
  return response.ok ? response.json() : response.status;
};

describe('tidemark keys', () => {
  it('names the folder that is none', async () => {
    const file = join(folder.path, 'tidemark.db');
    const message = `Cannot use "${file}" as the data folder: EEXIST`;
    await expect(keys(['list', '--data', file], testIo())).rejects.toThrow(message);
  });

  it('create prints one document, and the key works at once beside a running server', async () => {
    const key = await made();
    expect(Object.keys(key)).toEqual(['id', 'project', 'dsn', 'token', 'secret']);
    expect(key.dsn).toMatch(/^http:\/\/[0-9a-f]{32}@127\.0\.0\.1:4040\/\d+$/);
    expect(key.token).toMatch(/^tm_/);
    expect(key.secret).toMatch(/^whsec_/);
    expect(await validate(key.token)).toEqual({
      ...{ valid: true, project: 'shop', scopes: ['ingest', 'read'], key: key.id },
    });
  });

  it('create takes scopes, and gives projects numbers of their own', async () => {
    const admin = await made('--scopes', 'admin, read');
    expect(await validate(admin.token)).toMatchObject({ scopes: ['admin', 'read'] });
    const { out } = await run('create', '--project', 'other', '--json');
    const other = JSON.parse(out) as { dsn: string };
    expect(other.dsn.split('/').at(-1)).not.toBe(admin.dsn.split('/').at(-1));
  });

  it('create makes keys for browsers, which may but write', async () => {
    const { id, token } = await made('--origins', 'https://shop.example, http://localhost:5173');
    expect(await validate(token)).toMatchObject({ scopes: ['ingest'] });
    const { items } = JSON.parse((await run('list', '--json')).out) as { items: { id: string }[] };
    expect(items.find((key) => key.id === id)).toMatchObject({
      origins: ['https://shop.example', 'http://localhost:5173'],
    });
    for (const bad of ['shop.example', 'https://shop.example/', 'https://*.shop.example/x', ''])
      await expect(run('create', '--project', 'shop', '--origins', bad)).rejects.toThrow('Cannot use origin');
    await expect(run('create', '--project', 'shop', '--origins', '*', '--scopes', 'read')).rejects.toThrow(
      `Cannot give a browser's key the scopes "read"`,
    );
  });

  it('create for people shows everything once, and says so', async () => {
    const { code, out } = await run('create', '--project', 'shop', '--note', 'for the CI');
    expect(code).toBe(0);
    expect(out).toMatch(/token\s+tm_.+\nsecret\s+whsec_.+\n\nToken and secret are not shown again\.\n$/);
  });

  it('list shows keys of a project or all, and no secret', async () => {
    const key = await made();
    const { out } = await run('list', '--json', '--project', 'shop');
    const { items } = JSON.parse(out) as { items: { id: string; project: string }[] };
    expect(items.map(({ id }) => id)).toContain(key.id);
    expect(items.every(({ project }) => project === 'shop')).toBe(true);
    expect(out).not.toContain(key.token);
    expect(out).not.toContain(key.secret);
    expect((await run('list')).out).toMatch(/^id +project +status +scopes +created +note\n/);
    expect((await run('list', '--project', 'nobody')).out).toContain('No keys.');
  });

  it('rotate gives a second secret, and revoke ends the key', async () => {
    const key = await made();
    const rotated = JSON.parse((await run('rotate', key.id, '--json')).out) as { secret: string };
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(key.secret);
    expect(JSON.parse((await run('revoke', key.id, '--json')).out)).toEqual({
      id: key.id,
      status: 'revoked',
    });
    expect(await validate(key.token)).toBe(401);
  });

  it.each<[string[], number]>([
    [[], 2],
    [['fly'], 2],
    [['create'], 2],
    [['revoke'], 2],
    [['rotate'], 2],
  ])('%j is a mistake', async (args, code) => {
    expect((await run(...args)).code).toBe(code);
  });

  it.each([
    ['create', '--project', 'Not a name'],
    ['create', '--project', 'shop', '--scopes', 'everything'],
    ['revoke', 'k_none'],
    ['rotate', 'k_none'],
  ])('%s %s fails with what is wrong', async (...args) => {
    await expect(run(...args)).rejects.toThrow(/^Cannot /);
  });

  it('keeps the master secret to its owner', () => {
    expect(statSync(join(folder.path, 'master-secret')).mode & 0o777).toBe(0o600);
  });
});
