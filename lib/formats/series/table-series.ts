import { invalidInput } from '../../model/fault.ts';
import { isCountRole, type MemoryRole } from '../../model/memory.ts';
import { GIB, KIB, MIB, SECOND_MS } from '../../model/units.ts';
import { areCumulative, countedUp } from './counts.ts';
import { livesOf, type Table } from './csv.ts';
import { type ParsedSeries, roleOfName } from './series.ts';
import { timesOf } from './times.ts';

/**
 * Series from a table of `time_s,value[,…]`, or a heap after each collection from a GC log's table. The values are in the column
 * of the role that is wanted; else in the second, unless its name is that of no memory, or of counts, and a later one's is.
 */
export function seriesOfTable(table: Table, wanted?: MemoryRole): ParsedSeries[] {
  const kinds = table.header.includes('after_bytes')
    ? [gcSeries]
    : valueColumns(table, wanted).map((value) => (life: Table) => plainSeries(life, value));
  return kinds.map((kind) => {
    const lives = livesOf(table).map(kind);
    return { ...lives.at(-1)!, earlier: lives.slice(0, -1) };
  });
}

function plainSeries(
  table: Table,
  { column, instance, role, scale, assumed: taken }: ValueColumn,
): ParsedSeries {
  const times = timesOf(table);
  const values = table.columns[column];
  if (!values)
    throw invalidInput(`Cannot read the CSV: columns "${table.header.join(',')}", need time_s,value`);
  if (table.unread[column]! > 0 && !values.some(Number.isFinite))
    throw invalidInput(`Cannot read the CSV: its column "${table.header[column]}" holds no numbers`);
  const { load, assumed } = loadOf(table, times, column);
  return {
    service: table.labels.service ?? '',
    instance,
    role,
    times,
    values: scale === 1 ? values : values.map((value) => value * scale),
    majorCollections: undefined,
    afterGc: false,
    limit: limitOf(table, column, scale),
    load,
    earlier: [],
    assumed: [...table.assumed, ...taken, ...assumed],
  };
}

/** The newest limit that a column tells, in bytes: in its own unit or, where it names none, in that of the values. */
function limitOf({ header, columns }: Table, values: number, scale: number): number | undefined {
  const place = header.findIndex((name, i) => i > 0 && i !== values && LIMIT.test(plainName(name)));
  const newest = columns[place]?.findLast((value) => value > 0 && Number.isFinite(value));
  if (newest === undefined) return undefined;
  const own = unitOf(header[place]!);
  const isBytes = own > 1 || /bytes$/.test(plainName(header[place]!)) || newest >= MIB;
  return newest * (isBytes ? own : scale);
}

/** `time_s,before_bytes,after_bytes,capacity_bytes,full`, one row per collection. */
function gcSeries(table: Table): ParsedSeries {
  const column = (name: string) => table.columns[table.header.indexOf(name)];
  const times = timesOf(table);
  const full = column('full');
  const capacity = column('capacity_bytes')?.reduce((top, v) => (v > top ? v : top), 0);
  return {
    service: table.labels.service ?? '',
    instance: table.labels.instance ?? '',
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

/** A column that holds the values of one process. */
interface ValueColumn {
  readonly column: number;
  readonly instance: string;
  readonly role: MemoryRole | undefined;
  /** Bytes of one of its units. */
  readonly scale: number;
  readonly assumed: readonly string[];
}

/** What one of a column's units is in bytes, by the end of its name: /proc and most tools mean 1,024 by a kB. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/(^|_)(k|ki)b(ytes)?$|kilobytes$/, KIB],
  [/(^|_)(m|mi)b(ytes)?$|megabytes$/, MIB],
  [/(^|_)(g|gi)b(ytes)?$|gigabytes$/, GIB],
];
/** A share of what there is, told in percent. */
const SHARE = /(^|_)(ratio|fraction|share)$/;
const unitOf = (name: string): number =>
  UNITS.find(([unit]) => unit.test(plainName(name)) || unit.test(plainName(name.toLowerCase())))?.[1] ?? 1;

function valueColumns(
  { header, columns, labels }: Table,
  wanted: MemoryRole | undefined,
): readonly ValueColumn[] {
  const places = [...header.keys()].slice(1);
  const roleAt = (i: number) => roleOfName(header[i] ?? '');
  const isOfBytes = (role: MemoryRole | undefined) => role !== undefined && !isCountRole(role);
  const isMemory = (i: number) => roleAt(i) !== undefined || MEMORY.test(plainName(header[i] ?? ''));
  const isOther = (i: number) => {
    const name = plainName(header[i] ?? '');
    return OTHER.test(name) || OF_KERNEL.test(name);
  };
  const others = places.filter((i) => !isOther(i));
  const isBytes = (i: number) => !isOther(i) && !isMemory(i) && columns[i]!.some((value) => value >= MIB);
  const own = labels.instance ?? '';
  // One metric of several in a long table.
  if (labels.metric && roleOfName(labels.metric) === undefined && OTHER.test(plainName(labels.metric)))
    return [];
  const taken = (column: number, instance: string): ValueColumn => {
    const name = labels.metric || (header[column] ?? '');
    const role = roleOfName(name);
    const top = columns[column]?.reduce((most, value) => (value > most ? value : most), 0) ?? 0;
    const isShare = SHARE.test(plainName(name)) && top <= 1;
    const scale = isShare ? 100 : unitOf(name);
    const isSmall = scale === 1 && top > 100 && top < MIB && (role === undefined || isOfBytes(role));
    const unit = scale === 1 ? [] : [`one of "${name}" is ${scale} ${isShare ? '%' : 'bytes'}`];
    const small = isSmall ? [`"${name}" is bytes, none of them 1 MiB: is it "rss_kb" or "rss_mb"?`] : [];
    return { column, instance, role, scale, assumed: [...unit, ...small] };
  };
  // A table of one column per process, as dashboards write them: all are large, and none is named for what it measures.
  if (places.length > 1 && places.every(isBytes)) return places.map((i) => taken(i, header[i]!));
  const ofRole = wanted && others.find((i) => roleAt(i) === wanted);
  const bytes = others.find((i) => isOfBytes(roleAt(i)));
  const first =
    isMemory(1) && !isOther(1) && (bytes === undefined || isOfBytes(roleAt(1) ?? 'rss')) ? 1 : undefined;
  const place = ofRole ?? first ?? bytes ?? others.find(isMemory) ?? 1;
  const one = taken(place, own);
  const alike = others.filter(
    (i) => i !== place && (isOfBytes(one.role) || ofRole) && roleAt(i) !== undefined,
  );
  const isAlike = (i: number) => roleAt(i) === one.role;
  const told = [
    ...(place === 1 ? [] : [`the values are "${header[place]}"`]),
    ...alike.map((i) => `"${header[i]}" is left out${isAlike(i) ? '' : ` (--role ${roleAt(i)})`}`),
  ];
  return [{ ...one, assumed: [...told, ...one.assumed] }];
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

/** What memory is called where no role is told… */
const MEMORY = named('\\w*bytes?|[kmg]i?b|mem|memory|heap|anon|rss|vms|uss|pss|value|used|usage');
const LIMIT = /^(\w*(mem|memory|heap|rss|ram|container|cgroup|pod)_?)?limits?(_in)?(_bytes|_[kmg]i?b)?$/;
/** …and what a column beside it is that measures something else, or what there is of memory instead of what is used. */
const OTHER = named(
  'cpu|index|idx|row|seq|id|\\w*limits?|max|maximum|capacity|total|available|free|swap|cached?|requests?|reqs?|load\\d*|rps|qps|latency|duration|uptime|errors?|disk|network|read|written|sent|received|rx|tx',
);
/** …or what the kernel keeps beside a process, as /proc/meminfo and memory.stat call it. */
const OF_KERNEL =
  /^((in)?active_)?(file|mapped|slab|shmem|sock|dirty|writeback|unevictable|buffers|kernel(_stack)?|page_?tables)(_bytes)?$/;

/** `activeRequests` and `active-requests` as `active_requests`. */
const plainName = (name: string): string =>
  name
    .trim()
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replace(/_$/, '')
    .toLowerCase();

function loadOf(
  { header, columns }: Table,
  times: Float64Array,
  values: number,
): Pick<ParsedSeries, 'load' | 'assumed'> {
  const place = header.findIndex((name, i) => {
    const plain = plainName(name);
    return i > 0 && i !== values && LOAD.test(plain) && !NO_LOAD.test(plain);
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
