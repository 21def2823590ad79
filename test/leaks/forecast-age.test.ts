import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { MINUTE_MS, type Story, tell } from './service-story.ts';

const KIB = 1024;
const HOUR = 60 * MINUTE_MS;

describe('the forecast of a leak, as it grows old', () => {
  let story: Story;
  let heardUntil: number;
  const leak = async () => {
    const { items } = await story.product.get<{ items: ApiFinding[] }>('/findings?kind=leak&state=open');
    const [first] = items;
    if (first === undefined) throw new Error('nothing was found');
    return { ...first, summary: first.summary.replaceAll(/\s/g, ' ') };
  };
  beforeAll(async () => {
    story = await tell();
    // 2.8 MiB a minute: full some 110 minutes after the last reading.
    await story.run({ version: '1.0.0', kept: 40 * KIB, minutes: 120, limitMib: 700 });
    heardUntil = story.product.clock.time;
  }, 120_000);
  afterAll(() => story.product.close());

  it('counts from the newest reading', async () => {
    const { evidence, summary } = await leak();
    expect(evidence.timeToLimitS!.value / 60).toBeGreaterThan(90);
    expect(evidence.timeToLimitS!.value / 60).toBeLessThan(130);
    expect(summary).toMatch(/fills its 700 MiB limit today at about 05:\d\d UTC/);
  });

  it('stands while the process may still be sending', async () => {
    story.product.clock.time = heardUntil + HOUR;
    expect((await leak()).evidence.timeToLimitS).not.toBeNull();
  });

  it('is withdrawn when its time has passed, or nothing was heard for long', async () => {
    story.product.clock.time = heardUntil + 30 * HOUR;
    const { evidence, summary, state } = await leak();
    expect([state, evidence.timeToLimitS]).toEqual(['firing', null]);
    expect(summary).not.toContain('At this rate');
    expect(summary).toContain('This was seen last at 6 May 03:59 UTC.');
    expect(summary).toMatch(/^Since 6 May 0\d:/);
  });

  it('ends with its process', async () => {
    story.product.clock.time = heardUntil;
    const resource = { 'service.instance.id': 'another' };
    await story.run({ version: '1.0.0', kept: 40 * KIB, minutes: 15, limitMib: 700, resource });
    const { evidence, summary } = await leak();
    expect([evidence.to > heardUntil, evidence.timeToLimitS]).toEqual([true, null]);
    expect(summary).not.toContain('At this rate');
    expect(summary).toContain('--max-requests');
  });
});
