// A release that makes one function slower, told as a finding, and taken back by the next one. Through the door and the scan.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { openProduct, type Product } from '../support/product.ts';

const AT = Date.UTC(2031, 4, 6, 7, 0);

/** A minute of a service that parses and sends; parsing takes `parseMs` in the middle. */
const profile = (n: number, parseMs: number) =>
  JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared: { frames: [{ name: 'main' }, { name: 'parse' }, { name: 'send' }] },
    profiles: [
      {
        type: 'sampled',
        name: 'wall',
        unit: 'milliseconds',
        startValue: 0,
        endValue: parseMs + 410,
        samples: [
          [0, 1],
          [0, 2],
        ],
        weights: [parseMs + ((n * 7) % 5), 400 + ((n * 3) % 7)],
      },
    ],
  });

describe('scanFunctions()', () => {
  let product: Product;
  let sent = 0;
  beforeAll(async () => {
    product = await openProduct({ at: AT });
  });
  afterAll(() => product.close());

  async function release(version: string, parseMs: number) {
    for (let i = 0; i < 12; i += 1) {
      product.clock.time += MINUTE_MS;
      sent += 1;
      const until = product.clock.time;
      const response = await product.send(
        `/v1/profiles?service=shop&type=wall&version=${version}&from=${until - MINUTE_MS}&until=${until}`,
        { method: 'POST', body: profile(sent, parseMs) },
      );
      expect(response.status).toBe(202);
    }
    await product.settle();
    await product.scan();
    return (await product.get<{ items: ApiFinding[] }>('/findings')).items;
  }

  it('says nothing of a first release, nor of one that changed nothing', async () => {
    expect(await release('1', 100)).toEqual([]);
    expect(await release('2', 100)).toEqual([]);
  });

  it('tells the function that a release made slower', async () => {
    const [finding, ...others] = await release('3', 180);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'regression',
      state: 'firing',
      title: 'shop: parse takes more since 3',
      evidence: { version: '3', role: null },
    });
    expect(finding!.summary).toMatch(
      /^parse of shop takes 3\d\.\d % of the time since release 3, 20\.\d % before/,
    );
  });

  it('is resolved by the release that mends it', async () => {
    const [finding] = await release('4', 100);
    expect(finding).toMatchObject({ kind: 'regression', state: 'resolved' });
  });
});
