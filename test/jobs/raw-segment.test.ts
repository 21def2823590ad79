import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keysOfEvent, objectCreated } from '../../lib/jobs/events.ts';
import {
  decodeRaw,
  encodeRaw,
  RAW_SHARDS,
  rawHourPrefix,
  rawIndex,
  rawKey,
} from '../../lib/jobs/raw-segment.ts';
import { uploadIdOf } from '../../lib/jobs/receive.ts';
import { Fault } from '../../lib/model/fault.ts';
import { OBJECT_KEY } from '../../lib/ports/object-store.ts';
import { idOf } from '../segments/states.ts';
import { NOON } from './facts.ts';

const upload = fc.record({
  id: fc.nat().map(idOf),
  project: fc.constantFrom('default', 'a.b-c_d'),
  route: fc.constantFrom('otlp-metrics', 'otlp-traces'),
  contentType: fc.string(),
  contentEncoding: fc.constantFrom('', 'gzip'),
  receivedAt: fc.maxSafeNat(),
  sender: fc.string({ unit: 'grapheme' }),
  keyId: fc.string(),
  body: fc.uint8Array({ maxLength: 300 }),
});
const options = { seed: 20_310_509, numRuns: 200 };

describe('encodeRaw()', () => {
  it('is undone by decodeRaw()', () => {
    fc.assert(
      fc.property(fc.array(upload, { maxLength: 5 }), (uploads) => {
        expect(decodeRaw(encodeRaw(uploads))).toEqual(uploads);
      }),
      options,
    );
  });
});

describe('rawIndex()', () => {
  it('needs no more than the beginning', () => {
    fc.assert(
      fc.property(fc.array(upload, { minLength: 1, maxLength: 5 }), (uploads) => {
        const bytes = encodeRaw(uploads);
        const { start, entries } = rawIndex(bytes);
        expect(rawIndex(bytes.subarray(0, start)).entries).toEqual(entries);
        expect(entries.map(({ length }) => length)).toEqual(uploads.map(({ body }) => body.length));
      }),
      options,
    );
  });
});

describe('decodeRaw()', () => {
  it('refuses every truncation, and answers any bytes with uploads or a Fault', () => {
    const refuse = (bytes: Uint8Array) => {
      try {
        decodeRaw(bytes);
      } catch (error) {
        if (error instanceof Fault && error.code === 'invalid-input') return true;
        throw error;
      }
      return false;
    };
    const [uploads] = fc.sample(fc.array(upload, { minLength: 2, maxLength: 2 }), { seed: 1, numRuns: 1 });
    const bytes = encodeRaw((uploads ?? []).map((one) => ({ ...one, body: Uint8Array.of(1, 2, 3) })));
    for (let end = 0; end < bytes.length; end += 1) expect(refuse(bytes.subarray(0, end))).toBe(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, begun) => {
        const random = begun ? Uint8Array.of(0x54, 0x44, 0x52, 0x57, 1, ...tail) : tail;
        refuse(random);
      }),
      { ...options, numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const damaged = bytes.slice();
        damaged[at] = byte;
        refuse(damaged);
      }),
      { ...options, numRuns: 1000 },
    );
  });
});

describe('rawKey()', () => {
  it('is a key that every store takes, below the prefix of its hour and shard', () => {
    for (const id of ['00ff', 'ffee', '3f01']) {
      const key = rawKey('a.b-c_d', NOON, id);
      expect(key).toMatch(OBJECT_KEY);
      expect(
        RAW_SHARDS.some((shard) => key === `${rawHourPrefix(shard, 'a.b-c_d', NOON + 3_599_999)}${id}`),
      ).toBe(true);
    }
  });
});

describe('keysOfEvent()', () => {
  it('reads the key that objectCreated() wrote, and what S3 writes for odd ones', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect(keysOfEvent(objectCreated('bucket', key, 1))).toEqual([key]);
      }),
      options,
    );
    expect(keysOfEvent('{"Records":[{"s3":{"object":{"key":"a+b%2Bc"}}}]}')).toEqual(['a b+c']);
  });
});

describe('uploadIdOf()', () => {
  const of = (change: Partial<Parameters<typeof uploadIdOf>[0]> = {}) =>
    uploadIdOf({ project: 'p', route: 'r', naming: '', identity: Uint8Array.of(1), ...change });

  it('is the same for the same upload, and another for another project, route, name or body', async () => {
    expect(await of()).toBe(await of());
    const others = await Promise.all([
      of({ project: 'pr', route: '' }),
      of({ project: 'q' }),
      of({ route: 's' }),
      of({ naming: 'service=a' }),
      of({ identity: Uint8Array.of(2) }),
    ]);
    expect(new Set([await of(), ...others]).size).toBe(6);
  });
});
