// Of senders that sample, each request stands for many: sums are of all, certainty is of those that came.
import { expect, it } from 'vitest';
import type { ApiTransaction } from '../../lib/http/schemas.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import { join, productOpener } from './products.ts';

const AT = Date.parse('2031-02-03T04:05:30Z');
const productAt = productOpener();

const requestOf = (n: number) => {
  const transaction = {
    type: 'transaction',
    transaction: 'GET /orders',
    transaction_info: { source: 'route' },
    contexts: {
      trace: {
        ...{ trace_id: String(n).padStart(32, 'a'), span_id: String(n).padStart(16, 'b') },
        ...{ op: 'http.server', status: n === 0 ? 'internal_error' : 'ok' },
      },
    },
    start_timestamp: AT / 1000 - 30,
    timestamp: AT / 1000 - 29.9,
  };
  const header = { trace: { sample_rate: '0.01' } };
  return {
    body: [header, { type: 'transaction' }, transaction].map((part) => JSON.stringify(part)).join('\n'),
  };
};

it('a failure in ten sampled requests is as uncertain as ten requests are', async () => {
  const product = await productAt(AT);
  await postEnvelopes(
    product,
    Array.from({ length: 10 }, (_, n) => requestOf(n)),
  );
  await join(product);
  const { items } = await product.get<{ items: ApiTransaction[] }>('/services/default/transactions');
  expect(items).toMatchObject([
    {
      ...{ count: 1000, failures: 100 },
      failureRate: {
        value: expect.closeTo(0.1, 6),
        low: expect.closeTo(0.018, 3),
        high: expect.closeTo(0.404, 3),
      },
    },
  ]);
});
