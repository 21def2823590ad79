import { readFileSync } from 'node:fs';
import { parseUpload } from '../../lib/formats/index.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';

const FIXTURES = new URL('../../test/fixtures/', import.meta.url).pathname;

interface Request {
  readonly run?: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** Samples of a stretch that is cut out of a recording: what a profiler sends in ten seconds at 100 Hz, or half of that. */
const SAMPLES = [1000, 500] as const;
const SAMPLES_LEAST = 200;
const STRETCHES_MIN = 20;

export interface Population {
  readonly name: string;
  readonly profiles: readonly Profile[];
  /** Of one piece of work each: then what a function takes of each is a cost, and not only a share. */
  readonly areTransactions: boolean;
}

/**
 * Profiles of time that real SDKs and profilers took: those of transactions, of one program and unit each, and stretches cut
 * out of the recordings of continuous profilers, whose samples follow each other as they did.
 */
export function populations(): Population[] {
  const transactions = [
    'sentry-dateparse-before',
    'sentry-dateparse-after',
    'sentry-django-prefetch',
  ].flatMap((name) =>
    byUnit(
      name,
      requests(name).flatMap((request) => profilesOf(request)),
    ),
  );
  const recordings = [...Map.groupBy(requests('continuous'), ({ run }) => run)].map(([name, list]) => ({
    name: `${name}, stretches`,
    profiles: list.flatMap((request) => profilesOf(request)).flatMap(stretches),
  }));
  const inspector = decodeProfile(readFileSync(`${FIXTURES}profiles/own-inspector.cpuprofile.gz`));
  const continuous = [...recordings, { name: 'inspector, stretches', profiles: stretches(inspector) }];
  const all = [
    ...continuous.map((one) => ({ ...one, areTransactions: false })),
    ...transactions.map((one) => ({ ...one, areTransactions: true })),
  ];
  return all.filter(({ profiles }) => profiles.length >= 8);
}

const requests = (name: string): Request[] =>
  readFileSync(`${FIXTURES}sentry/${name}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Request);

function profilesOf({ path, headers, body }: Request): Profile[] {
  const header = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
  const { profiles = [] } = parseUpload({
    route: 'sentry-envelope',
    project: 'bench',
    contentType: header('content-type'),
    contentEncoding: header('content-encoding'),
    naming: new URLSearchParams(path.split('?')[1] ?? '').toString(),
    receivedAt: 0,
    body: Buffer.from(body, 'base64'),
  });
  return profiles.map(({ profile }) => profile);
}

/** The samples in the order of their times; without times they lie as they were taken. */
function stretches(profile: Profile): Profile[] {
  const { time, stack } = profile.samples;
  const order = [...stack.keys()];
  if (time !== undefined) order.sort((a, b) => time[a]! - time[b]!);
  const length = SAMPLES.find((samples) => order.length / samples >= STRETCHES_MIN) ?? SAMPLES_LEAST;
  return Array.from({ length: Math.floor(order.length / length) }, (_, i) =>
    withSamples(profile, order.slice(i * length, (i + 1) * length)),
  );
}

const withSamples = (profile: Profile, kept: readonly number[]): Profile => ({
  ...profile,
  samples: {
    stack: Uint32Array.from(kept, (i) => profile.samples.stack[i]!),
    unit: new Int32Array(kept.length).fill(-1),
    values: profile.samples.values.map((column) => Float64Array.from(kept, (i) => Number(column[i]))),
  },
});

/** Samples of the unit alone: what other threads did meanwhile belongs to nobody. */
function byUnit(name: string, profiles: readonly Profile[]) {
  const groups = Map.groupBy(
    profiles.filter(({ units }) => units.length === 1),
    ({ units }) => unitKey(units[0]!),
  );
  return [...groups].map(([unit, members]) => ({
    name: `${name} ${unit}`,
    profiles: members.map((profile) =>
      withSamples(
        profile,
        [...profile.samples.unit.keys()].filter((i) => profile.samples.unit[i] === 0),
      ),
    ),
  }));
}
