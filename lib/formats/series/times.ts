import { invalidInput } from '../../model/fault.ts';
import { MINUTE_MS, SECOND_MS } from '../../model/units.ts';

const DATE =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:[.,]\d+)?))?)?(?:\s*(?:Z|UTC|([+-]\d\d):?(\d\d)))?$/;

/** A cell of times as it stands, or a date of ISO 8601 in seconds since 1970, UTC where it tells no zone; NaN for others. */
export function timeOf(cell: string): number {
  const text = cell.trim();
  if (text === '') return Number.NaN;
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  const found = DATE.exec(text);
  if (!found) return Number.NaN;
  const [year, month, day, hour, minute, second, zoneHours, zoneMinutes] = found
    .slice(1)
    .map((part) => Number(part?.replace(',', '.') ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const zone = (zoneHours * 60 + Math.sign(zoneHours) * zoneMinutes) * MINUTE_MS; // −00:30 is nobody's
  return (Date.UTC(year, month - 1, day, hour, minute) - zone) / SECOND_MS + second;
}

/** How many of a column's times are a ms, by the column's name. */
const BY_NAME: readonly (readonly [RegExp, number])[] = [
  [/(^|\W|_)ns\W*$|nano/i, 1e6],
  [/(^|\W|_)[uµ]s\W*$|micro/i, 1e3],
  [/(^|\W|_|time|stamp|epoch|ts)ms\W*$|milli/i, 1],
];
/** By the times: as seconds the least of these is the year 5138, whatever the column is called. */
const BY_SIZE: readonly (readonly [number, number])[] = [
  [1e17, 1e6],
  [1e14, 1e3],
  [1e11, 1],
];

/** Columns of which the first holds times, and how many cells of each are neither numbers nor empty. */
interface TimeTable {
  readonly header: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly unread: readonly number[];
}

/** Times in ms from a column of seconds, which may also be named as a part of seconds, or be large enough to be one. */
export function timesOf(table: TimeTable): Float64Array {
  const column = table.columns[0]!;
  if (table.unread[0]! > 0 && !column.some(Number.isFinite))
    throw invalidInput(
      'Cannot read the CSV: its first column holds no times in seconds, nor dates like 2026-01-31 12:00',
    );
  const named = BY_NAME.find(([pattern]) => pattern.test(table.header[0]!));
  const sized = BY_SIZE.find(([least]) => column.some((time) => time >= least));
  const perMs = named?.[1] ?? sized?.[1];
  return column.map((time) => (perMs === undefined ? time * SECOND_MS : time / perMs));
}
