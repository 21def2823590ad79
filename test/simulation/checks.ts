import { rawIndex } from '../../lib/jobs/raw-segment.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { unitOfKey } from '../../lib/model/unit-of-work.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { latencyOfKey } from '../../lib/segments/kinds/latency.ts';
import type { SegmentReader } from '../../lib/segments/read.ts';
import { type Flavour, type Planned, PROJECTS, placeOf, START_MS, type Sums, sumsOf } from './uploads.ts';
import type { Code } from './versions.ts';
import { headsOf, type Place, placesOf, type World } from './world.ts';

const FROM_MS = START_MS - 5 * DAY_MS;
const TO_MS = START_MS + 5 * DAY_MS;

/** Everything that is not as it must be once the world has settled. */
export async function wrongsOf(
  world: World,
  code: Code,
  planned: readonly Planned[],
  acknowledged: ReadonlySet<string>,
  { wrongDoors }: Flavour,
): Promise<string[]> {
  const stored = storedIds(world);
  const accepted = planned.filter(({ upload }) => stored.has(upload.id));
  return [
    ...[...acknowledged]
      .filter((id) => !stored.has(id))
      .map((id) => `Upload ${id} was acknowledged and is lost`),
    ...(await wrongSegments(world, code)),
    ...(await wrongSums(world, code, accepted)),
    ...(await wrongLedger(world, accepted)),
    ...(await wrongBalance(world, code, wrongDoors)),
  ];
}

/** Ids of all uploads whose bytes are kept: what the product owes an account of. */
export function storedIds({ objects }: World): Set<string> {
  const raw = [...objects.stored].filter(([key]) => key.startsWith('raw/'));
  return new Set(raw.flatMap(([, { body }]) => rawIndex(body).entries.map(({ id }) => id)));
}

async function wrongSums(world: World, code: Code, accepted: readonly Planned[]): Promise<string[]> {
  const expected = sumsOf(accepted);
  const found = await sumsIn(world, code);
  const places = new Set([...expected.keys(), ...found.keys()]);
  return [...places].flatMap((place) => {
    const [want, got] = [JSON.stringify(expected.get(place)), JSON.stringify(found.get(place))];
    return want === got ? [] : [`${place} holds ${got}, not ${want}`];
  });
}

/** What a reader with nothing in its caches is told of everything. */
async function sumsIn(world: World, code: Code): Promise<Sums> {
  const sums: Sums = new Map();
  const { reader } = world.calm;
  for (const place of await placesOf(world, code)) {
    for (const [key, sum] of await readSums(reader, place, FROM_MS, TO_MS)) sums.set(key, sum);
  }
  return sums;
}

/** What a reader is told of one service. */
export async function readSums(reader: SegmentReader, { project, service }: Place, from: number, to: number) {
  const sums: Sums = new Map();
  for (const { start, state } of await reader.range('latency', {
    project,
    service,
    generation: 0,
    from,
    to,
  })) {
    for (const [key, { count, sum }] of state.units) {
      const unit = unitOfKey(latencyOfKey(key).unit).name.replace('GET ', '');
      sums.set(placeOf(project, service, start, unit), {
        requests: count / ONE,
        durationUs: Number(sum) / ONE,
      });
    }
  }
  return sums;
}

async function wrongSegments(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  const listed = new Set<string>();
  for (const { partition, head } of await headsOf(world, code)) {
    const { service, start } = partition;
    const seen = new Set<string>();
    for (const { key } of head.segments) {
      listed.add(key);
      const body = world.objects.stored.get(key)?.body;
      if (body === undefined)
        wrongs.push(`The head of ${service} at ${start} lists ${key}, which is not there`);
      for (const id of body === undefined ? [] : code.readFooter(body).uploads) {
        if (seen.has(id)) wrongs.push(`Two segments of ${service} at ${start} hold ${id}`);
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

async function wrongLedger(world: World, accepted: readonly Planned[]): Promise<string[]> {
  const wrongs: string[] = [];
  for (const { upload, state } of accepted) {
    const record = await world.calm.ledger.get(upload.project, upload.id);
    if (record?.state !== state) wrongs.push(`Upload ${upload.id} is ${record?.state}, not ${state}`);
  }
  return wrongs;
}

/** received = done + rejected + poison, nothing pending, as the API tells. It answers for at most 48 h at once. */
async function wrongBalance(world: World, code: Code, wrongDoors: boolean): Promise<string[]> {
  const wrongs: string[] = [];
  const uploads = code.uploadsReader(world.calm);
  const hours = wrongDoors ? [-28, 12, 52] : [-1, 7];
  for (const project of PROJECTS) {
    for (const [i, to] of hours.slice(1).entries()) {
      const from = hours[i] as number;
      const { balance } = await uploads.read(project, START_MS + from * HOUR_MS, START_MS + to * HOUR_MS - 1);
      const { received, done, rejected, poison, pending } = balance;
      if (pending !== 0 || poison !== 0 || received !== done + rejected)
        wrongs.push(`The balance of ${project} is ${JSON.stringify(balance)}`);
    }
  }
  return wrongs;
}
