// What grew, out of stored states alone: two units of work beside each other, and which of many growths are told.
import { describe, expect, it } from 'vitest';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeStates as mergeFlame } from '../../lib/flame/merge.ts';
import { regressionsAnswer } from '../../lib/jobs/answers/regressions.ts';
import { functionsOf } from '../../lib/jobs/fold-functions.ts';
import type { ServiceName } from '../../lib/model/service.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import { functionsKind } from '../../lib/segments/kinds/functions.ts';
import type { SegmentReader } from '../../lib/segments/read.ts';
import { drawn, origin, T0, upload } from '../flame/drawing.ts';

const SERVICE = 'shop' as ServiceName;
const query = { project: 'p', service: SERVICE };
const side = (more: object) => ({ from: T0, to: T0 + 600_000, ...more });

/** Minutes of a service, as texts of `drawn` in milliseconds, by version. */
function readerOf(minutes: readonly { readonly version: string; readonly text: string }[]) {
  const parts = minutes.map(({ version, text }, n) => {
    const profile = drawn(text.replace(/ (\d+) /g, ' $1000000 '), { types: ['wall/nanoseconds'] });
    const instance = { key: 'pod-1', source: 'host.name' as const, version, joins: {} };
    const report = { service: SERVICE, instance, lifeStart: null, time: T0, profile };
    return {
      flame: flameOf(profile, origin(n, { version })),
      functions: functionsOf(report, upload(n))!,
    };
  });
  const states = {
    flame: mergeFlame(parts.map(({ flame }) => flame)),
    functions: mergeAll(
      parts.map(({ functions }) => functions),
      functionsKind.merge,
    ),
  };
  const range = async (kind: keyof typeof states) => [{ start: T0, step: '10m', state: states[kind] }];
  return { reader: { range } as unknown as SegmentReader };
}

const wobble = (n: number, base: number) => base + ((n * 7) % 5);
/** One unit in one minute: parsing takes `parse`, sending 400. */
const work = (n: number, unit: string, parse: number) =>
  `main;parse ${wobble(n, parse)} [${unit}]\n main;send ${wobble(n + 3, 400)} [${unit}]`;
const minutes = (version: string, text: (n: number) => string) =>
  Array.from({ length: 12 }, (_, n) => ({ version, text: text(n) }));

describe('regressionsAnswer()', () => {
  it('compares one unit of work with another', async () => {
    const both = (n: number) => `${work(n, 'http GET /a', 100)}\n${work(n, 'http GET /b', 300)}`;
    const sides = [side({ unit: 'http GET /a' }), side({ unit: 'http GET /b' })] as const;
    const { rows, compared } = await regressionsAnswer(readerOf(minutes('', both)), query, sides);
    expect(compared).toBe(true);
    expect(rows).toMatchObject([
      { name: 'parse', unit: { kind: 'http', name: 'GET /b' }, measure: 'share', origin: { kind: 'growth' } },
    ]);
    expect(rows[0]!.left).toBeCloseTo(102 / 504, 2);
    expect(rows[0]!.right).toBeCloseTo(302 / 704, 2);
  });

  it('tells of many growths those that cost most time, whatever their units are called', async () => {
    const units = Array.from({ length: 105 }, (_, i) => `http GET /${String(i).padStart(3, '0')}`);
    const all = (parse: number, last: number) => (n: number) =>
      [...units.map((unit) => work(n, unit, parse)), work(n, 'job zip', last)].join('\n');
    const context = readerOf([...minutes('1', all(100, 100)), ...minutes('2', all(110, 300))]);
    const { rows } = await regressionsAnswer(context, query, [
      side({ version: '1' }),
      side({ version: '2' }),
    ]);
    expect(rows).toHaveLength(100);
    expect(rows[0]).toMatchObject({ name: 'parse', unit: { kind: 'job', name: 'zip' } });
  });
});
