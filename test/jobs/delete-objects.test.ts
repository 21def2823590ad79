import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expire } from '../../lib/jobs/expire.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { rawObject, uploadOf, type World, world } from './world.ts';

/** A world whose store takes a while to remove an object. `most` is how many it was asked for at a time. */
async function slowWorld(uploads: number) {
  const here = await world();
  const one = await uploadOf('{}');
  for (let n = 0; n < uploads; n += 1)
    await rawObject({ ...here, newId: () => `00${n.toString().padStart(6, '0')}` }, [one]);
  const load = { now: 0, most: 0, broken: '' };
  const objects: World['objects'] = {
    ...here.objects,
    async delete(key) {
      load.now += 1;
      load.most = Math.max(load.most, load.now);
      await setImmediate();
      load.now -= 1;
      if (key.endsWith(load.broken || 'none')) throw new Error('Cannot remove it');
      await here.objects.delete(key);
    },
  };
  const left = () => [...here.objects.stored.keys()].filter((key) => key.startsWith('raw/')).length;
  return { ...here, load, left, context: { ...here.context, objects } };
}

describe('expire()', () => {
  it('removes raw objects some at a time, and all of them', async () => {
    const { context, clock, load, left } = await slowWorld(200);
    clock.time += 30 * DAY_MS + 2 * HOUR_MS;
    expect((await expire(context)).raw).toBe(200);
    expect(left()).toBe(0);
    expect(load.most).toBe(32);
  });

  it('ends where one cannot be removed, and goes on with it the next time', async () => {
    const { context, clock, load, left } = await slowWorld(100);
    clock.time += 30 * DAY_MS + 2 * HOUR_MS;
    load.broken = '50';
    await expect(expire(context)).rejects.toThrow('Cannot remove it');
    expect(left()).toBeGreaterThan(0);
    load.broken = '';
    await expire(context);
    expect(left()).toBe(0);
  });
});
