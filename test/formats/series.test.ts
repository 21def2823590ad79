import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompress, parseSeries, parseUnits, roleOfName } from '../../lib/formats/series/index.ts';
import { Fault } from '../../lib/model/fault.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const all = (text: string) => parseSeries(bytes(text));
const only = (text: string) => all(text)[0]!;

describe('parseSeries()', () => {
  it('takes times beyond the year 5000 for milliseconds, whatever the column is called', () => {
    const now = Date.UTC(2026, 10, 21);
    expect([...only(`time_s,value\n${now},5\n${now + 1000},6\n`).times]).toEqual([now, now + 1000]);
    expect([...only(`time_s,value\n${now / 1000},5\n${now / 1000 + 1},6\n`).times]).toEqual([
      now,
      now + 1000,
    ]);
  });

  it.each([
    ['2026-11-22T10:00:00Z', '2026-11-22T10:00:15Z'],
    ['2026-11-22 10:00', '2026-11-22 10:00:15'],
    ['2026/11/22 12:00:00.000+02:00', '2026-11-22T06:30:15-0330'],
    ['1795341600', '1795341615'],
    ['1795341600000', '1795341615000'],
    ['1795341600000000', '1795341615000000'],
    ['1795341600000000000', '1795341615000000000'],
  ])('reads %s for a time', (first, second) => {
    const begin = Date.UTC(2026, 10, 22, 10);
    for (const header of ['timestamp,value\n', '']) {
      const { times, assumed } = only(`${header}${first},5\n${second},6\n`);
      expect([[...times], assumed]).toEqual([[begin, begin + 15_000], []]);
    }
  });

  it('takes the unit of times and values from their names', () => {
    for (const [name, second] of [
      ['time_ns', 9e12],
      ['uptime (us)', 9e9],
      ['t_ms', 9e6],
    ] as const)
      expect([...only(`${name},value\n0,5\n${second},6`).times], name).toEqual([0, 9e6]);
    for (const [name, bytesOfOne] of [
      ['rss_kb', 1024],
      ['memory (MiB)', 2 ** 20],
      ['heapUsedMB', 2 ** 20],
      ['mem_gigabytes', 2 ** 30],
    ] as const) {
      const { values, assumed } = only(`time_s,${name}\n0,5\n1,6`);
      expect([[...values], assumed]).toEqual([
        [5 * bytesOfOne, 6 * bytesOfOne],
        [`one of "${name}" is ${bytesOfOne} bytes`],
      ]);
    }
  });

  it('makes a series of each process that a column of names tells apart', () => {
    const files = [
      'time_s,pod,service,rss_bytes\n0,a,shop,10\n0,b,shop,20\n15,a,shop,11\n15,b,shop,21\n',
      'service,time_s,rss_bytes,pod\nshop,0,10,a\nshop,15,11,a\nshop,0,20,b\nshop,15,21,b\n',
    ];
    for (const text of files)
      expect(all(text).map((one) => [one.service, one.instance, [...one.times], [...one.values]])).toEqual([
        ['shop', 'a', [0, 15_000], [10, 11]],
        ['shop', 'b', [0, 15_000], [20, 21]],
      ]);
    const metrics = all(
      'time,metric,value\n0,heap_used,10\n0,goroutines,20\n1,heap_used,11\n1,goroutines,21',
    );
    expect(metrics.map(({ role, values }) => [role, [...values]])).toEqual([
      ['heap_used', [10, 11]],
      ['goroutine_count', [20, 21]],
    ]);
    expect(all('time_s,value,pid\n0,1,7\n0,2,8\n1,3,7\n').map(({ instance }) => instance)).toEqual([
      '7',
      '8',
    ]);
    expect(all('time_s,value,node\n0,1,3\n1,2,4\n')).toHaveLength(1);
  });

  it('makes a series of each column of a dashboard', () => {
    const large = [1, 2, 3].map((i) => i * 1e8);
    const series = all(`Time,shop-1,shop-2,shop-3\n0,${large}\n15,${large}\n`);
    expect(series.map(({ instance, values }) => [instance, values[1]])).toEqual([
      ['shop-1', 1e8],
      ['shop-2', 2e8],
      ['shop-3', 3e8],
    ]);
    expect(all(`time_s,value,anon_bytes,other\n0,${large}\n15,${large}\n`)).toHaveLength(1);
    expect(all(`time_s,anon,file,slab\n0,${large}\n15,${large}\n`)).toHaveLength(1);
    expect(only(`time_s,a rss,b rss\n0,1e8,2e8\n15,1e8,2e8\n`).assumed).toEqual(['"b rss" is left out']);
  });

  it.each([
    ['time_s,cpu,memory_bytes', 'time_s,cpu,memory_bytes', 6],
    ['requests first', 'time_s,requests,rss', 6],
    ['an index before the time', ',timestamp,value', 6],
    ['an index that has a name', 'index,time_s,rss_bytes', 6],
    ['what no memory is called', 'time_s,sessions,rss', 6],
    ['bytes that are no memory', 'time_s,sessions,disk_bytes', 5],
    ['bytes that were read', 'time_s,bytes_read,rss', 6],
    ['the page cache', 'time_s,file,anon', 6],
    ['names that say nothing', 'time_s,y,cpu', 5],
    ['what is free, alone', 'time_s,free_bytes,cpu', 5],
  ])('finds the values behind other columns: %s', (_, header, value) => {
    expect(only(`${header}\n0,5,6\n1,5,6\n`).values[0]).toBe(value);
  });

  it.each([
    ['191 MiB', 191 * 2 ** 20],
    ['191Mi', 191 * 2 ** 20],
    ['0.2 GB', 2e8],
    ['200M', 2e8],
    ['512 B', 512],
    ['45.5%', 45.5],
    ['5 apples', Number.NaN],
  ])('reads %s as dashboards write amounts', (cell, value) => {
    expect(only(`time_s,value\n0,${cell}\n1,7\n`).values[0]).toBe(value);
    expect(only(`0,${cell}\n1,7\n`).values).toEqual(Float64Array.of(value, 7));
  });

  it('reads decimals with a comma, and columns between spaces', () => {
    expect([...only('time_s;value\n0;5,5\n60;6\n').values]).toEqual([5.5, 6]);
    expect([...only('time_s  value\n 0   5\n60 6\n').values]).toEqual([5, 6]);
  });

  it.each([
    ['two groups in quotes', 'time_s,rss\n0,"12,345,678"\n1,"1,234"\n2,999\n', [12_345_678, 1234, 999]],
    ['one group in quotes, in kB', 'time_s,rss_kb\n0,"12,345"\n1,999\n', [12_345 * 1024, 999 * 1024]],
    ['points, decimals with a comma', 'time;rss\n0;1.234.567,5\n1;999.123\n', [1_234_567.5, 999_123]],
    ['commas, decimals with a point', 'time;rss\n0;1,234.5\n1;2,000\n', [1234.5, 2000]],
    ['spaces', 'time_s,rss\n0,12 345 678\n1,1 234\n', [12_345_678, 1234]],
    ['apostrophes and a unit', "time_s,rss\n0,1'234'567 MB\n1,1'000 MB\n", [1_234_567e6, 1e9]],
    ['no groups: decimals in quotes', 'time_s,rss\n0,"12,5"\n1,"12,345"\n', [12.5, 12.345]],
    ['no groups: decimals between semicolons', 'time;rss\n0;12,345\n1;1\n', [12.345, 1]],
    [
      'no groups: what is used of a limit',
      'time,rss\n0,1.5MiB / 512MiB\n1,2MiB / 512MiB\n',
      [1.5 * 2 ** 20, 2 ** 21],
    ],
  ])('reads thousands as spreadsheets write them: %s', (_, text, values) => {
    expect([...only(text).values]).toEqual(values);
  });

  it('takes the column of the role that is asked for, and memory before counts', () => {
    const text = 'timestamp,threads,rss,heapUsed\n0,5,6,7\n1,5,6,7\n';
    const [usual] = parseSeries(bytes(text));
    expect([usual?.role, usual?.values[0]]).toEqual(['rss', 6]);
    expect(usual?.assumed).toEqual([
      'the values are "rss"',
      '"threads" is left out (--role thread_count)',
      '"heapUsed" is left out (--role heap_used)',
    ]);
    for (const [role, value] of [
      ['heap_used', 7],
      ['thread_count', 5],
    ] as const)
      expect(parseSeries(bytes(text), role)[0]).toMatchObject({
        role,
        values: Float64Array.of(value, value),
      });
    expect(parseSeries(bytes('time_s,value\n0,5\n1,6\n'), 'heap_used')[0]?.values[0]).toBe(5);
  });

  it('reads a share of one as percent, by its name', () => {
    expect([...only('time_s,memory_ratio\n0,0.25\n1,0.5\n').values]).toEqual([25, 50]);
    expect([...only('time_s,memory_ratio\n0,25\n1,50\n').values]).toEqual([25, 50]);
  });

  it('makes a series of each name of a container or a metric', () => {
    const text = 'time,name,mem\n0,web,10\n0,db,20\n1,web,11\n1,db,21\n';
    expect(all(text).map(({ instance, values }) => [instance, ...values])).toEqual([
      ['web', 10, 11],
      ['db', 20, 21],
    ]);
    const metrics = all('time,name,value\n0,process_resident_memory_bytes,10\n0,go_goroutines,20\n');
    expect(metrics.map(({ role, instance }) => [role, instance])).toEqual([
      ['rss', ''],
      ['goroutine_count', ''],
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

  it.each(['NaN', 'nan', 'null', 'NA', 'inf', '-', ''])(
    'takes a first row with %j in it for a row',
    (word) => {
      expect([...only(`0,${word}\n60,6`).values]).toEqual([Number.NaN, 6]);
      expect([...only(`time_s,value\n0,${word}\n60,6`).values]).toEqual([Number.NaN, 6]);
    },
  );

  it('takes an index without a name, and names of numbers, for a header', () => {
    expect([...only(',value\n0,5\n1,6').values]).toEqual([5, 6]);
    const { values, assumed } = only('time_s,200\n0,5\n1,6');
    expect([[...values], assumed]).toEqual([[5, 6], ['the first row is a header']]);
  });

  it('keeps commas within quotes, and skips blank lines', () => {
    const series = only('"time_s","jvm_memory_used_bytes{area=""nonheap"",id=""x""}"\n"0","5"\n\n1,6\n');
    expect([series.role, [...series.values]]).toEqual(['non_heap', [5, 6]]);
  });

  it.each(['time_s,value\n', 'time_s,value\n0,5\n', 'time_s,value\n0,NaN\n60,\n'])(
    'reads %j, which is legal and says little',
    (text) => {
      expect(only(text).values.filter(Number.isFinite).length).toBeLessThan(2);
    },
  );

  it('puts rows in order of time and says so: the last row first, pages the newest first, or in none', () => {
    const day = Array.from({ length: 30 }, (_, i) => `${i * 15},${i}`);
    const inOrder = Float64Array.from(day.keys());
    const files = [
      [...day.slice(-1), ...day.slice(0, -1)],
      [...day.slice(20), ...day.slice(10, 20), ...day.slice(0, 10)],
      day.toReversed(),
      day.toSorted((a, b) => (a < b ? 1 : -1)),
    ];
    for (const rows of files) {
      const { values, assumed, earlier } = only(`time_s,value\n${rows.join('\n')}`);
      expect([values, assumed, earlier]).toEqual([inOrder, ['rows are sorted by time'], []]);
    }
    expect([...only('time_s,value,load\n5,50,1\n,0,9\n1,10,2\n3,30,3\n').load!.values]).toEqual([2, 3, 1]);
  });

  it('makes a process of each stretch of an uptime that begins again', () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${(i % 20) * 15},${i}`).join('\n');
    const { values, earlier, assumed } = only(`time_s,value\n${rows}`);
    expect(earlier.map((life) => [life.values[0], life.values.length])).toEqual([
      [0, 20],
      [20, 20],
    ]);
    expect([values[0], values.length, assumed.length]).toEqual([40, 10, 1]);
  });

  it('makes a process of an uptime that begins below the first that was seen', () => {
    const rows = Array.from({ length: 60 }, (_, i) => (i < 20 ? 50_000 + i * 500 : (i - 20) * 500));
    const { times, earlier } = only(`time_s,value\n${rows.map((time, i) => `${time},${i}`).join('\n')}`);
    expect([times[0], earlier.map((life) => life.times[0])]).toEqual([0, [50_000_000]]);
  });

  it.each([
    ['early rows that changed places', [0, 60, 120, 110, 180]],
    ['first rows that changed places', [60, 0]],
    ['times before now', [-90, -100, -80]],
    ['two pages, the newest first', Array.from({ length: 40 }, (_, i) => ((i + 20) % 40) * 15)],
  ])('sorts %s', (_, begin) => {
    const rest = Array.from({ length: 40 }, (__, i) => Math.max(...begin) + (i + 1) * 60);
    const rows = begin.length === 40 ? begin : [...begin, ...rest];
    for (const first of [0, 1_700_000_000]) {
      const { earlier, assumed } = only(
        `time_s,value\n${rows.map((time) => `${first + time},5`).join('\n')}`,
      );
      expect([earlier, assumed]).toEqual([[], ['rows are sorted by time']]);
    }
  });

  it('sorts a clock that was set back by a moment', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i * 15 - (i >= 20 ? 20 : 0)},${i}`).join('\n');
    expect(only(`time_s,value\n${rows}`).earlier).toEqual([]);
  });

  it.each([
    ['rps', true],
    ['active_requests', true],
    ['requestsPerSecond', true],
    ['in-flight', true],
    ['active_anon_bytes', false],
    ['inactive_file', false],
    ['payload', false],
    ['memory_requests', false],
    ['reload', false],
  ])('takes a column %s for a load: %s', (name, isLoad) => {
    const { load, assumed } = only(`time_s,value,${name}\n0,5,3\n1,6,1\n2,6,2\n`);
    expect([load !== undefined, assumed]).toEqual([isLoad, isLoad ? [`load is "${name}"`] : []]);
  });

  it('takes the rise of requests that were counted since the process began for the load', () => {
    const { load } = only('time_s,value,requests_total\n0,5,3\n2,6,7\n3,6,9\n4,6,1\n5,6,4\n');
    expect([...load!.values]).toEqual([2, 2, 1, 3]);
    expect([...load!.times]).toEqual([2000, 3000, 4000, 5000]);
  });

  it('takes requests of a ramp for the load, as they are', () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i * 15},${i},${i * 10}`).join('\n');
    expect([...only(`time_s,rss_bytes,requests\n${rows}`).load!.values].slice(0, 3)).toEqual([0, 10, 20]);
    expect([...only(`time_s,rss_bytes,request_count\n${rows}`).load!.values].slice(0, 2)).toEqual([
      10 / 15,
      10 / 15,
    ]);
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

  it('takes limits that are told beside the memory', () => {
    const of = (name: string, pod: string, value: string) => ({
      ...{ metric: { __name__: name, container: 'shop', pod }, values: [[1, value]] },
    });
    const result = ['a', 'b'].flatMap((pod, i) => [
      of('container_memory_working_set_bytes', pod, '5'),
      of('container_spec_memory_limit_bytes', pod, `${10 * (i + 1)}`),
    ]);
    const series = all(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    expect(series.map(({ instance, limit }) => [instance, limit])).toEqual([
      ['a', 10],
      ['b', 20],
    ]);
  });

  it.each([
    ['rss_bytes,limit_mib', 2, 2 * 2 ** 20],
    ['rss_mb,limit', 2, 2 * 2 ** 20],
    ['rss_mb,memory_limit_bytes', 2, 2],
    ['rss_mb,limit', 2 ** 30, 2 ** 30],
    ['rss_bytes,rate_limit', 2, undefined],
    ['rss_bytes,cpu_limit', 2, undefined],
  ])('takes the limit of %s, where it is %d, for %d bytes', (header, told, limit) => {
    expect(only(`time_s,${header}\n0,5,${told}\n1,6,${told}\n`).limit).toBe(limit);
  });

  it('takes for a container its own limit of memory', () => {
    const of = (name: string, labels: object, value: string) => ({
      ...{ metric: { __name__: name, pod: 'a', ...labels }, values: [[1, value]] },
    });
    const limits = 'kube_pod_container_resource_limits';
    const result = [
      of('container_memory_working_set_bytes', { container: 'shop' }, '5'),
      of('container_memory_working_set_bytes', { container: 'proxy' }, '5'),
      of(limits, { container: 'shop', resource: 'memory' }, '10'),
      of(limits, { container: 'shop', resource: 'cpu' }, '0.5'),
      of(limits, { container: 'proxy', resource: 'memory' }, '20'),
    ];
    const series = all(JSON.stringify({ resultType: 'matrix', result }));
    expect(series.map(({ service, limit }) => [service, limit])).toEqual([
      ['shop', 10],
      ['proxy', 20],
    ]);
  });

  it('leaves rows without a time out', () => {
    const pairs = [
      [0, '1'],
      ['y', '2'],
      [2, '3'],
      ['x', '4'],
    ];
    const data = { resultType: 'matrix', result: [{ metric: {}, values: pairs }] };
    for (const text of ['time_s,value\n0,1\n,2\n2,3\nx,4\n', JSON.stringify(data)]) {
      const { times, values } = only(text);
      expect([[...times], [...values]]).toEqual([
        [0, 2000],
        [1, 3],
      ]);
    }
  });

  it('leaves metrics out that are no memory, and says when none is', () => {
    const long = (metric: string) => `time,metric,value\n0,${metric},1\n1,${metric},2\n`;
    expect(all(`${long('rss')}0,cpu_percent,1\n1,cpu_percent,2\n`)).toHaveLength(1);
    expect(() => all(long('cpu_percent'))).toThrow('none of its metrics is memory');
  });

  it('says where values are too small for bytes', () => {
    expect(only('time_s,rss\n0,301000\n1,302000\n').assumed).toHaveLength(1);
    expect(only('time_s,goroutines\n0,301000\n1,302000\n').assumed).toEqual([]);
  });

  it('names the container of a container, not the scraper of its node', () => {
    const metric = {
      ...{ __name__: 'container_memory_working_set_bytes', job: 'kubelet', instance: 'node-1' },
      ...{ container: 'shop', pod: 'shop-7d' },
    };
    const data = { resultType: 'matrix', result: [{ metric, values: [[1, '5']] }] };
    const series = only(JSON.stringify({ status: 'success', data }));
    expect([series.service, series.instance]).toEqual(['shop', 'shop-7d']);
  });

  it.each([
    ['heap_used_bytes', 'heap_used'],
    ['jvm_memory_used_bytes{area="heap",id="G1 Old Gen"}', 'heap_used'],
    ['jvm_memory_used_bytes{area="nonheap"}', 'non_heap'],
    ['go_memstats_alloc_bytes', 'heap_used'],
    ['process_heap_bytes', 'heap_used'],
    ['non_heap_bytes', 'non_heap'],
    ['container_memory_usage_bytes', 'container_cached'],
    ['container_memory_cache{pod="a"}', 'container_cached'],
    ['container_memory_working_set_bytes', 'container_usage'],
    ['go_memstats_alloc_bytes_total', undefined],
    ['process_resident_memory_bytes{container="heap"}', 'rss'],
  ])('%s measures %s', (name, role) => {
    expect(roleOfName(name)).toBe(role);
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
  const countsOf = (rows: string) =>
    parseUnits(bytes(`time_s,GET /a,job:mails\n${rows}`)).work.map(({ counts }) => [...counts]);

  it('reads counts per row, constant ones too, and names kinds', () => {
    const { work, assumed } = parseUnits(bytes('time_s,GET /a,job:mails\n0,4,5\n1,4,2\n2,4,3\n'));
    expect(work.map(({ counts }) => [...counts])).toEqual([
      [4, 8, 12],
      [5, 7, 10],
    ]);
    expect([work[1]!.unit, assumed]).toEqual([{ kind: 'job', name: 'mails' }, ['counts are per row']]);
  });

  it('reads cumulative counts, and counts on where a process is replaced', () => {
    expect(countsOf('0,10,5\n1,40,5\n2,90,6\n3,3,0\n4,13,1\n')).toEqual([
      [10, 40, 90, 93, 103],
      [5, 5, 6, 6, 7],
    ]);
  });

  it('leaves blank lines and rows without a time out', () => {
    const [a] = parseUnits(bytes('time_s,GET /a\n0,1\n\n,7\n2,9\n')).work;
    expect([[...a!.times], [...a!.counts]]).toEqual([
      [0, 2000],
      [1, 9],
    ]);
  });
});
