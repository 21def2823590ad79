// Two endpoints of a real FastAPI service on one event loop, under the real SDK's continuous profiler: one computes, and the
// other waits for it. From the envelopes to the gap, its cause and the finding.
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiGaps } from '../../lib/http/trace-schemas.ts';
import { scanTraces } from '../../lib/jobs/scan-traces.ts';
import { serviceName } from '../../lib/model/service.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import type { Product } from '../support/product.ts';
import { capturedEnvelopes, truthOf } from './captures.ts';
import { join, productOpener } from './products.ts';

const SERVICE = serviceName({ environment: 'production', name: 'default' });
const RECORDED = Date.parse('2026-11-22T10:31:00Z');
const productAt = productOpener();

describe('a request that waits for another one on its event loop', () => {
  let product: Product;
  beforeAll(async () => {
    product = await productAt(RECORDED);
    await postEnvelopes(product, capturedEnvelopes('sentry-blocked-by'));
    await join(product);
  });

  it('has a gap that names who held the loop, and for how long to 15 % of what the program measured', async () => {
    const { perRequest } = truthOf<{ perRequest: { blockedMs: number }[] }>('sentry-blocked-by');
    const truth = perRequest.reduce((sum, { blockedMs }) => sum + blockedMs, 0);
    const path = `/services/${encodeURIComponent(SERVICE)}/transactions/http%20GET%20%2Forder/gaps`;
    const { gaps, requests } = await product.get<ApiGaps>(path);
    const [cause] = gaps[0]!.causes;
    expect([requests, gaps[0]!.after]).toEqual([15, 'db SELECT * FROM orders WHERE id = ?']);
    expect(cause).toMatchObject({ kind: 'foreign', blockedBy: { kind: 'http', name: 'GET /report' } });
    expect(cause!.frame).toContain('blocked by GET /report: compile_report');
    expect(Math.abs(cause!.ms - truth) / truth).toBeLessThan(0.15);
  });

  it('makes a finding about the one that held it', async () => {
    const { context } = product.local;
    await scanTraces(context, 'default', SERVICE);
    const told = (await context.findings.list('default')).filter(({ kind }) => kind === 'blocked-loop');
    expect(told.map(({ state, title }) => [state, title])).toEqual([
      ['firing', 'production / default: GET /report holds the event loop'],
    ]);
  });
});
