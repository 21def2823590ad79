// A server that is stopped and started again in the middle of a run says of it what it would have said without.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ApiCohort, ApiFinding } from '../../lib/http/schemas.ts';
import { packedCapture, replay } from '../support/captures.ts';
import { openProduct, type Product } from '../support/product.ts';

const CAPTURE = packedCapture(new URL('../fixtures/replays/otel-go.json.gz', import.meta.url).pathname);
const START = CAPTURE.truth.recorder.startUnixMs;

async function told(product: Product) {
  const { items: services } = await product.get<{ items: { service: string }[] }>('/services');
  const { items: leaks } = await product.get<{ items: ApiCohort[] }>(
    `/services/${encodeURIComponent(services[0]?.service ?? '')}/leaks`,
  );
  const { items: findings } = await product.get<{ items: ApiFinding[] }>('/findings');
  return { leaks, findings };
}

async function runStoppedBefore(stops: readonly number[]) {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-restart-'));
  let product = await openProduct({ at: START, dataDir });
  let restarts = 0;
  try {
    await replay(product, CAPTURE, async (number) => {
      if (!stops.includes(number)) return product;
      // Whatever was taken since the last scan is still in the queue at this moment.
      await product.close();
      product = await openProduct({ at: product.clock.time, dataDir });
      restarts += 1;
      return product;
    });
    return { ...(await told(product)), restarts };
  } finally {
    await product.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

it('gives the same finding when the server is restarted in mid-run', async () => {
  const stops = [0.3, 0.5, 0.55, 0.9].map((share) => Math.floor(share * CAPTURE.requests.length));
  const whole = await runStoppedBefore([]);
  const stopped = await runStoppedBefore(stops);
  expect(whole.findings.length).toBeGreaterThan(0);
  expect(stopped.restarts).toBe(stops.length);
  expect(stopped.findings).toEqual(whole.findings);
  expect(stopped.leaks).toEqual(whole.leaks);
});
