import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey, type Scope } from '../../lib/records/api-keys.ts';
import { openProduct, type Product } from '../support/product.ts';

const AT = Date.UTC(2031, 4, 6, 12);
const TOKENS = {
  ingest: 'tm_ingest0123456789012345',
  read: 'tm_read012345678901234567',
  admin: 'tm_admin01234567890123456',
};
let product: Product;
const authorization = (scope: Scope) => ({ authorization: `Bearer ${TOKENS[scope]}` });

beforeAll(async () => {
  product = await openProduct({ at: AT, auth: true });
  for (const scope of ['ingest', 'read', 'admin'] as const) {
    const key = {
      id: `k_${scope}`,
      project: 'default',
      scopes: [scope],
      status: 'active' as const,
      createdAt: AT,
      note: '',
      publicKey: scope.padEnd(32, '0'),
      secretVersions: [1],
    };
    await createKey(product.local.context.records, key, TOKENS[scope]);
  }
});
afterAll(() => product.close());

describe('GET /uploads/{upload}/raw', () => {
  it('gives the bytes as they came to an admin alone', async () => {
    const body = JSON.stringify({ resourceMetrics: [], note: 'ü'.repeat(20_000) });
    const sent = await product.send('/v1/metrics', {
      method: 'POST',
      headers: { ...authorization('ingest'), 'content-type': 'application/json' },
      body,
    });
    expect(sent.status).toBe(200);
    await product.settle();
    const uploads = await product.api('/uploads', { headers: authorization('read') });
    const { items } = (await uploads.json()) as { items: { id: string }[] };
    const path = `/uploads/${items[0]?.id}/raw`;
    for (const scope of ['ingest', 'read'] as const)
      expect((await product.api(path, { headers: authorization(scope) })).status).toBe(403);
    expect((await product.api(path)).status).toBe(401);
    const raw = await product.api(path, { headers: authorization('admin') });
    expect(raw.status).toBe(200);
    const answer = (await raw.json()) as { body: string; contentType: string };
    expect(answer.contentType).toBe('application/json');
    expect(Buffer.from(answer.body, 'base64').toString()).toBe(body);
  });

  it.each(['x', '0'.repeat(32)])('knows no upload %s', async (id) => {
    expect((await product.api(`/uploads/${id}/raw`, { headers: authorization('admin') })).status).toBe(404);
  });
});

describe('/retention', () => {
  it('is set by an admin, and never below what roll-ups need', async () => {
    const put = (scope: Scope) =>
      product.api('/retention', {
        method: 'PUT',
        headers: { ...authorization(scope), 'content-type': 'application/json' },
        body: JSON.stringify({ retentionDays: 3 }),
      });
    expect((await put('read')).status).toBe(403);
    expect(await (await put('admin')).json()).toEqual({ retentionDays: 3, rollUpDays: null });
    product.clock.time += 31_000;
    expect(await product.local.context.retention?.('default')).toEqual({
      retentionDays: 18,
      rollUpDays: 400,
    });
  });
});
