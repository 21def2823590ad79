import type { JobContext } from '../../lib/jobs/context.ts';
import { directFacts, isDirectKey } from '../../lib/jobs/direct.ts';
import { rawIndex } from '../../lib/jobs/raw-segment.ts';
import type { ServiceName } from '../../lib/model/service.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { memoryObjects } from '../support/memory/objects.ts';
import { memoryQueue } from '../support/memory/queue.ts';
import { memoryRecords } from '../support/memory/records.ts';
import { type Actor, actor } from './actors.ts';
import type { Draw } from './draw.ts';
import { type FaultBook, faultBook } from './faults.ts';
import { watched } from './later-kind.ts';
import { type Scheduler, scheduler } from './scheduler.ts';
import { type Flavour, LIMIT_BYTES, PROJECTS, SERVICES, START_MS } from './uploads.ts';
import type { Code } from './versions.ts';

const MAX_RECEIVES = 50;
export const BUCKET = 'simulated';
/** As the product's, but that what was sent is kept for as short a time as it can be. */
export const CONFIG = {
  acceptPastMs: 2 * DAY_MS,
  acceptFutureMs: 5 * MINUTE_MS,
  retentionDays: 18,
  retentionMinDays: 18,
  rollUpDays: 400,
  publicUrl: '',
};

/** The stores, the time and everybody who uses them. */
export interface World {
  readonly draw: Draw;
  readonly scheduler: Scheduler;
  readonly book: FaultBook;
  readonly objects: ReturnType<typeof memoryObjects>;
  /** Ids of all uploads whose bytes were ever stored: what the product owes an account of. */
  readonly received: ReadonlySet<string>;
  /** What was listed and then was not, though nobody may remove it, in words. */
  readonly losses: readonly string[];
  /** The system as it is when nothing goes wrong, seen without taking turns. */
  readonly calm: JobContext;
  spawn(offsetMs: number): Actor;
  contextOf(actor: Pick<Actor, 'ports' | 'now'>, code: Code): JobContext;
}

export async function openWorld(draw: Draw, code: Code, { shards }: Flavour): Promise<World> {
  const time = scheduler(draw, START_MS);
  const book = faultBook(draw);
  const stored = memoryObjects(time.now);
  const received = new Set<string>();
  const objects: typeof stored = {
    ...stored,
    async put(key, body, options) {
      if (key.startsWith('raw/')) for (const { id } of rawIndex(body).entries) received.add(id);
      if (isDirectKey(key)) received.add(directFacts(key).id);
      return stored.put(key, body, options);
    },
  };
  const losses: string[] = [];
  const footerOf = (key: string) => {
    const body = stored.stored.get(key)?.body;
    return body && code.readFooter(body);
  };
  const records = watched(memoryRecords(time.now), footerOf, losses);
  const ports = { objects, records, queue: memoryQueue(time.now, { maxReceives: MAX_RECEIVES }) };
  let ids = 0;
  const newId = () => {
    ids += 1;
    return draw.whole(0, 255).toString(16).padStart(2, '0') + ids.toString(16).padStart(8, '0');
  };
  const contextOf: World['contextOf'] = ({ ports: { objects, records, queue }, now }, version) => ({
    ...version.jobContext({ objects, records, uploads: queue, clock: { now }, bucket: BUCKET }, CONFIG),
    newId,
  });
  for (const project of PROJECTS) {
    await code.ensureProject(records, project);
    // Memory that comes near a limit and then is silent makes a finding, which scans keep true.
    const settings = { limitBytes: LIMIT_BYTES, shards, rules: { MemoryNearLimit: { forMs: 0 } } };
    for (const service of SERVICES) await code.changeSettings(records, project, service, settings);
  }
  return {
    draw,
    scheduler: time,
    book,
    objects,
    received,
    losses,
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
  const places = await placesOf(world, code);
  const heads = places.map(({ project, service }) => world.calm.heads.all(project, service));
  return (await Promise.all(heads)).flat();
}
