import { describe, expect, it } from 'vitest';
import { encodeSegment } from '../../lib/segments/segment.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { contribution, idsOf, upTo } from './one-partition.ts';

/** Segments by key, and how often each was read. */
function stored(count: number, uploads = 1) {
  const objects = new Map<string, Uint8Array>();
  for (let n = 0; n < count; n += 1)
    objects.set(`segment ${n}`, encodeSegment(contribution(n).sections, idsOf(upTo(uploads))));
  const reads: string[] = [];
  const store = {
    get: async (key: string) => {
      reads.push(key);
      return objects.get(key);
    },
  } as unknown as Parameters<typeof segmentCache>[0];
  return { store, reads, keys: [...objects.keys()], bytes: [...objects.values()][0]?.length ?? 0 };
}

describe('segmentCache()', () => {
  it('reads no segment twice while its bytes are kept, whatever was decoded since', async () => {
    const { store, reads, keys } = stored(20);
    const cache = segmentCache(store, { decodedBytes: 1 });
    for (let round = 0; round < 3; round += 1) {
      for (const [n, key] of keys.entries())
        expect((await cache.load(key))?.section('instance')).toEqual(contribution(n).sections.instance);
    }
    expect(reads).toEqual(keys);
  });

  it('decodes once while there is room, and takes what was just written as it is', async () => {
    const { store, keys } = stored(1);
    const cache = segmentCache(store);
    const once = (await cache.load(keys[0] as string))?.section('instance');
    expect((await cache.load(keys[0] as string))?.section('instance')).toBe(once);
    const { uploadId, sections } = contribution(7);
    cache.remember('written', encodeSegment(sections, [uploadId]), sections);
    expect((await cache.load('written'))?.section('instance')).toBe(sections.instance);
  });

  it('knows the uploads of segments for longer than it has room for the segments', async () => {
    const { store, reads, keys, bytes } = stored(5, 200);
    const cache = segmentCache(store, { encodedBytes: 2 * bytes });
    const ids = idsOf(upTo(201));
    for (let round = 0; round < 3; round += 1) {
      for (const key of keys) {
        const uploads = await cache.uploadsOf(key);
        if (uploads === undefined || uploads === 'unknown') throw new Error(`No uploads of ${key}`);
        expect(ids.filter((id) => uploads.has(id))).toEqual(ids.slice(0, 200));
      }
    }
    expect(reads).toEqual(keys);
  });

  it('reads again what there was no room for', async () => {
    const { store, reads, keys, bytes } = stored(20);
    const cache = segmentCache(store, { encodedBytes: 5 * bytes });
    for (const key of [...keys, ...keys]) await cache.load(key);
    expect(reads).toHaveLength(40);
  });
});
