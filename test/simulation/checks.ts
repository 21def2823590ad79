import { rawIndex } from '../../lib/jobs/raw-segment.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { unitOfKey } from '../../lib/model/unit-of-work.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { latencyOfKey } from '../../lib/segments/kinds/latency.ts';
import { type Planned, PROJECTS, placeOf, type Sums, sumsOf } from './uploads.ts';
import type { Code } from './versions.ts';
import { placesOf, START_MS, type World } from './world.ts';

const FROM_MS = START_MS - 5 * DAY_MS;
const TO_MS = START_MS + 5 * DAY_MS;

/** Everything that is not as it must be once the world has settled. */
export async function wrongsOf(
  world: World,
  code: Code,
  planned: readonly Planned[],
  acknowledged: ReadonlySet<string>,
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
    ...(await wrongBalance(world, code)),
  ];
}

/** Ids of all uploads whose bytes are kept: what the product owes an account of. */
function storedIds({ objects }: World): Set<string> {
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

/** What a reader with nothing in its caches is told. Spans per second are counted beside the latencies. */
async function sumsIn(world: World, code: Code): Promise<Sums> {
  const sums: Sums = new Map();
  const { reader } = world.calm;
  for (const { project, service } of await placesOf(world, code)) {
    const query = { project, service, generation: 0, from: FROM_MS, to: TO_MS };
    for (const { start, state } of await reader.range('latency', query)) {
      for (const [key, { count, sum }] of state.units) {
        const unit = unitOfKey(latencyOfKey(key).unit).name.replace('GET ', '');
        sums.set(placeOf(project, service, start, unit), {
          requests: count / ONE,
          durationUs: Number(sum) / ONE,
        });
      }
    }
  }
  return sums;
}

async function wrongSegments(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  const listed = new Set<string>();
  for (const { project, service } of await placesOf(world, code)) {
    const range = { project, service, generation: 0, from: FROM_MS, to: TO_MS };
    for (const { partition, head } of await world.calm.heads.range(range)) {
      const seen = new Set<string>();
      for (const { key } of head.segments) {
        listed.add(key);
        const body = world.objects.stored.get(key)?.body;
        if (body === undefined) {
          wrongs.push(`The head of ${service} at ${partition.start} lists ${key}, which is not there`);
          continue;
        }
        for (const id of code.readFooter(body).uploads) {
          if (seen.has(id)) wrongs.push(`Two segments of ${service} at ${partition.start} hold ${id}`);
          seen.add(id);
        }
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
async function wrongBalance(world: World, code: Code): Promise<string[]> {
  const wrongs: string[] = [];
  const uploads = code.uploadsReader(world.calm);
  for (const project of PROJECTS) {
    for (let from = START_MS - 28 * HOUR_MS; from < START_MS + 2 * DAY_MS; from += 40 * HOUR_MS) {
      const { balance } = await uploads.read(project, from, from + 40 * HOUR_MS - 1);
      const { received, done, rejected, poison, pending } = balance;
      if (pending !== 0 || poison !== 0 || received !== done + rejected)
        wrongs.push(`The balance of ${project} is ${JSON.stringify(balance)}`);
    }
  }
  return wrongs;
}
