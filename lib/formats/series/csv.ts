import { invalidInput } from '../../model/fault.ts';
import { SECOND_MS } from '../../model/units.ts';
import { orderOf } from './row-order.ts';

/** A table of numbers, its rows in order of time; an empty or unreadable cell is NaN. The first column holds times. */
export interface Table {
  readonly header: readonly string[];
  readonly columns: readonly Float64Array[];
  /** Cells of each column that are neither numbers nor empty. */
  readonly unread: readonly number[];
  /** Which row of the file each row was, from 0; blank lines and the header are none. */
  readonly rows: Uint32Array;
  /** Places at which the clock starts again: a new process on its own uptime. */
  readonly restarts: readonly number[];
  /** What was guessed, for people. */
  readonly assumed: readonly string[];
}

/** Rows beyond this are refused: the analysis needs no finer data, and a year of 1 s readings has 31 million. */
const MAX_ROWS = 40_000_000;
/** How programs write that there is no value. */
const EMPTY_WORD = /^(|-|nan|null|none|nil|na|n\/a|[+-]?inf(inity)?)$/i;

/** Reads `time_s,…` tables; a file without a header line is `time_s,value`. Separators: comma, semicolon, tab. */
export function parseTable(text: string): Table {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n|\r/)
    .filter((line) => line.trim() !== '');
  const [first] = lines;
  if (first === undefined) throw invalidInput('Cannot read the CSV: it is empty');
  const separator = [',', ';', '\t'].find((s) => first.includes(s));
  if (separator === undefined)
    throw invalidInput(`Cannot read the CSV: no columns in its first line "${first.trim().slice(0, 60)}"`);
  const cells = cellsOf(first, separator).map((cell) => cell.trim());
  const isHeader = Number.isNaN(numberOf(cells[0]!)) && cells.some(isText);
  const header = isHeader ? cells : ['time_s', 'value', ...cells.slice(2).map((_, i) => `column_${i + 3}`)];
  const body = isHeader ? lines.slice(1) : lines;
  if (body.length > MAX_ROWS)
    throw invalidInput(`Cannot read the CSV: ${body.length} rows, at most ${MAX_ROWS}`);
  const { columns, unread } = numbersOf(body, separator, header.length);
  const { rows, restarts } = orderOf(columns[0]!);
  const assumed = [
    ...(isHeader && !cells.every(isText) ? ['the first row is a header'] : []),
    ...(rows === undefined ? [] : ['rows are sorted by time']),
    ...(restarts.length > 0 ? [`the clock starts again ${restarts.length} times, for a process each`] : []),
    ...unread.flatMap((count, i) =>
      count > 0 && i < 2 ? [`${count} in "${header[i]}" are no numbers`] : [],
    ),
  ];
  return {
    header,
    columns: rows ? columns.map((column) => Float64Array.from(rows, (row) => column[row]!)) : columns,
    unread,
    rows: rows ?? Uint32Array.from(body.keys()),
    restarts,
    assumed,
  };
}

function numbersOf(lines: readonly string[], separator: string, width: number) {
  const columns = Array.from({ length: width }, () => new Float64Array(lines.length).fill(Number.NaN));
  const unread = columns.map(() => 0);
  for (const [row, line] of lines.entries()) {
    const cells = cellsOf(line, separator);
    for (const [i, column] of columns.entries()) {
      const cell = cells[i];
      if (cell === undefined) break;
      column[row] = numberOf(cell);
      if (Number.isNaN(column[row]) && isText(cell)) unread[i]! += 1;
    }
  }
  return { columns, unread };
}

const numberOf = (cell: string): number => (cell.trim() === '' ? Number.NaN : Number(cell));
const isText = (cell: string): boolean => Number.isNaN(Number(cell)) && !EMPTY_WORD.test(cell.trim());

/** Quotes keep separators, as in names with labels; a quote within quotes is dropped. */
function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator);
  const cells = [''];
  let isQuoted = false;
  for (const char of line) {
    if (char === '"') isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) cells.push('');
    else cells[cells.length - 1] += char;
  }
  return cells;
}

/** One table for each process that wrote rows on its own clock, in the order of the file. */
export function livesOf(table: Table): readonly Table[] {
  if (table.restarts.length === 0) return [table];
  const bounds = [0, ...table.restarts, table.rows.length];
  return bounds.slice(1).map((to, i) => ({
    ...table,
    columns: table.columns.map((column) => column.subarray(bounds[i], to)),
    rows: table.rows.subarray(bounds[i], to),
  }));
}

/** As seconds this is the year 5138: whoever writes such times wrote milliseconds, whatever the column is called. */
const NO_SECONDS = 1e11;

/** Times in ms from a column of seconds, which may also be named as milliseconds, or be large enough to be some. */
export function timesOf(table: Table): Float64Array {
  const column = table.columns[0]!;
  if (table.unread[0]! > 0 && !column.some(Number.isFinite))
    throw invalidInput('Cannot read the CSV: its first column holds no times in seconds');
  const isMs = /ms$|milli/i.test(table.header[0]!) || column.some((time) => time >= NO_SECONDS);
  return isMs ? column : column.map((seconds) => seconds * SECOND_MS);
}
