import type { FindingRecord } from '../../lib/findings/life-cycle.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import type { ServiceName } from '../../lib/model/service.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { memoryObjects } from '../support/memory/objects.ts';
import { memoryQueue } from '../support/memory/queue.ts';
import { memoryRecords } from '../support/memory/records.ts';
import { type Actor, actor } from './actors.ts';
import type { Draw } from './draw.ts';
import { type FaultBook, faultBook } from './faults.ts';
import { type Scheduler, scheduler } from './scheduler.ts';
import { LIMIT_BYTES, PROJECTS, SERVICES, START_MS } from './uploads.ts';
import type { Code } from './versions.ts';

const RETENTION_DAYS = 30;
const MAX_RECEIVES = 50;
export const BUCKET = 'simulated';

/** The stores, the time and everybody who uses them. */
export interface World {
  readonly draw: Draw;
  readonly scheduler: Scheduler;
  readonly book: FaultBook;
  readonly objects: ReturnType<typeof memoryObjects>;
  /** The system as it is when nothing goes wrong, seen without taking turns. */
  readonly calm: JobContext;
  spawn(offsetMs: number): Actor;
  contextOf(actor: Actor, code: Code): JobContext;
}

export async function openWorld(draw: Draw, code: Code): Promise<World> {
  const time = scheduler(draw, START_MS);
  const book = faultBook(draw);
  const ports = {
    objects: memoryObjects(time.now),
    records: memoryRecords(time.now),
    queue: memoryQueue(time.now, { maxReceives: MAX_RECEIVES }),
  };
  let ids = 0;
  const newId = () => {
    ids += 1;
    return draw.whole(0, 255).toString(16).padStart(2, '0') + ids.toString(16).padStart(8, '0');
  };
  const contextOf = ({ ports, now }: Pick<Actor, 'ports' | 'now'>, version: Code): JobContext => {
    const { objects, records, queue } = ports;
    const clock = { now };
    const ledger = version.ledger(records, RETENTION_DAYS);
    const generations = version.generations(records, clock);
    const finished = version.finishedUploads({ ledger, generations, clock });
    const store = { objects, heads: version.headRecords(records), clock, newId, finished };
    const cache = version.segmentCache(objects);
    return {
      ...store,
      records,
      uploads: queue,
      cache,
      reader: version.segmentReader(store, cache, async (project) => (await generations.of(project)).eras),
      ledger,
      generations,
      findings: version.findingRecords<FindingRecord>(records),
      rejections: version.rejections(records),
      settings: { acceptPastMs: 2 * DAY_MS, acceptFutureMs: 5 * MINUTE_MS, publicUrl: '', bucket: BUCKET },
    };
  };
  for (const project of PROJECTS) {
    await code.ensureProject(ports.records, project);
    // Memory that comes near a limit and then is silent makes a finding, which scans keep true.
    for (const service of SERVICES)
      await code.changeSettings(ports.records, project, service, { limitBytes: LIMIT_BYTES });
  }
  return {
    draw,
    scheduler: time,
    book,
    objects: ports.objects,
    get calm() {
      return contextOf({ ports, now: time.now }, code);
    },
    spawn: (offsetMs) => actor({ draw, scheduler: time, book, ports }, offsetMs),
    contextOf,
  };
}

export interface Place {
  readonly project: string;
  readonly service: ServiceName;
}
/** Every service that the system knows. */
export async function placesOf({ calm }: World, code: Code): Promise<Place[]> {
  const places: Place[] = [];
  for (const project of PROJECTS) {
    for (const { service } of await code.listServices(calm.records, project))
      places.push({ project, service });
  }
  return places;
}

/** Every head there is, with its partition. */
export async function headsOf(world: World, code: Code) {
  const heads = await Promise.all(
    (await placesOf(world, code)).map((place) =>
      world.calm.heads.range({
        ...place,
        generation: 0,
        from: START_MS - 5 * DAY_MS,
        to: START_MS + 5 * DAY_MS,
      }),
    ),
  );
  return heads.flat();
}
