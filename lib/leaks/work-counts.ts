import type { WorkSeries } from '../model/leak.ts';
import { type UnitOfWork, unitKey } from '../model/unit-of-work.ts';
import { medianStep } from './statistics.ts';

/** Finished units of one kind of work, all status classes together. */
export interface UnitCounts {
  readonly unit: UnitOfWork;
  /** Cumulative count at a time; straight between readings, flat outside them. */
  at(time: number): number;
  readonly total: number;
  readonly stepMs: number;
  readonly complete: boolean;
  /** One status class of a unit that is here as a whole too. */
  readonly isPart: boolean;
}

/** Units beyond this share one line of suspicion at most: the busiest are tested. */
const MAX_UNITS = 200;

export function unitCounts(work: readonly WorkSeries[]): UnitCounts[] {
  const byUnit = Map.groupBy(
    work.filter((series) => series.times.length > 0),
    (series) => unitKey(series.unit),
  );
  return [...byUnit.values()]
    .flatMap((all) => [together(all, all[0]!.unit, false), ...failures(all)])
    .filter((unit) => unit.total > 0)
    .toSorted((a, b) => b.total - a.total || (unitKey(a.unit) < unitKey(b.unit) ? -1 : 1))
    .slice(0, MAX_UNITS);
}

/** Fewer failures tell nothing, and nearly all of a unit is the unit itself. */
const MIN_FAILURES = 20;
const MAX_SHARE_FAILED = 0.8;

/** What keeps memory only when it fails: each class but that of success, as a unit of its own. */
function failures(all: readonly WorkSeries[]): UnitCounts[] {
  const grown = (series: readonly WorkSeries[]) =>
    series.reduce((sum, { counts }) => sum + counts.at(-1)! - counts[0]!, 0);
  const total = grown(all);
  return [...Map.groupBy(all, ({ status }) => classOf(status))].flatMap(([name, part]) => {
    const count = grown(part);
    if (name === '' || count < MIN_FAILURES || count > MAX_SHARE_FAILED * total) return [];
    const { kind, name: unit } = part[0]!.unit;
    return [together(part, { kind, name: `${unit} (${name})` }, true)];
  });
}

/** `5xx`, `4xx`, `error`; '' for success and where nothing is told. */
function classOf(status: string): string {
  if (/^[45](\d\d|xx)$/i.test(status)) return `${status[0]}xx`;
  return /^(error|failed|failure)$/i.test(status) ? 'error' : '';
}

function together(series: readonly WorkSeries[], unit: UnitOfWork, isPart: boolean): UnitCounts {
  const readers = series.map(({ times, counts }) => reader(times, counts));
  return {
    unit,
    isPart,
    at: (time) => readers.reduce((sum, read) => sum + read(time), 0),
    total: series.reduce((sum, { counts }) => sum + (counts.at(-1)! - counts[0]!), 0),
    stepMs: Math.max(...series.map(({ times }) => medianStep(times))),
    complete: series.every(({ complete }) => complete),
  };
}

/** Remembers its place: readings ask for ascending times. */
function reader(times: Float64Array, counts: Float64Array): (time: number) => number {
  let place = 0;
  return (time) => {
    const n = times.length;
    if (time <= times[0]!) return counts[0]!;
    if (time >= times[n - 1]!) return counts[n - 1]!;
    if (times[place]! > time) place = 0;
    while (times[place + 1]! < time) place += 1;
    const share = (time - times[place]!) / (times[place + 1]! - times[place]!);
    return counts[place]! + share * (counts[place + 1]! - counts[place]!);
  };
}
