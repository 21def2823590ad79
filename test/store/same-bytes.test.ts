import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contribution } from '../../lib/segments/commit.ts';
import { commit } from '../../lib/segments/commit.ts';
import { compact } from '../../lib/segments/compact.ts';
import { readFooter } from '../../lib/segments/segment.ts';
import { listedIn, PARTITION, type Stores, stores } from '../segments/one-partition.ts';
import { idOf, sections } from '../segments/states.ts';

/** A way to deliver uploads: their order, how many go together, which come again, when merges run. */
interface Plan {
  readonly order: readonly number[];
  readonly batches: readonly number[];
  readonly again: readonly number[];
  readonly merges: readonly boolean[];
}
const planOf = (count: number): fc.Arbitrary<Plan> =>
  fc.record({
    order: fc.shuffledSubarray(
      Array.from({ length: count }, (_, n) => n),
      { minLength: count },
    ),
    batches: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: count, maxLength: count }),
    again: fc.array(fc.nat(Math.max(0, count - 1)), { maxLength: 6 }),
    merges: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
  });

async function delivered(uploads: readonly Contribution[], plan: Plan): Promise<Stores> {
  const world = stores();
  const { context, cache } = world;
  const left = [...plan.order, ...plan.again].map((n) => uploads[n] as Contribution);
  for (let turn = 0; left.length > 0; turn += 1) {
    const batch = left.splice(0, plan.batches[turn % plan.batches.length] ?? 1);
    const each = [...new Map(batch.map((one) => [one.uploadId, one])).values()];
    await commit(context, cache, PARTITION, each);
    if (plan.merges[turn % plan.merges.length])
      await compact(context, cache, PARTITION, { fully: turn % 2 === 0 });
  }
  await compact(context, cache, PARTITION, { fully: true });
  return world;
}

/** The only segment: its sections by name, and its ids. */
async function contentOf(world: Stores) {
  const listed = await listedIn(world);
  expect(listed).toHaveLength(1);
  const { body } = world.objects.stored.get(listed[0]?.key ?? '') as { body: Uint8Array };
  const footer = readFooter(body);
  return {
    uploads: footer.uploads.list(),
    sections: footer.sections.map(({ kind, codecVersion, offset, length }) => [
      kind,
      codecVersion,
      Buffer.from(body.subarray(offset, offset + length)).toString('hex'),
    ]),
  };
}

describe('full compaction', () => {
  it('gives the same bytes for the same set of uploads, in any order, batching and duplication', async () => {
    const drawn = fc
      .array(sections, { minLength: 2, maxLength: 8 })
      .chain((all) => fc.tuple(fc.constant(all), planOf(all.length), planOf(all.length)));
    await fc.assert(
      fc.asyncProperty(drawn, async ([all, one, other]) => {
        const uploads = all.map((state, n): Contribution => ({ uploadId: idOf(n), sections: state }));
        const [a, b] = [await delivered(uploads, one), await delivered(uploads, other)];
        expect(await contentOf(a)).toEqual(await contentOf(b));
      }),
      { seed: 20_310_506, numRuns: 30 },
    );
  });
});
