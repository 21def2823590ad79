import { rawIndex } from '../../lib/jobs/raw-segment.ts';
import {
  bucketStart,
  endOfBucket,
  type Partition,
  parentOf,
  partitionKey,
  stepOf,
} from '../../lib/model/partition.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { unitOfKey } from '../../lib/model/unit-of-work.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { latencyOfKey } from '../../lib/segments/kinds/latency.ts';
import type { SegmentReader } from '../../lib/segments/read.ts';
import { unitOfSpansKey } from '../../lib/traces/spans-state.ts';
import { type Planned, PROJECTS, placeOf, START_MS, type Sums, sumsOf } from './uploads.ts';
import type { Code } from './versions.ts';
import { CONFIG, headsOf, type Place, placesOf, type World } from './world.ts';

/** Long before the first data of a history. */
export const FROM_MS = START_MS - 5 * DAY_MS;

/** Everything that is not as it must be once the world has settled. */
export async function wrongsOf(
  world: World,
  code: Code,
  planned: readonly Planned[],
  acknowledged: ReadonlySet<string>,
): Promise<string[]> {
  const accepted = planned.filter(({ upload }) => world.received.has(upload.id));
  const lost = [...acknowledged].filter((id) => !world.received.has(id));
  return [
    ...lost.map((id) => `Upload ${id} was acknowledged and is lost`),
    ...(await wrongSegments(world, code)),
    ...(await leftStale(world, code)),
    ...(await wrongSums(world, code, accepted, '1h')),
    ...(await wrongSums(world, code, accepted, '1d')),
    ...(await wrongJoins(world, code, accepted)),
    ...[...world.objects.stored.keys()]
      .filter((key) => key.startsWith('direct/'))
      .map((key) => `${key} has not been adopted`),
    ...(await wrongLedger(world, accepted)),
    ...(await wrongBalance(world, code)),
    ...(await tooOld(world, code)),
    ...(await wrongGenerations(world, code)),
  ];
}

async function wrongSums(
  world: World,
  code: Code,
  accepted: readonly Planned[],
  step: '1h' | '1d',
): Promise<string[]> {
  const expected = sumsOf(accepted, step);
  const found: Sums = new Map();
  const wrongs: string[] = [];
  for (const place of await placesOf(world, code)) {
    const to = world.scheduler.now() + DAY_MS;
    const { sums, missing } = await readSums(world.calm.reader, place, { from: FROM_MS, to, step });
    for (const [key, sum] of sums) found.set(key, sum);
    if (missing > 0) wrongs.push(`${missing} segments of ${place.service} cannot be read`);
  }
  for (const place of new Set([...expected.keys(), ...found.keys()])) {
    const [want, got] = [JSON.stringify(expected.get(place)), JSON.stringify(found.get(place))];
    if (want !== got) wrongs.push(`${step} ${place} holds ${got}, not ${want}`);
  }
  return wrongs;
}

/** A minute that a door named whose clock was a day ahead, joined by a clock a day ahead, is taken for young until then. */
const PIECES_KEPT_MS = 2 * DAY_MS + 4 * HOUR_MS;

/**
 * What was folded again from the raw uploads of all, with nobody in the way: the sums are what they were, and each trace is
 * joined, which none may miss.
 */
export async function wrongsOnceReplayed(world: World, code: Code, planned: readonly Planned[]) {
  const accepted = planned.filter(({ upload }) => world.received.has(upload.id));
  const wrongs = [
    ...(await wrongSums(world, code, accepted, '1h')),
    ...(await wrongJoins(world, code, accepted, true)),
  ];
  return wrongs.map((wrong) => `Once replayed: ${wrong}`);
}

/** A join that comes too early leaves traces out, and says so; none may count one twice, or leave its pieces behind. */
async function wrongJoins(
  world: World,
  code: Code,
  accepted: readonly Planned[],
  isExact = false,
): Promise<string[]> {
  const expected = sumsOf(accepted, '1h');
  const found = new Map<string, number>();
  const wrongs: string[] = [];
  for (const { project, service } of await placesOf(world, code)) {
    const to = world.scheduler.now() + DAY_MS;
    for (const { start, state } of await world.calm.reader.range('spans', {
      project,
      service,
      from: FROM_MS,
      to,
    })) {
      for (const [key, { requests }] of state.units) {
        const unit = unitOfKey(unitOfSpansKey(key).unit).name.replace('GET ', '');
        const place = placeOf(project, service, bucketStart(start, '1h'), unit);
        found.set(place, (found.get(place) ?? 0) + requests);
      }
    }
  }
  for (const place of new Set([...expected.keys(), ...found.keys()])) {
    const [requests, most] = [found.get(place) ?? 0, expected.get(place)?.requests ?? 0];
    if (requests > most || (isExact && requests < most))
      wrongs.push(`${place} holds ${requests} joined requests, of ${most}`);
  }
  const left = [...world.objects.stored].filter(
    ([key, { modified }]) => key.startsWith('pieces/') && world.scheduler.now() - modified > PIECES_KEPT_MS,
  );
  return [...wrongs, ...left.map(([key]) => `${key} has not been removed`)];
}

/** What a reader is told of one service: hours from what they are made of, as far as it is kept, days as rolled up; and what it says
 * that it lacks: segments of a release that is later than its own. */
export async function readSums(
  reader: SegmentReader,
  { project, service }: Place,
  { from, to, step }: { readonly from: number; readonly to: number; readonly step: '1h' | '1d' },
): Promise<{ readonly sums: Sums; readonly missing: number }> {
  const sums: Sums = new Map();
  let missing = 0;
  for (const bucket of await reader.range('latency', { project, service, from, to, coarse: step === '1d' })) {
    missing += bucket.missing ?? 0;
    for (const [key, { count, sum }] of bucket.state.units) {
      const unit = unitOfKey(latencyOfKey(key).unit).name.replace('GET ', '');
      const place = placeOf(project, service, bucketStart(bucket.start, step), unit);
      const { requests, durationUs } = sums.get(place) ?? { requests: 0, durationUs: 0 };
      sums.set(place, { requests: requests + count / ONE, durationUs: durationUs + Number(sum) / ONE });
    }
  }
  return { sums, missing };
}

async function wrongSegments(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  const listed = new Set<string>();
  for (const { partition, head } of await headsOf(world, code)) {
    const name = partitionKey(partition);
    const seen = new Set<string>();
    for (const { key } of head.segments) {
      listed.add(key);
      const body = world.objects.stored.get(key)?.body;
      if (body === undefined) wrongs.push(`The head of ${name} lists ${key}, which is not there`);
      for (const id of body === undefined ? [] : code.readFooter(body).uploads.list()) {
        if (seen.has(id)) wrongs.push(`Two segments of ${name} hold ${id}`);
        seen.add(id);
      }
    }
  }
  for (const [key, { modified }] of world.objects.stored) {
    if (!key.startsWith('seg/') || listed.has(key)) continue;
    if (world.scheduler.now() - modified > code.ORPHAN_AFTER_MS)
      wrongs.push(`No head lists ${key}, and it is still there`);
  }
  return wrongs;
}

/** What was marked is rebuilt by somebody: else it is read from its parts until they expire, and its day from 144 of them. */
async function leftStale(world: World, code: Code): Promise<string[]> {
  const stale = (await headsOf(world, code)).filter(
    ({ head }) => head.dirty !== undefined && !head.expired && !head.final,
  );
  return stale
    .filter(({ partition }) => endOfBucket(partition) < world.scheduler.now() - DAY_MS)
    .map(({ partition }) => `The roll-up ${partitionKey(partition)} was marked, and is not rebuilt`);
}

/** Ids of the uploads whose bytes are kept. */
function keptIds({ objects }: World): Set<string> {
  const raw = [...objects.stored].filter(([key]) => key.startsWith('raw/'));
  return new Set(raw.flatMap(([, { body }]) => rawIndex(body).entries.map(({ id }) => id)));
}

async function wrongLedger(world: World, accepted: readonly Planned[]): Promise<string[]> {
  const wrongs: string[] = [];
  const kept = keptIds(world);
  for (const { upload, state } of accepted) {
    if (!kept.has(upload.id)) continue;
    const record = await world.calm.ledger.get(upload.project, upload.id);
    if (record?.state !== state) wrongs.push(`Upload ${upload.id} is ${record?.state}, not ${state}`);
  }
  return wrongs;
}

/** received = done + rejected + poison, nothing pending, as the API tells of the last two days. */
async function wrongBalance(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  const uploads = code.uploadsReader(world.calm);
  const now = world.scheduler.now();
  for (const project of PROJECTS) {
    const { balance } = await uploads.read(project, now - 16 * HOUR_MS, now);
    const { received, done, rejected, poison, pending } = balance;
    if (pending !== 0 || poison !== 0 || received !== done + rejected)
      wrongs.push(`The balance of ${project} is ${JSON.stringify(balance)}`);
  }
  return wrongs;
}

/** Some hours more than the retention: heads go by the hour of their data, raw objects by the hour of their arrival. */
const KEPT_MS = (CONFIG.retentionDays + 1) * DAY_MS + 4 * HOUR_MS;

/** Retention has to free the bucket and the table. The partitions of an hour go together, with the youngest of them. */
async function tooOld(world: World, code: Code): Promise<string[]> {
  const before = world.scheduler.now() - KEPT_MS;
  const leaves = (await headsOf(world, code)).filter(({ partition }) => stepOf(partition) === '10m');
  const hours = Map.groupBy(leaves, ({ partition }) => partitionKey(parentOf(partition) as Partition));
  const heads = [...hours.values()]
    .filter((hour) =>
      hour.every(({ partition, head }) => head.updatedAt < before && partition.start < before),
    )
    .flat();
  const raw = [...world.objects.stored].filter(
    ([key, { modified }]) => key.startsWith('raw/') && modified < before,
  );
  return [
    ...heads.map(({ partition }) => `The head of ${partitionKey(partition)} has not expired`),
    ...raw.map(([key]) => `${key} has not expired`),
  ];
}

/** No replay is left half-way, and what one has replaced is gone. */
async function wrongGenerations(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  for (const project of PROJECTS) {
    const { building, eras } = await world.calm.generations.read(project);
    if (building !== null)
      wrongs.push(`Generation ${building.generation} of ${project} is still being built`);
    for (const { partition } of await headsOf(world, code)) {
      const { generation, start } = partition;
      const speaks = eras.some((era) => era.generation === generation && start >= era.from && start < era.to);
      if (partition.project === project && !speaks)
        wrongs.push(`The head of ${partitionKey(partition)} is of a generation that was replaced`);
    }
  }
  return wrongs;
}
