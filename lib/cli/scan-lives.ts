import type { ParsedSeries } from '../formats/series/index.ts';
import { isWrittenBySeveral } from '../leaks/index.ts';
import type { Life, WorkSeries } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';

/** Lives that are judged together. */
export interface LivesOfFile {
  readonly service: string;
  readonly instance: string;
  /** In order of time; the last is the present one. */
  readonly lives: readonly Life[];
}

export interface LifeOptions {
  readonly role: MemoryRole | undefined;
  readonly limit: number | undefined;
}

/** So many processes of one service that ended, and half of all of them: they followed each other. */
const ENDED_MIN = 5;
const ENDED_SHARE = 0.5;
/** Readings that are missing at the end of a series whose process has ended, the usual interval apart. */
const MISSING = 10;

/**
 * The lives in the series of one file. Processes that ran side by side are looked at one by one; where they replaced each other again
 * and again their lives speak together, as on the server: one of them is too short to.
 */
export function livesOfFile(
  all: readonly ParsedSeries[],
  options: LifeOptions,
  work: readonly WorkSeries[],
): LivesOfFile[] {
  const ofRole = all.filter(({ role }) => options.role === undefined || role === options.role);
  const wanted = ofRole.length > 0 ? ofRole : all; // a role that no series is of says what those of the file are
  const until = Math.max(...wanted.map(({ times }) => times.at(-1) ?? Number.NEGATIVE_INFINITY));
  const services = Map.groupBy(wanted, ({ service, role }) => `${service}\n${role}`);
  return [...services.values()].flatMap((series) => {
    const ended = series.filter((one) => hasEnded(one, until));
    if (ended.length < ENDED_MIN || ended.length < ENDED_SHARE * series.length)
      return series.map((one) => ({ ...named(one), lives: livesOf(one, options, work) }));
    const lives = series.flatMap((one) => {
      const own = livesOf(one, options, []);
      return hasEnded(one, until) ? own.map(over) : own;
    });
    const inOrder = lives.toSorted((a, b) => a.times.at(-1)! - b.times.at(-1)!);
    return [{ service: series[0]!.service, instance: `${lives.length} lives`, lives: inOrder }];
  });
}

const named = ({ service, instance }: ParsedSeries) => ({ service, instance });

function hasEnded({ times }: ParsedSeries, until: number): boolean {
  const n = times.length;
  return n > 1 && until - times[n - 1]! > (MISSING * (times[n - 1]! - times[0]!)) / (n - 1);
}

const over = (life: Life): Life => ({
  ...life,
  end: life.end ?? { time: life.times.at(-1)!, reason: 'restart' },
});

function livesOf(series: ParsedSeries, options: LifeOptions, work: readonly WorkSeries[]): readonly Life[] {
  const earlier = series.earlier.map((before) => over(lifeOf(before, options, [])));
  return [...earlier, lifeOf(series, options, work)];
}

function lifeOf(series: ParsedSeries, { role, limit }: LifeOptions, work: readonly WorkSeries[]): Life {
  const { instance, times, values, majorCollections, afterGc, load } = series;
  const life = { role: role ?? series.role ?? 'rss', times, values };
  return {
    ...life,
    instance,
    version: undefined,
    startedAt: undefined,
    majorCollections,
    afterGc,
    limit: limit ?? series.limit,
    work,
    load,
    mixedWriters: !afterGc && isWrittenBySeveral(life),
    end: undefined,
  };
}
