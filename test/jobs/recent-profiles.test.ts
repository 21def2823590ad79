// What the door has read is what the analysis would read in the stored upload, and is never told twice.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseUpload } from '../../lib/formats/index.ts';
import { recentProfiles } from '../../lib/jobs/recent-profiles.ts';
import { type ProfileRoute, recogniseProfiles } from '../../lib/jobs/recognise-profiles.ts';
import { uploadId } from '../../lib/model/ids.ts';
import type { UploadFacts } from '../../lib/model/telemetry.ts';
import type { CapturedRequest } from '../support/captures.ts';

const FLAME = new URL('../fixtures/flame/', import.meta.url).pathname;
const GDU = new URL('../fixtures/profiles/gdu-cpu.pb.gz', import.meta.url).pathname;
const TAKEN_MS = Date.UTC(2025, 0, 1); // when that profile was long over

interface Told {
  readonly route: ProfileRoute;
  readonly url: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly key?: string;
  readonly receivedAt: number;
}

function read({ route, url, body, contentType = '', key = '', receivedAt }: Told) {
  const query = new URL(url, 'http://door').searchParams;
  const { facts, naming } = recogniseProfiles(route, { body, contentType, query, key, receivedAt });
  // The upload is stored a moment after it was read.
  const stored = { project: 'default', contentEncoding: '', receivedAt: receivedAt + 40 };
  const { bytes: _, ...later } = parseUpload({ ...stored, route, naming, contentType, body });
  return { facts, later };
}

describe.each(['pyroscope-node', 'pyroscope-python'])('requests of %s', (name) => {
  const { startUnixMs, requests } = JSON.parse(
    gunzipSync(readFileSync(`${FLAME}${name}.json.gz`)).toString('utf8'),
  ) as { startUnixMs: number; requests: readonly CapturedRequest[] };

  it('say to the door what they say to the analysis', () => {
    const profiles = requests.filter(({ path }) => path.startsWith('/ingest')).slice(0, 3);
    for (const { path, headers, receivedMs, body } of profiles) {
      const contentType = headers.find(([header]) => header.toLowerCase() === 'content-type')?.[1] ?? '';
      const told = { url: path, contentType, body: Buffer.from(body, 'base64') };
      const { facts, later } = read({ route: 'pyroscope', ...told, receivedAt: startUnixMs + receivedMs });
      expect(facts).toEqual(later);
    }
  });
});

describe('a profile that tells its own time', () => {
  const upload = { route: 'profiles', url: '/v1/profiles?service=shop', body: readFileSync(GDU) } as const;

  it('is read once where it was over when it came', () => {
    const { facts, later } = read({ ...upload, receivedAt: Date.now() });
    expect(facts).toEqual(later);
  });

  it.each([
    ['it had not ended when it came', { receivedAt: 0 }],
    [
      'the request says a time by the moment of arrival',
      { url: `${upload.url}&from=now-1m&until=now`, receivedAt: TAKEN_MS },
    ],
    ['a key names it', { key: 'mine', receivedAt: TAKEN_MS }],
  ])('is read again where %s', (_, changes) => {
    expect(read({ ...upload, ...changes }).facts).toBeUndefined();
  });
});

describe('recentProfiles', () => {
  const factsOf = (points: number): UploadFacts => ({
    reports: [],
    machines: [],
    unused: new Map(),
    dropped: new Map(),
    earliest: undefined,
    latest: undefined,
    points,
    spans: 0,
  });
  const id = (n: number) => uploadId(n.toString(16).padStart(32, '0'));

  it('forgets what it returns', () => {
    const recent = recentProfiles();
    recent.remember(id(1), factsOf(1), 10);
    expect(recent.take(id(1))?.points).toBe(1);
    expect(recent.take(id(1))).toBeUndefined();
  });

  it('forgets the oldest beyond its bytes, and never holds more than those', () => {
    const recent = recentProfiles(100);
    for (const n of [1, 2, 3]) recent.remember(id(n), factsOf(n), 40);
    recent.remember(id(3), factsOf(3), 60); // a copy of it
    recent.remember(id(4), factsOf(4), 101);
    expect([1, 2, 3, 4].map((n) => recent.take(id(n))?.points)).toEqual([undefined, 2, 3, undefined]);
  });
});
