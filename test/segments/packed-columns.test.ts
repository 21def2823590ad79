import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../lib/segments/bytes.ts';
import { ColumnReader, ColumnWriter } from '../../lib/segments/kinds/packed-columns.ts';

type Columns = readonly (readonly number[])[];

function written(columns: Columns): Uint8Array {
  const out = new ByteWriter();
  const writer = new ColumnWriter(out);
  for (const column of columns) writer.numbers(column);
  return out.finish();
}
function read(bytes: Uint8Array, count: number): Columns {
  const from = new ByteReader(bytes);
  const reader = new ColumnReader(from);
  const columns = Array.from({ length: count }, () => reader.numbers());
  expect(from.done).toBe(true);
  return columns;
}
const every10s = (count: number, begin = 1_935_795_600_000) =>
  Array.from({ length: count }, (_, n) => begin + n * 10_000);

describe('ColumnWriter and ColumnReader', () => {
  it('keep whole and broken numbers, equal columns, runs of equal steps', () => {
    const value = fc.oneof(
      fc.integer({ min: -3, max: 3 }).map((n) => n + 0),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const column = fc.oneof(
      fc.array(value, { maxLength: 8 }),
      fc
        .tuple(fc.nat(9), fc.nat(60))
        .map(([step, count]) => Array.from({ length: count }, (_, n) => n * step)),
    );
    fc.assert(
      fc.property(fc.array(column, { maxLength: 12 }), (columns) => {
        const plain = columns.map((one) => one.map((n) => (n === 0 ? 0 : n)));
        expect(read(written(plain), plain.length)).toEqual(plain);
      }),
      { seed: 20_310_506, numRuns: 500 },
    );
  });

  it('write a column that was there before as its place, and even steps as one', () => {
    const times = every10s(60);
    const alone = written([times]).length;
    expect(alone).toBeLessThan(16);
    expect(written([times, [1, 5, 2], times, times]).length).toBe(alone + 2 + written([[1, 5, 2]]).length);
  });

  it('write at length what would be too many values for their bytes', () => {
    const columns = Array.from({ length: 12 }, (_, n) => every10s(10_000, n));
    const bytes = written(columns);
    expect(bytes.length).toBeGreaterThan(10_000);
    expect(read(bytes, columns.length)).toEqual(columns);
  });

  it.each([
    ['a run without end', [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 2, 2, 1]],
    ['a run that is longer than its column', [0, 2, 2, 2, 3]],
    ['a run of none', [0, 2, 2, 2, 0]],
    ['more differences than bytes', [0, 9, 0, 2, 2]],
    ['a column that is not there', [3]],
    ['a form that nobody knows', [0, 1, 7, 2]],
  ])('refuse %s', (_, bytes) => {
    const reader = new ColumnReader(new ByteReader(Uint8Array.from(bytes)));
    expect(() => reader.numbers()).toThrow(/^Cannot decode segment: /);
  });

  it('refuse times that fall', () => {
    const reader = new ColumnReader(new ByteReader(written([[5, 9, 7]])));
    expect(() => reader.ascending()).toThrow('value 2 of a column falls');
  });
});
