import { describe, expect, it } from 'vitest';
import { scanService } from '../../lib/jobs/scan.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { commit } from '../../lib/segments/commit.ts';
import { emptyInstance, factKey, levelKey } from '../../lib/segments/kinds/instance.ts';
import { PARTITION } from '../segments/one-partition.ts';
import { idOf } from '../segments/states.ts';
import { world } from './world.ts';

const SCANS = 60;
const EVERY = 5;

/** A healthy heap of Go: between collections it grows to twice what they leave, and what they leave wobbles. */
const SENT = {
  heap_used: (minute: number) => (40 + 6 * (minute % 7)) * MIB,
  heap_after_gc: (minute: number) => (40 + ((minute * 37) % 11) / 10) * MIB,
};
type Sent = keyof typeof SENT;

/** Looks of five hours in which the heap is told by these roles, a reading a minute, a scan in five. */
async function looksAt(roles: readonly Sent[]): Promise<number> {
  const { context, clock } = await world();
  const start = partitionStart(clock.time);
  let looks = 0;
  for (let n = 0; n < SCANS; n += 1) {
    const times = Array.from({ length: EVERY }, (_, i) => start + (EVERY * n + i) * MINUTE_MS);
    const column = (role: Sent) => ({
      times,
      values: times.map((time) => SENT[role]((time - start) / MINUTE_MS)),
      conflict: false,
    });
    const seen = { first: times[0]!, last: times.at(-1)! };
    const pod = {
      ...emptyInstance,
      facts: new Map([[factKey('version', '1'), seen]]),
      levels: new Map(roles.map((role) => [levelKey(role, `go.${role}`, ''), column(role)])),
    };
    clock.time = seen.last + 1000;
    await commit(context, context.cache, { ...PARTITION, start: partitionStart(seen.first) }, [
      {
        uploadId: idOf(n),
        sections: { instance: { instances: new Map([['pod', pod]]), unused: new Map() } },
      },
    ]);
    looks += Number((await scanService(context, PARTITION.project, PARTITION.service)).length > 0);
  }
  return looks;
}

describe('a heap that is told twice', () => {
  it('is looked at no more often than by the role that is judged', async () => {
    const [raw, both] = [await looksAt(['heap_used']), await looksAt(['heap_used', 'heap_after_gc'])];
    expect(raw).toBeLessThan(0.75 * SCANS);
    expect(both).toBeLessThanOrEqual(raw + 3);
  });
});
