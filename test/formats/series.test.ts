import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompress, parseSeries, parseUnits } from '../../lib/formats/series/index.ts';
import { Fault } from '../../lib/model/fault.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const only = (text: string) => parseSeries(bytes(text))[0]!;

describe('parseSeries()', () => {
  it('takes times beyond the year 5000 for milliseconds, whatever the column is called', () => {
    const now = Date.UTC(2026, 10, 21);
    expect([...only(`time_s,value\n${now},5\n${now + 1000},6\n`).times]).toEqual([now, now + 1000]);
    expect([...only(`time_s,value\n${now / 1000},5\n${now / 1000 + 1},6\n`).times]).toEqual([
      now,
      now + 1000,
    ]);
  });

  it('reads time_s,value with a load beside it', () => {
    const series = only('time_s,heap_used,requests_per_interval\n0,10,1\n1,,2\n2,30,3\n');
    expect([...series.times]).toEqual([0, 1000, 2000]);
    expect([...series.values]).toEqual([10, Number.NaN, 30]);
    expect(series.role).toBe('heap_used');
    expect([...series.load!.values]).toEqual([1, 2, 3]);
  });

  it('reads a table without a header, and with semicolons and CRLF', () => {
    expect([...only('0,5\n60,6').values]).toEqual([5, 6]);
    expect([...only('time_s;value\r\n0;5\r\n60;6\r\n').times]).toEqual([0, 60_000]);
  });

  it('puts rows in order that come newest first or in none, and leaves a clock that starts again', () => {
    expect([...only('time_s,value\n2,30\n1,20\n0,10\n').values]).toEqual([10, 20, 30]);
    expect([...only('time_s,value,load\n5,50,1\n,0,9\n1,10,2\n3,30,3\n').load!.values]).toEqual([2, 3, 1]);
    const day = Array.from({ length: 30 }, (_, i) => `${i % 20},${i}`).join('\n');
    expect([...only(`time_s,value\n${day}`).values]).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('reads a GC log as values after collections', () => {
    const series = only('time_s,before_bytes,after_bytes,capacity_bytes,full\n1,9,4,20,0\n2,9,5,20,1\n');
    expect(series.afterGc).toBe(true);
    expect([...series.values]).toEqual([4, 5]);
    expect([...series.majorCollections!]).toEqual([2000]);
    expect(series.limit).toBe(20);
  });

  it('reads a Prometheus query_range answer', () => {
    const metric = { __name__: 'process_resident_memory_bytes', job: 'shop', instance: 'a:1' };
    const result = [
      {
        metric,
        values: [
          [1700000000, '5'],
          [1700000060, '6'],
        ],
      },
    ]; // prettier-ignore
    const series = only(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    expect([series.service, series.instance, series.role]).toEqual(['shop', 'a:1', 'rss']);
    expect([...series.values]).toEqual([5, 6]);
  });

  it('unpacks every member of gzip and every frame of zstd', () => {
    const parts = ['time_s,value\n0,1\n', '1,2\n'].map(bytes);
    for (const pack of [gzipSync, zstdCompressSync])
      expect(parseSeries(decompress(Buffer.concat(parts.map((part) => pack(part)))))[0]!.values).toHaveLength(
        2,
      );
  });

  it.each([
    ['', /empty/],
    ['hello', /no columns/],
    ['time_s,value\na,b\n', /no times/],
    ['time_s,value\n1,x\n', /no numbers/],
    ['{"status":"success","data":{"resultType":"vector","result":[]}}', /need "matrix"/],
    ['{"status":"success","data":{"resultType":"matrix","result":[]}}', /no series/],
    ['{"a":1}', /not a Prometheus/],
    ['{', /Cannot read the JSON/],
  ])('refuses %j and says why', (text, message) => {
    expect(() => parseSeries(bytes(text))).toThrow(message);
  });

  it('throws nothing but faults on any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(bytes)), (any) => {
        try {
          parseSeries(any);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

describe('parseUnits()', () => {
  it('reads cumulative columns, and columns of counts per row', () => {
    const [a, b] = parseUnits(bytes('time_s,GET /a,job:mails\n0,1,5\n1,4,2\n2,9,3\n'));
    expect([...a!.counts]).toEqual([1, 4, 9]);
    expect([...b!.counts]).toEqual([5, 7, 10]);
    expect(b!.unit).toEqual({ kind: 'job', name: 'mails' });
  });
});
