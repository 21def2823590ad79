import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutsOf, fixedCuts, isInPart } from '../../lib/jobs/join-parts.ts';
import { windowAround } from '../../lib/jobs/join-window.ts';
import { writePieces } from '../../lib/jobs/pieces.ts';
import { shortHash } from '../../lib/model/hash.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { DAY_MS } from '../../lib/model/units.ts';
import type { StoredPiece } from '../../lib/segments/pieces.ts';
import { NOON } from './facts.ts';
import { type World, world } from './world.ts';

const pieceOf = (process: string, key: string, bytes = 0): StoredPiece => ({
  ...{ form: 'otlp-spans', key, process, roots: [], profiler: '', spans: 1, payload: new Uint8Array(bytes) },
  ...{ upload: uploadId('0'.repeat(32)), index: 0, shiftMs: 0 },
});
interface Size {
  readonly process: string;
  readonly key: string;
  readonly bytes: number;
}
const sizes = fc.uniqueArray(
  fc.record({ process: fc.constantFrom('a', 'b', 'c', 'd'), key: fc.string(), bytes: fc.nat(100) }),
  { selector: ({ process, key }) => `${process} ${key}`, minLength: 1, maxLength: 40 },
);
const sum = (list: readonly Size[]) => list.reduce((total, { bytes }) => total + bytes, 0);

/** What each part of the cut sizes holds. */
function partsOf(list: readonly Size[], most: number): readonly (readonly Size[])[] {
  const bytesAt = new Map<string, number>();
  for (const { process, key, bytes } of list) {
    const place = shortHash(process) + shortHash(key);
    bytesAt.set(place, (bytesAt.get(place) ?? 0) + bytes);
  }
  const cuts = cutsOf(bytesAt, most);
  return Array.from({ length: cuts.length + 1 }, (_, n) =>
    list.filter(({ process, key }) => isInPart(cuts, n)(pieceOf(process, key))),
  );
}

describe('the parts of a minute', () => {
  it('hold each piece once, and no more than they may but for a single large trace', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 500 }), (list, most) => {
        const parts = partsOf(list, most);
        expect(parts.flat()).toHaveLength(list.length);
        for (const part of parts)
          expect(sum(part) <= most || part.filter(({ bytes }) => bytes > 0).length === 1).toBe(true);
        for (const [i, part] of parts.slice(1).entries())
          expect(sum([...parts[i]!, ...part])).toBeGreaterThan(most);
      }),
    );
  });

  it('divide no process that fits into one', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 100, max: 500 }), (list, most) => {
        const parts = partsOf(list, most);
        for (const [process, mine] of Map.groupBy(list, (one) => one.process))
          if (sum(mine) <= most)
            expect(parts.filter((part) => part.some((one) => one.process === process))).toHaveLength(1);
      }),
    );
  });
});

describe('fixedCuts()', () => {
  const minute = NOON - 20 * DAY_MS;
  const at = { project: 'default', space: 1, minute } as const;
  const cutsIn = async ({ context }: World) => fixedCuts(context, at, await windowAround(context, at), 1000);
  /** One upload of each of some processes, from `first` on. */
  const write = async ({ context }: World, first: number, count: number) => {
    for (let n = first; n < first + count; n += 1) {
      const upload = {
        id: uploadId(n.toString(16).padStart(32, '0')),
        project: 'default',
        receivedAt: minute,
      };
      await writePieces(context, 1, [{ upload, pieces: [pieceOf(`host ${n}`, 'key', 400)], shiftMs: 0 }]);
    }
  };

  it('stand as they were found first, for a minute that is older than records are kept too', async () => {
    const here = await world();
    await write(here, 0, 8);
    const first = await cutsIn(here);
    expect(first.length).toBeGreaterThan(1);
    await write(here, 8, 8);
    expect(await cutsIn(here)).toEqual(first);
  });

  it('count a piece once that was written twice', async () => {
    const [once, twice] = [await world(), await world()];
    for (const here of [once, twice, twice]) await write(here, 0, 8);
    expect(await cutsIn(twice)).toEqual(await cutsIn(once));
  });
});
