import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import { redrive } from '../../lib/jobs/redrive.ts';
import { HOUR_MS } from '../../lib/model/units.ts';
import { NOON } from './facts.ts';
import { message, rawObject, spans, tracesBody, untilPoison, uploadOf, world } from './world.ts';

const range = { project: 'default', from: NOON - HOUR_MS, to: NOON + HOUR_MS };

describe('redrive()', () => {
  it('gives uploads that were set aside and dead letters another try, and leaves what is done alone', async () => {
    const here = await world();
    const uploads = await Promise.all(
      [1, 2].map((count) =>
        uploadOf(tracesBody(spans(count, { service: `s${count}` })), { route: 'otlp-traces' }),
      ),
    );
    const event = await rawObject(here, uploads);
    const broken = {
      ...here.context,
      heads: {
        ...here.context.heads,
        read: async (...args: Parameters<typeof here.context.heads.read>) => {
          if (args[0].service === 's2') throw new RangeError('Cannot happen');
          return here.context.heads.read(...args);
        },
      },
    };
    await untilPoison(broken, event);
    let dead = 3;
    const context = {
      ...here.context,
      uploads: {
        ...here.context.uploads,
        redrive: async () => {
          const moved = Math.min(dead, 2);
          dead -= moved;
          return moved;
        },
      },
    };
    expect(await redrive(context, range)).toEqual({ dead: 3, poison: 1 });
    expect(here.sent).toHaveLength(1);
    const balance = async () =>
      (await uploadsReader(here.context).read('default', range.from, range.to)).balance;
    expect(await balance()).toMatchObject({ done: 1, pending: 1, poison: 0 });
    await analyze(
      here.context,
      here.sent.map((body) => message(body)),
    );
    expect(await balance()).toMatchObject({ done: 2, pending: 0 });
    expect(await redrive(context, range)).toEqual({ dead: 0, poison: 0 });
  });
});
