// From the door to what people are told of traces: the whole embedded product on a clock of the test.
import { describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import type { ApiNesting, ApiSuspects, ApiTrace } from '../../lib/http/trace-schemas.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import type { Product } from '../support/product.ts';
import { join, productOpener } from './products.ts';

const AT = Date.parse('2031-02-03T04:05:30Z');
const productAt = productOpener();
const findingsOf = async (product: Product, kind: string) =>
  (await product.get<{ items: ApiFinding[] }>('/findings')).items.filter((one) => one.kind === kind);

let ids = 0;
const idOf = (length: number) => (++ids).toString(16).padStart(length, '0');
/** A transaction as a Python SDK sends it. Times in ms. */
function transaction(name: string, op: string, start: number, ms: number) {
  const trace = { trace_id: idOf(32), span_id: idOf(16), op, status: 'ok', data: {} };
  return {
    ...{ type: 'transaction', transaction: name, transaction_info: { source: 'route' } },
    ...{ start_timestamp: start / 1000, timestamp: (start + ms) / 1000 },
    ...{ platform: 'python', release: 'shop@1.0.0', server_name: 'shop-1', spans: [] },
    contexts: { trace },
    sdk: { name: 'sentry.python', version: '2.40.0' },
  };
}
const envelopeOf = (transactions: readonly object[]) => ({
  body: ['{}', ...transactions.map((one) => `{"type":"transaction"}\n${JSON.stringify(one)}`), ''].join('\n'),
});

describe('a unit that became slower without a release', () => {
  it('is told with the time since when, and by how much', async () => {
    const product = await productAt(AT);
    const took = (window: number, i: number) => (window < 5 ? 60 : 180) * (0.9 + i / 25);
    for (let window = 0; window < 9; window += 1) {
      product.clock.time = AT + window * 10 * MINUTE_MS;
      const sent = Array.from({ length: 6 }, (_, i) =>
        transaction('GET /orders', 'http.server', product.clock.time - 20_000 + i * 1000, took(window, i)),
      );
      await postEnvelopes(product, [envelopeOf(sent)]);
    }
    await product.scan();
    const [finding, ...others] = await findingsOf(product, 'latency');
    expect([finding?.state, others]).toEqual(['firing', []]);
    const { shift, requests } = finding!.evidence.traces!;
    expect(shift).toMatchObject({ quantile: 0.95, before: '', after: '' });
    expect([requests, Math.round(shift!.beforeMs / 10), Math.round(shift!.afterMs / 10)]).toEqual([
      54, 7, 20,
    ]);
    expect(finding!.since).toBe(Math.floor((AT + 50 * MINUTE_MS) / (10 * MINUTE_MS)) * 10 * MINUTE_MS);
    expect(finding!.title).toContain('GET /orders');
    expect(finding!.summary).toMatch(/p95 rose by \d+ %/);
    expect(finding!.summary).not.toContain('release');
  });
});

describe('requests that come apart', () => {
  it('are a finding for their endpoint, and are shown in pieces, never as one', async () => {
    const product = await productAt(AT);
    const sent = Array.from({ length: 4 }, (_, n) => {
      const start = AT - 30_000 + n * 5000;
      const pieces = [100, 300, 500].map((ms) => transaction('SELECT orders', 'db', start + ms, 50));
      return [transaction('GET /orders', 'http.server', start, 1000), ...pieces];
    }).flat();
    await postEnvelopes(product, [envelopeOf(sent)]);
    await join(product);
    await product.scan();
    const [finding, ...others] = await findingsOf(product, 'fragmented');
    expect([finding?.state, others]).toEqual(['firing', []]);
    expect(finding!.evidence.traces).toMatchObject({ requests: 4, affected: 4 });
    const { items } = await product.get<ApiNesting>(
      `/services/${encodeURIComponent(finding!.service)}/nesting`,
    );
    expect(items.flatMap(({ fragmented }) => fragmented)).toEqual([
      { endpoint: 'GET /orders', units: 4, fragmentedUnits: 4, fragments: 12 },
    ]);
    const unit = encodeURIComponent('http GET /orders');
    const { examples } = await product.get<ApiSuspects>(
      `/services/${encodeURIComponent(finding!.service)}/transactions/${unit}/suspects`,
    );
    const kept = await product.get<{ items: ApiTrace[] }>(`/traces/${examples[0]!.traceId}`);
    expect(kept.items.map(({ spans, leftOut }) => [spans.length, leftOut])).toEqual([[1, 0]]);
  });
});
