import { expect } from 'vitest';
import { openAws } from '../../lib/compose/aws.ts';
import { unitsAnswer } from '../../lib/jobs/answers/units.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import { sweepUploads } from '../../lib/jobs/sweep-uploads.ts';
import { HOUR_MS } from '../../lib/model/units.ts';
import { pumpOnce } from '../../lib/server/pump.ts';
import { type Engines, openDirectOn } from '../support/aws/cloud.ts';
import type { Seen, Trouble } from '../support/aws/proxy.ts';
import { post } from '../support/aws/send.ts';

const TROUBLES: Readonly<Record<Seen['service'], readonly Trouble[]>> = {
  s3: [
    'lost',
    { status: 503, code: 'SlowDown' },
    { status: 409, code: 'ConditionalRequestConflict' },
    { status: 500, code: 'InternalError' },
  ],
  dynamodb: [
    'lost',
    { status: 400, code: 'ProvisionedThroughputExceededException' },
    { status: 400, code: 'ThrottlingException' },
    { status: 500, code: 'InternalServerError' },
  ],
  sqs: ['lost', { status: 503, code: 'ServiceUnavailable' }],
};

/** The same numbers for the same seed: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface FaultRun {
  readonly seed: number;
  readonly uploads: number;
  /** Of requests that meet trouble. */
  readonly share: number;
  /** Until what failed is there again. */
  pause(): void | Promise<void>;
}

/**
 * Sends uploads of one finished request each while the stores throttle, conflict, break and do what was asked without saying
 * so. Whatever happens each has to be counted once. Returns how many requests met trouble.
 */
export async function countOnceThrough(
  engines: Engines,
  { seed, uploads, share, pause }: FaultRun,
): Promise<number> {
  const next = random(seed);
  let met = 0;
  let calm = true;
  for (const proxy of Object.values(engines.proxies)) {
    proxy.trouble = ({ service }) => {
      if (calm || next() >= share) return undefined;
      met += 1;
      return TROUBLES[service][Math.floor(next() * TROUBLES[service].length)];
    };
  }
  const door = await openDirectOn(engines);
  const { context } = openAws(engines.env, engines.clock);
  const never = new AbortController().signal;
  calm = false;
  for (let number = 0; number < uploads; number += 1) {
    const body = oneRequest(engines.clock.now(), number);
    await post(() => door.post('/v1/traces', body));
  }
  const balance = async () =>
    (await uploadsReader(context).read('default', engines.clock.now() - HOUR_MS, engines.clock.now()))
      .balance;
  for (let round = 0; round < 60; round += 1) {
    calm = false;
    await pause();
    // Events get lost as well; this is what finds their uploads.
    if (round > 0) await sweepUploads(context, { olderThanMs: 0 }).catch(() => 0);
    for (;;) if ((await pumpOnce(context, never, 0, () => undefined).catch(() => 0)) === 0) break;
    calm = true;
    const { received, done } = await balance();
    if (received === uploads && done === uploads && (await context.uploads.depth()).visible === 0) break;
  }
  calm = true;
  expect(await balance()).toEqual({ received: uploads, done: uploads, rejected: 0, poison: 0, pending: 0 });
  const to = engines.clock.now();
  const units = await unitsAnswer(context, 'default', 'shop' as never, to - 24 * HOUR_MS, to);
  expect(units.map(({ unit, count }) => [unit.name, count])).toEqual([['GET /cart', uploads]]);
  return met;
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** OTLP of one SERVER span: a sum of one. */
function oneRequest(at: number, number: number): object {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    traceId: hex(number + 1, 32),
    spanId: hex(number + 1, 16),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: `${at - 1100}000000`,
    endTimeUnixNano: `${at - 1000}000000`,
    attributes: [text('http.request.method', 'GET'), text('http.route', '/cart')],
  };
  const resource = { attributes: [text('service.name', 'shop')] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}
