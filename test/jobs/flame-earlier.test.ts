// What is read before a range, for values that count on since a process began.
import { expect, it } from 'vitest';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { lastOfLives } from '../../lib/flame/lives.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { measureKey } from '../../lib/flame/state.ts';
import { summariseFlame } from '../../lib/flame/summarise.ts';
import { profileTypesAnswer } from '../../lib/jobs/answers/flame-states.ts';
import { flameAnswer } from '../../lib/jobs/answers/flamegraph.ts';
import { PARTITION_MS, partitionStart } from '../../lib/model/partition.ts';
import type { ServiceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { drawn, origin, T0 } from '../flame/drawing.ts';

const ALLOC = 'alloc_space/bytes cumulative';
const counted = (n: number, at: number) =>
  flameOf(drawn(`x ${n}`, { types: [ALLOC] }), origin(n, { time: T0 + at, instance: `pod-${n}` }));

it.each([
  ['cpu', 2],
  ['alloc_space', 3],
])('a new instance makes a graph of %s read %d ranges', async (type, count) => {
  const state = mergeFlame(counted(1, 0), flameOf(drawn('x 5'), origin(2)));
  const first = partitionStart(T0);
  const ranges: number[] = [];
  const range = (_: string, { from }: { from: number }) => {
    ranges.push(from);
    return Promise.resolve(from === first ? [{ start: first, state }] : []);
  };
  const context = { reader: { range } } as unknown as Parameters<typeof flameAnswer>[0];
  const service = 'shop' as ServiceName;
  await flameAnswer(context, { project: 'p', service, type, from: T0, to: T0 + 1000 }, {});
  expect(ranges).toHaveLength(count);
});

it('lastOfLives() keeps the last of each instance, and none that was not seen for too long', () => {
  const key = measureKey({ type: 'alloc_space', unit: 'bytes' }, 'cumulative');
  const states = [counted(1, 0), counted(2, PARTITION_MS), counted(2, 2 * PARTITION_MS)];
  const times = (since: number) =>
    lastOfLives(states, key, since).flatMap(({ snapshots }) =>
      [...snapshots.values()].map(({ time }) => time - T0),
    );
  expect(times(T0)).toEqual([0, 2 * PARTITION_MS]);
  expect(times(T0 + 1)).toEqual([2 * PARTITION_MS]);
});

it.each([
  ['an hour', HOUR_MS, ['a', 'b']],
  ['half a day: those of its last hour', DAY_MS / 2, ['a', 'b']],
  ['two days, in which none can be asked for', 2 * DAY_MS, []],
])('lists the instances of levels in %s', async (_, length, instances) => {
  const to = T0 + HOUR_MS / 2;
  const heapOf = (n: number, instance: string) =>
    flameOf(drawn('x 5', { types: ['inuse_space/bytes level'] }), origin(n, { time: T0, instance }));
  const state = mergeFlame(heapOf(1, 'b'), heapOf(2, 'a'));
  const range = (_: string, asked: { from: number; to: number; coarse: boolean }) =>
    Promise.resolve(
      asked.from <= T0 && asked.to > T0
        ? [{ start: asked.from, state: asked.coarse ? summariseFlame(state, HOUR_MS) : state }]
        : [],
    );
  const context = { reader: { range } } as unknown as Parameters<typeof profileTypesAnswer>[0];
  const service = 'shop' as ServiceName;
  const [heap] = await profileTypesAnswer(context, { project: 'p', service, from: to - length, to });
  expect(heap).toMatchObject({ type: 'inuse_space', instances });
});
