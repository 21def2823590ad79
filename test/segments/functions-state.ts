import fc from 'fast-check';
import type { UploadId } from '../../lib/model/ids.ts';
import { sketchOf } from '../../lib/model/sketch.ts';
import {
  type FunctionExample,
  type FunctionSpread,
  type FunctionsState,
  functionKey,
  mergeSpreads,
  workKey,
} from '../../lib/segments/kinds/functions.ts';

// States of the kind functions, drawn at random from few names, so that two of them often meet in one key.

const us = fc.oneof(fc.nat(300), fc.constantFrom(0, 9_000_000, 2 ** 40));
const name = fc.constantFrom('', 'zerofill', 'ünïcode €', '"[]"');
const work = fc.record({
  basis: fc.constantFrom('transaction' as const, 'profile' as const),
  unit: fc.constantFrom('', 'http GET /'),
  version: fc.constantFrom('', '1.4.2'),
});
const example: fc.Arbitrary<FunctionExample> = fc.record({
  upload: fc.nat(3).map((n) => String(n).repeat(32) as UploadId),
  traceId: fc.constantFrom('', 'a'.repeat(32)),
  time: fc.nat(9),
  us,
  ofUs: us,
});
const sketch = fc
  .array(fc.tuple(us, fc.constantFrom(1000, 500)), { minLength: 1, maxLength: 4 })
  .map(sketchOf);

const spread: fc.Arbitrary<FunctionSpread> = fc
  .record({
    seen: fc.nat(9000),
    total: sketch,
    self: sketch,
    totalUs: fc.bigInt({ min: 0n, max: 2n ** 70n }),
    selfUs: fc.bigInt({ min: 0n, max: 9n }),
    squares: fc.bigInt({ min: 0n, max: 2n ** 99n }),
    products: fc.bigInt({ min: 0n, max: 2n ** 99n }),
    one: example,
    more: fc.array(example, { maxLength: 4 }),
  })
  .map(({ one, more, ...sums }) =>
    // Merging puts the examples in the order that a state has.
    [one, ...more]
      .map((each): FunctionSpread => ({ ...sums, examples: [each], worst: [each] }))
      .reduce((a, b) => ({ ...mergeSpreads(a, b), ...sums })),
  );

const mapOf = <V>(key: fc.Arbitrary<string>, value: fc.Arbitrary<V>) =>
  fc.array(fc.tuple(key, value), { maxLength: 3 }).map((entries): ReadonlyMap<string, V> => new Map(entries));

export const functionsState: fc.Arbitrary<FunctionsState> = fc.record({
  work: mapOf(
    work.map(workKey),
    fc.record({
      profiles: fc.nat(9),
      short: fc.nat(9),
      unprofiled: fc.nat(9),
      us: fc.bigInt({ min: 0n, max: 2n ** 70n }),
      squares: fc.bigInt({ min: 0n, max: 2n ** 99n }),
    }),
  ),
  functions: mapOf(
    fc
      .tuple(work, name, name, fc.constantFrom(-1, 0, 1))
      .map(([of, function_, file, inApp]) => functionKey({ ...of, name: function_, file, inApp })),
    spread,
  ),
});
