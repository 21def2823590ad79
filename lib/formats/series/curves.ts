import { invalidInput } from '../../model/fault.ts';
import { parseTable } from './csv.ts';
import { decompress } from './decompress.ts';
import { timesOf } from './times.ts';

/** Curves over one axis, as the change-point search wants them. */
export interface Curves {
  /** Any ascending axis; the index where the file has none. */
  readonly times: Float64Array;
  /** Whether the axis is the file's own clock, in ms. */
  readonly hasClock: boolean;
  /** Which value of the file each one was: rows are put in order of time. */
  readonly rows: Uint32Array;
  /** What was guessed about the file, for people. */
  readonly assumed: readonly string[];
  /** One or more readings per time; NaN where one is missing. */
  readonly columns: readonly Float64Array[];
}

/**
 * `time_s,value[,…]` as CSV, values alone in rows, or JSON `{"time"?, "series":[{"raw":[…]}, …]}`. Plain, gzip or zstd.
 * @throws Fault('invalid-input')
 */
export function parseCurves(packed: Uint8Array): Curves {
  const text = new TextDecoder().decode(decompress(packed));
  const head = text.trimStart().slice(0, 1);
  if (head === '') throw invalidInput('Cannot read the file: it is empty');
  if (head === '{' || head === '[') return curvesOfJson(text);
  const rowsOnly = numbered(text);
  const table = parseTable(rowsOnly ?? text);
  const columns = table.columns.slice(1);
  if (columns.length === 0) throw invalidInput('Cannot read the CSV: need time_s,value');
  const { rows, assumed } = table;
  return checked({ times: timesOf(table), hasClock: rowsOnly === undefined, columns, rows, assumed });
}

function curvesOfJson(text: string): Curves {
  let document: unknown;
  try {
    // Programs that know no better write NaN, which is no JSON.
    document = JSON.parse(text.replaceAll(/([[,:]\s*)-?(?:NaN|Infinity)(?=\s*[\],}])/g, '$1null'));
  } catch (error) {
    throw invalidInput(`Cannot read the JSON: ${(error as Error).message}`, { cause: error });
  }
  const { series } = (document ?? {}) as { series?: unknown };
  const raws = Array.isArray(series) ? series.map((one) => (one as { raw?: unknown } | null)?.raw) : [];
  if (raws.length === 0 || !raws.every(Array.isArray))
    throw invalidInput('Cannot read the JSON: need {"series":[{"raw":[…]}]}');
  const columns = raws.map((raw) => Float64Array.from(raw as unknown[], numberOf));
  const rows = Uint32Array.from(columns[0]!.keys());
  return checked({ times: Float64Array.from(rows), hasClock: false, columns, rows, assumed: [] });
}

function numberOf(value: unknown): number {
  if (typeof value === 'string' && value.trim() !== '') return Number(value);
  return typeof value === 'number' ? value : Number.NaN;
}

/** Rows of one number each get the number of their row for a time; undefined for other files. */
function numbered(text: string): string | undefined {
  const lines = text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
  const isAlone = (line: string) => Number.isFinite(Number(line));
  if (!lines.slice(1).some(isAlone) || !lines.slice(1).every((line) => /^[^,;\t]*$/.test(line)))
    return undefined;
  const rows = isAlone(lines[0]!) ? lines : lines.slice(1);
  return rows.map((line, i) => `${i},${line}`).join('\n');
}

function checked(curves: Curves): Curves {
  const { times, columns } = curves;
  const different = columns.find(({ length }) => length !== times.length);
  if (different !== undefined)
    throw invalidInput(`Cannot read the series: ${times.length} and ${different.length} values in one file`);
  if (times.length > 0 && !columns.some((column) => column.some(Number.isFinite)))
    throw invalidInput('Cannot read the series: it holds no numbers');
  return curves;
}
