import { invalidInput } from '../../model/fault.ts';
import { SECOND_MS } from '../../model/units.ts';
import { type ParsedSeries, roleOfName } from './series.ts';

/** A table of numbers; an empty or unreadable cell is NaN. */
export interface Table {
  readonly header: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly rows: number;
}

/** Rows beyond this are refused: the analysis needs no finer data, and a year of 1 s readings has 31 million. */
const MAX_ROWS = 40_000_000;
/** Columns that tell how much work came in, not how much memory was used. */
const LOAD_COLUMN = /request|load|active|in_?flight|concurren|rps|qps/i;

/** Reads `time_s,…` tables; a file without a header line is `time_s,value`. Separators: comma, semicolon, tab. */
export function parseTable(text: string): Table {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  const first = lines[0]?.trim();
  if (!first) throw invalidInput('Cannot read the CSV: it is empty');
  const separator = [',', ';', '\t'].find((s) => first.includes(s));
  if (!separator)
    throw invalidInput(`Cannot read the CSV: no columns in its first line "${first.slice(0, 60)}"`);
  const cells = first.split(separator).map(unquote);
  const hasHeader = cells.some((cell) => cell !== '' && Number.isNaN(Number(cell)));
  const header = hasHeader ? cells : ['time_s', 'value', ...cells.slice(2).map((_, i) => `column_${i + 3}`)];
  const body = hasHeader ? lines.slice(1) : lines;
  if (body.length > MAX_ROWS)
    throw invalidInput(`Cannot read the CSV: ${body.length} rows, at most ${MAX_ROWS}`);
  const columns = header.map(() => new Float64Array(body.length).fill(Number.NaN));
  for (const [row, line] of body.entries()) {
    const parts = line.split(separator);
    for (const [i, column] of columns.entries()) {
      const cell = unquote(parts[i] ?? '');
      column[row] = cell === '' ? Number.NaN : Number(cell);
    }
  }
  return { header, columns: inOrder(columns), rows: body.length };
}

/** Steps back in time beyond this share are no clock that was set, but rows that are not in its order. */
const STRAY_STEPS = 0.1;

/** Rows by time: queries often answer with the newest first. A clock that starts again now and then is left as it is. */
function inOrder(columns: readonly Float64Array[]): readonly Float64Array[] {
  const [times = new Float64Array()] = columns;
  if (stepsBack(times) <= STRAY_STEPS * times.length) return columns;
  const order = Uint32Array.from(times, (_, i) => i);
  // Rows without a time go last.
  const at = (i: number) => (Number.isNaN(times[i]) ? Number.POSITIVE_INFINITY : (times[i] as number));
  order.sort((a, b) => (at(a) === at(b) ? a - b : at(a) - at(b)));
  return columns.map((column) => Float64Array.from(order, (i) => column[i] as number));
}

function stepsBack(times: Float64Array): number {
  let steps = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    if (time < last) steps += 1;
    if (!Number.isNaN(time)) last = time;
  }
  return steps;
}

const unquote = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');

/** A series from a table of `time_s,value[,…]`, or a heap after each collection from a GC log's table. */
export function seriesOfTable(table: Table): ParsedSeries {
  const times = timesOf(table);
  const after = table.header.indexOf('after_bytes');
  if (after >= 0) return gcSeries(table, times, table.columns[after]!);
  const values = table.columns[1];
  if (!values)
    throw invalidInput(`Cannot read the CSV: columns "${table.header.join(',')}", need time_s,value`);
  if (!values.some(Number.isFinite))
    throw invalidInput('Cannot read the CSV: its second column holds no numbers');
  const load = table.header.findIndex((name, i) => i > 1 && LOAD_COLUMN.test(name));
  return {
    service: '',
    instance: '',
    role: roleOfName(table.header[1]!),
    times,
    values,
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    load: load < 0 ? undefined : finite(times, table.columns[load]!),
  };
}

/** `time_s,before_bytes,after_bytes,capacity_bytes,full`, one row per collection. */
function gcSeries(table: Table, times: Float64Array, values: Float64Array): ParsedSeries {
  const column = (name: string) => table.columns[table.header.indexOf(name)];
  const full = column('full');
  const capacity = column('capacity_bytes')?.reduce((top, v) => (v > top ? v : top), 0);
  return {
    service: '',
    instance: '',
    role: 'heap_used',
    times,
    values,
    majorCollections: full ? times.filter((_, i) => full[i] === 1) : undefined,
    afterGc: true,
    limit: capacity && capacity > 0 ? capacity : undefined,
    load: undefined,
  };
}

/** As seconds this is the year 5138: whoever writes such times wrote milliseconds, whatever the column is called. */
const NO_SECONDS = 1e11;

/** Times in ms from a column of seconds, which may also be named as milliseconds, or be large enough to be some. */
export function timesOf(table: Table): Float64Array {
  const column = table.columns[0]!;
  if (!column.some(Number.isFinite))
    throw invalidInput('Cannot read the CSV: its first column holds no times in seconds');
  const isMs = /ms$|milli/i.test(table.header[0]!) || column.some((time) => time >= NO_SECONDS);
  return isMs ? column : column.map((seconds) => seconds * SECOND_MS);
}

function finite(times: Float64Array, values: Float64Array): ParsedSeries['load'] {
  const keep = (_: number, i: number) => Number.isFinite(values[i]) && Number.isFinite(times[i]);
  return { times: times.filter(keep), values: values.filter(keep) };
}
