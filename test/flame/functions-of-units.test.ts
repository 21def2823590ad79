import { describe, expect, it } from 'vitest';
import { functionTimes } from '../../lib/flame/functions.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { drawPprof } from '../formats/pprof-drawn.ts';

/** Samples of CPU, each a path of functions from the root, ms, and the endpoint that it served. */
const profileOf = (samples: readonly (readonly [path: string, ms: number, endpoint: string])[]) => {
  const names = [...new Set(samples.flatMap(([path]) => path.split(' ')))];
  return decodeProfile(
    drawPprof({
      types: [['cpu', 'nanoseconds']],
      functions: Object.fromEntries(names.map((name) => [name, { name, file: `/app/${name}.go` }])),
      locations: Object.fromEntries(names.map((name) => [name, { lines: [[name, 1] as const] }])),
      samples: samples.map(([path, ms, endpoint]) => ({
        stack: path.split(' ').reverse(),
        values: [ms * 1e6],
        labels: [['endpoint', endpoint] as const],
      })),
    }),
  );
};

const drawn = (times: ReturnType<typeof functionTimes>) =>
  Object.fromEntries(
    times!.map(({ work, totalUs, functions }) => [
      work,
      `${totalUs / 1000}: ${functions
        .map((one) => `${one.name} ${one.selfUs / 1000}/${one.totalUs / 1000}`)
        .join(', ')}`,
    ]),
  );

describe('functionTimes()', () => {
  it("tells each unit's functions alone, however often units take turns", () => {
    const profile = profileOf([
      ['main cart', 5, 'GET /cart'],
      ['main pay', 7, 'POST /pay'],
      ['main cart main', 2, 'GET /cart'],
      ['main cart', 1, 'POST /pay'],
    ]);
    const { units } = profile;
    expect(units).toHaveLength(2);
    const times = Object.values(drawn(functionTimes(profile)));
    expect(times).toEqual([
      '15: main 2/15, cart 6/8, pay 7/7',
      '7: cart 5/7, main 2/7',
      '8: main 0/8, pay 7/7, cart 1/1',
    ]);
  });

  it('names no more than 2,000 units of one profile, and counts the samples of all', () => {
    const letters = (n: number) =>
      n.toString(26).replace(/[0-9a-p]/g, (c) => 'abcdefghijklmnopqrstuvwxyz'[Number.parseInt(c, 26)]!);
    const profile = profileOf(
      Array.from({ length: 3000 }, (_, n) => ['main', 1, `GET /${letters(n)}x`] as const),
    );
    expect(profile.units).toHaveLength(2000);
    const times = functionTimes(profile)!;
    expect(times[0]!.totalUs).toBe(3_000_000);
    expect(times.filter(({ work }) => work === '').map(({ totalUs }) => totalUs)).toContain(1_000_000);
  });
});
