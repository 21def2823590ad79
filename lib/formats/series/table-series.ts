import { invalidInput } from '../../model/fault.ts';
import { SECOND_MS } from '../../model/units.ts';
import { areCumulative, countedUp } from './counts.ts';
import { livesOf, type Table, timesOf } from './csv.ts';
import { type ParsedSeries, roleOfName } from './series.ts';

/** A series from a table of `time_s,value[,…]`, or a heap after each collection from a GC log's table. */
export function seriesOfTable(table: Table): ParsedSeries {
  const value = table.header.indexOf('after_bytes');
  const kind = value < 0 ? plainSeries : gcSeries;
  const lives = livesOf(table).map((life) => kind(life));
  return { ...lives.at(-1)!, earlier: lives.slice(0, -1) };
}

function plainSeries(table: Table): ParsedSeries {
  const times = timesOf(table);
  const values = table.columns[1];
  if (!values)
    throw invalidInput(`Cannot read the CSV: columns "${table.header.join(',')}", need time_s,value`);
  if (table.unread[1]! > 0 && !values.some(Number.isFinite))
    throw invalidInput('Cannot read the CSV: its second column holds no numbers');
  const { load, assumed } = loadOf(table, times);
  return {
    service: '',
    instance: '',
    role: roleOfName(table.header[1]!),
    times,
    values,
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    load,
    earlier: [],
    assumed: [...table.assumed, ...assumed],
  };
}

/** `time_s,before_bytes,after_bytes,capacity_bytes,full`, one row per collection. */
function gcSeries(table: Table): ParsedSeries {
  const column = (name: string) => table.columns[table.header.indexOf(name)];
  const times = timesOf(table);
  const full = column('full');
  const capacity = column('capacity_bytes')?.reduce((top, v) => (v > top ? v : top), 0);
  return {
    service: '',
    instance: '',
    role: 'heap_used',
    times,
    values: column('after_bytes')!,
    majorCollections: full ? times.filter((_, i) => full[i] === 1) : undefined,
    afterGc: true,
    limit: capacity && capacity > 0 ? capacity : undefined,
    load: undefined,
    earlier: [],
    assumed: table.assumed,
  };
}

const named = (words: string) => new RegExp(`(^|_)(${words})(_|$)`);
/** Columns that tell how much work came in… */
const LOAD = named('requests?|reqs?|load\\d*|active|in_?flight|concurren(t|cy)|rps|qps');
/** …not how much memory was used, or how long something took. */
const NO_LOAD = named(
  '\\w*bytes?|[kmg]i?b|mem|memory|heap|rss|anon|file|cached?|swap|pages|seconds|ms|latency|duration|size',
);
/** Requests counted since the process began; without such a name they may be those of a row, also where they only rise. */
const COUNT = named('total|counts?');
/** Loads that come and go. */
const NO_COUNT = named('load\\d*|active|in_?flight|concurren(t|cy)|rps|qps|per|rate');

/** `activeRequests` and `active-requests` as `active_requests`. */
const plainName = (name: string): string =>
  name
    .trim()
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();

function loadOf({ header, columns }: Table, times: Float64Array): Pick<ParsedSeries, 'load' | 'assumed'> {
  const place = header.findIndex((name, i) => {
    const plain = plainName(name);
    return i > 1 && LOAD.test(plain) && !NO_LOAD.test(plain);
  });
  if (place < 0) return { load: undefined, assumed: [] };
  const column = columns[place]!;
  const isKept = (_: number, i: number) => Number.isFinite(column[i]) && Number.isFinite(times[i]);
  const load = { times: times.filter(isKept), values: column.filter(isKept) };
  const plain = plainName(header[place]!);
  const isCounter = COUNT.test(plain) && !NO_COUNT.test(plain) && areCumulative([load.values]);
  const name = `"${header[place]}"`;
  return isCounter
    ? { load: ratesOf(load), assumed: [`load is the rise of ${name}`] }
    : { load, assumed: [`load is ${name}`] };
}

/** Counts per second between readings, at the later of the two. */
function ratesOf({ times, values }: NonNullable<ParsedSeries['load']>): ParsedSeries['load'] {
  const counts = countedUp(values, true);
  const rates = counts.map(
    (count, i) => ((count - counts[i - 1]!) * SECOND_MS) / (times[i]! - times[i - 1]!),
  );
  const isRate = (_: number, i: number) => Number.isFinite(rates[i]);
  return { times: times.filter(isRate), values: rates.filter(isRate) };
}
