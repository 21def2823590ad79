// Units as senders write them (UCUM, and what people type), turned into ours.

const BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['1', 1],
  ['by', 1],
  ['b', 1],
  ['byte', 1],
  ['bytes', 1],
  ['{byte}', 1],
  ['kby', 1e3],
  ['kb', 1e3],
  ['mby', 1e6],
  ['mb', 1e6],
  ['gby', 1e9],
  ['gb', 1e9],
  ['kiby', 1024],
  ['kib', 1024],
  ['kibibytes', 1024],
  ['miby', 1024 ** 2],
  ['mib', 1024 ** 2],
  ['mebibytes', 1024 ** 2],
  ['megabytes', 1024 ** 2], // AWS writes this for MiB
  ['giby', 1024 ** 3],
  ['gib', 1024 ** 3],
]);

const MICROSECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1e6],
  ['sec', 1e6],
  ['second', 1e6],
  ['seconds', 1e6],
  ['ms', 1e3],
  ['millisecond', 1e3],
  ['milliseconds', 1e3],
  ['us', 1],
  ['µs', 1],
  ['microseconds', 1],
  ['ns', 1e-3],
  ['nanoseconds', 1e-3],
  ['min', 60e6],
  ['h', 3_600e6],
]);

/** Factor to bytes; undefined for a unit that is none of bytes. Without a unit, a memory metric is in bytes. */
export const bytesFactor = (unit: string): number | undefined => BYTES.get(unit.toLowerCase());

/** Factor to microseconds. Prometheus forms carry the unit in the name alone. */
export function microsecondsFactor(unit: string, metricName: string, fallback: string): number | undefined {
  const known = MICROSECONDS.get(unit.toLowerCase());
  if (known !== undefined || (unit !== '' && unit !== '1')) return known;
  const suffix = /_(milliseconds|seconds|ms)(_total)?$/.exec(metricName)?.[1];
  return MICROSECONDS.get(suffix ?? fallback);
}
