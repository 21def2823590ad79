import { invalidInput } from '../../model/fault.ts';
import { type Labels, labelOf, labelsOf } from './labels.ts';
import { groupedNumberOf, isText, numberOf, thousandsOf } from './numbers.ts';
import { orderOf } from './row-order.ts';
import { timeOf } from './times.ts';

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
  /** Whose rows these are, where columns of names say so. */
  readonly labels: Labels;
  /** What was guessed, for people. */
  readonly assumed: readonly string[];
}

/** Rows beyond this are refused: the analysis needs no finer data, and a year of 1 s readings has 31 million. */
const MAX_ROWS = 40_000_000;
/** Processes of one file beyond this are refused: a scan is for a handful. */
const MAX_PROCESSES = 10_000;
const TIME_NAME = /^_?(time|timestamp|ts|date|datetime|epoch)([\W_]*(s|sec|seconds|ms|us|ns|utc)\W*)?$/i;

/**
 * Reads `time_s,…` tables; a file without a header line is `time_s,value`. Separators: comma, semicolon, tab, or spaces between
 * numbers. Times are numbers or dates of ISO 8601 (`times.ts`), in the first column or in one that is named for them.
 */
export const parseTable = (text: string): Table => tablesOf(text, () => undefined)[0]!;

/** The same, a table for each process that columns such as `instance`, `pod` or `pid` tell apart. */
export const parseTables = (text: string): readonly Table[] => tablesOf(text, labelOf);

function tablesOf(text: string, kindOf: typeof labelOf): readonly Table[] {
  const { names, body, split, separator, assumed } = linesOf(text);
  const sample = body[0] === undefined ? [] : split(body[0]);
  const kinds = names.map((name, i) => kindOf(name, isText(sample[i] ?? '') ? sample[i]! : ''));
  const order = orderOfColumns(names, kinds);
  const header = order.map((i) => names[i]!);
  const { columns, unread } = numbersOf(body, split, order, separator);
  const all = { header, columns, unread, assumed };
  const labelled = kinds.flatMap((kind, i) => (kind === undefined ? [] : [i]));
  if (labelled.length === 0 || body.length === 0) return [sorted(all, {})];
  const groups = rowsByLabel(body, split, labelled);
  if (groups.size > MAX_PROCESSES)
    throw invalidInput(`Cannot read the CSV: it names ${groups.size} processes, at most ${MAX_PROCESSES}`);
  const ownKinds = labelled.map((i) => kinds[i]!);
  return [...groups.values()].map(({ cells, rows }) =>
    sorted({ ...all, columns: columns.map((column) => pick(column, rows)) }, labelsOf(ownKinds, cells), rows),
  );
}

type Cells = (line: string) => readonly string[];

function linesOf(text: string) {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n|\r/)
    .filter((line) => line.trim() !== '');
  const [first, second = ''] = lines;
  if (first === undefined) throw invalidInput('Cannot read the CSV: it is empty');
  const separator = [',', ';', '\t'].find((s) => first.includes(s));
  const split = splitterOf(separator, first, second);
  if (split === undefined)
    throw invalidInput(`Cannot read the CSV: no columns in its first line "${first.trim().slice(0, 60)}"`);
  const cells = split(first).map((cell) => cell.trim());
  const isHeader = Number.isNaN(timeOf(cells[0]!)) && cells.some(isText);
  const body = isHeader ? lines.slice(1) : lines;
  if (body.length > MAX_ROWS)
    throw invalidInput(`Cannot read the CSV: ${body.length} rows, at most ${MAX_ROWS}`);
  return {
    names: isHeader ? cells : ['time_s', 'value', ...cells.slice(2).map((_, i) => `column_${i + 3}`)],
    body,
    split,
    separator,
    assumed: isHeader && !cells.every(isText) ? ['the first row is a header'] : [],
  };
}

function splitterOf(separator: string | undefined, first: string, second: string): Cells | undefined {
  if (separator !== undefined) return (line) => cellsOf(line, separator);
  const spaced: Cells = (line) => line.trim().split(/\s+/);
  const isSpaced = [first, second].some(
    (line) => spaced(line).length > 1 && !Number.isNaN(numberOf(spaced(line)[0]!)),
  );
  return isSpaced ? spaced : undefined;
}

/** Times first, then values, then what has no name, as the numbers of rows, or holds names. */
function orderOfColumns(names: readonly string[], kinds: readonly unknown[]): readonly number[] {
  const time = Math.max(
    0,
    names.findIndex((name) => TIME_NAME.test(name)),
  );
  const places = [...names.keys()].filter((i) => i !== time);
  const isValue = (i: number) => kinds[i] === undefined && names[i] !== '';
  return [time, ...places.filter(isValue), ...places.filter((i) => !isValue(i))];
}

function numbersOf(
  lines: readonly string[],
  split: Cells,
  order: readonly number[],
  separator: string | undefined,
) {
  const columns = order.map(() => new Float64Array(lines.length).fill(Number.NaN));
  const unread = columns.map(() => 0);
  const marked = new Set<number>();
  for (const [row, line] of lines.entries()) {
    const cells = split(line);
    for (const [k, column] of columns.entries()) {
      const cell = cells[order[k]!];
      if (cell === undefined) continue;
      column[row] = k === 0 ? timeOf(cell) : numberOf(cell);
      if (Number.isNaN(column[row]) && isText(cell)) unread[k]! += 1;
      if (k > 0 && MARK.test(cell)) marked.add(k);
    }
  }
  for (const k of marked) {
    const cells = lines.map((line) => split(line)[order[k]!] ?? '');
    const mark = thousandsOf(cells, separator);
    if (mark !== undefined) columns[k] = Float64Array.from(cells, (cell) => groupedNumberOf(cell, mark));
  }
  return { columns, unread };
}

/** What may stand between thousands in a number, and is not the point of a decimal. */
const MARK = /\d(?:[,'’\s]|\.\d{3}[.,])\d/;

function rowsByLabel(lines: readonly string[], split: Cells, labelled: readonly number[]) {
  const groups = new Map<string, { readonly cells: readonly string[]; readonly rows: number[] }>();
  for (const [row, line] of lines.entries()) {
    const all = split(line);
    const cells = labelled.map((i) => (all[i] ?? '').trim());
    const key = cells.join('\n');
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { cells, rows: [row] });
  }
  return groups;
}

/** The table in order of time, without rows that tell none. `places`: the row of the file for each of its rows; all, where not given. */
function sorted(
  all: Omit<Table, 'rows' | 'restarts' | 'labels'>,
  labels: Labels,
  places?: readonly number[],
): Table {
  const times = all.columns[0]!;
  if (times.some(Number.isFinite) && !times.every(Number.isFinite)) {
    const timed = [...times.keys()].filter((row) => Number.isFinite(times[row]));
    const columns = all.columns.map((column) => pick(column, timed));
    return sorted({ ...all, columns }, labels, places ? timed.map((row) => places[row]!) : timed);
  }
  const { assumed: told, ...table } = all;
  const { header, columns, unread } = table;
  const { rows, restarts } = orderOf(columns[0]!);
  const order = rows ?? Uint32Array.from(columns[0]!.keys());
  return {
    ...table,
    columns: rows ? columns.map((column) => pick(column, rows)) : columns,
    rows: places ? order.map((row) => places[row]!) : order,
    restarts,
    labels,
    assumed: [
      ...told,
      ...(rows === undefined ? [] : ['rows are sorted by time']),
      ...(restarts.length > 0 ? [`the clock starts again ${restarts.length} times, for a process each`] : []),
      ...unread.flatMap((count, i) =>
        count > 0 && i < 2 ? [`${count} in "${header[i]}" are no numbers`] : [],
      ),
    ],
  };
}

const pick = (column: Float64Array, rows: ArrayLike<number>): Float64Array =>
  Float64Array.from(rows, (row) => column[row]!);

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
