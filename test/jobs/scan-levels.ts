import { scanService } from '../../lib/jobs/scan.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { commit } from '../../lib/segments/commit.ts';
import { emptyInstance, factKey, levelKey } from '../../lib/segments/kinds/instance.ts';
import { PARTITION } from '../segments/one-partition.ts';
import { idOf } from '../segments/states.ts';
import { world } from './world.ts';

/** What a process tells of itself in each role, by the number of the reading. */
export type Levels = Readonly<Record<string, (reading: number) => number>>;

/** One process that sends its levels, and a scan after each few readings; how often it was looked at, and what was found. */
export async function scanLevels(levels: Levels, readingMs: number, scans: number, readingsPerScan: number) {
  const { context, clock } = await world();
  const { project, service } = PARTITION;
  const start = partitionStart(clock.time);
  let looks = 0;
  for (let n = 0; n < scans; n += 1) {
    const readings = Array.from({ length: readingsPerScan }, (_, i) => readingsPerScan * n + i);
    const times = readings.map((reading) => start + reading * readingMs);
    const seen = { first: times[0]!, last: times.at(-1)! };
    const columns = Object.entries(levels).map(
      ([role, level]) =>
        [
          levelKey(role, `made.${role}`, ''),
          { times, values: readings.map(level), conflict: false },
        ] as const,
    );
    const facts = new Map([[factKey('version', '1'), seen]]);
    const pod = { ...emptyInstance, facts, levels: new Map(columns) };
    const instance = { instances: new Map([['pod', pod]]), unused: new Map() };
    clock.time = seen.last + 1;
    await commit(context, context.cache, { ...PARTITION, start: partitionStart(seen.first) }, [
      { uploadId: idOf(n), sections: { instance } },
    ]);
    looks += Number((await scanService(context, project, service)).length > 0);
  }
  return { looks, findings: await context.findings.list(project) };
}
