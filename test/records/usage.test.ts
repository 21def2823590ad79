import { describe, expect, it } from 'vitest';
import { usageAnswer } from '../../lib/jobs/answers/usage.ts';
import { usageByFunction, usageWriter } from '../../lib/records/usage.ts';
import { memoryRecords } from '../support/memory/records.ts';
import { testClock } from '../support/product.ts';

const AT = Date.UTC(2026, 10, 14, 12);
const MINUTE_MS = 60_000;

function open() {
  const clock = testClock(AT);
  const records = memoryRecords(() => clock.time);
  const writer = () => usageWriter(records, clock, new Map());
  const sums = async (from = AT, to = clock.time) =>
    Object.fromEntries(
      [...(await usageByFunction(records, from, to))].map(([by, counts]) => [by, Object.fromEntries(counts)]),
    );
  return { clock, records, writer, sums };
}

describe('usageWriter', () => {
  it('adds up what several processes counted, and writes every five minutes', async () => {
    const { clock, writer, sums } = open();
    const [one, other] = [writer(), writer()];
    one.count('PutObject', 2);
    other.count('PutObject', 3);
    await one.flush('ingest');
    await other.flush('ingest');
    expect(await sums()).toEqual({ ingest: { PutObject: 5 } });
    one.count('PutObject', 10);
    clock.time += 5 * MINUTE_MS - 1;
    await one.flush('ingest');
    expect(await sums()).toEqual({ ingest: { PutObject: 5 } });
    clock.time += 1;
    await one.flush('ingest');
    expect(await sums()).toEqual({ ingest: { PutObject: 15 } });
  });
  it('writes on when the clock was set back', async () => {
    const { clock, writer, sums } = open();
    const one = writer();
    one.count('Invoke', 1);
    await one.flush('work');
    clock.time -= 3 * 60 * MINUTE_MS;
    one.count('Invoke', 4);
    await one.flush('work');
    expect(await sums(clock.time, clock.time)).toEqual({ work: { Invoke: 4 } });
  });
  it('begins again with every hour, and forgets after two weeks', async () => {
    const { clock, writer, sums } = open();
    const one = writer();
    one.count('Invoke', 1);
    await one.flush('work');
    clock.time += 60 * MINUTE_MS;
    one.count('Invoke', 4);
    await one.flush('work');
    expect(await sums(AT, AT)).toEqual({ work: { Invoke: 1 } });
    expect(await sums(AT + 60 * MINUTE_MS)).toEqual({ work: { Invoke: 4 } });
    clock.time += 15 * 24 * 60 * MINUTE_MS;
    expect(await sums(AT)).toEqual({});
  });
});

describe('usageAnswer', () => {
  it('prices what was counted, per million of uploads', async () => {
    const { records, writer } = open();
    const [ingest, analyze] = [writer(), writer()];
    ingest.count('PutObject', 1000);
    ingest.count('Invoke', 1000);
    ingest.count('GetParameters', 1);
    analyze.count('WriteUnits', 2000);
    await ingest.flush('ingest');
    await analyze.flush('analyze');
    const answer = await usageAnswer({ records }, AT, AT);
    expect(answer.uploads).toBe(1000);
    expect(answer.usd).toBeCloseTo(0.005 + 0.0002 + 0.00125, 9);
    expect(answer.usdPerMillion).toBeCloseTo(6.45, 6);
  });
  it('knows no price per million of nothing', async () => {
    const { records } = open();
    expect(await usageAnswer({ records }, AT, AT)).toMatchObject({
      uploads: 0,
      usd: 0,
      usdPerMillion: null,
      items: [],
    });
  });
});
