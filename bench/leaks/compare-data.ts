import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParsedSeries, parseSeries } from '../../lib/formats/series/index.ts';

// Labelled series in the folder format of the evaluation data: one folder per set, in each truth.json and gzip CSV files.

export interface Truth {
  readonly file: string;
  readonly set: string;
  readonly metric: string;
  readonly kind: 'series' | 'scrape' | 'gc';
  readonly view: 'whole' | 'live';
  readonly unit: string;
  readonly scrape_interval_s: number;
  readonly label: string;
  readonly onsets_s: readonly number[];
  readonly live_until_s: number | null;
  readonly limit_bytes: number | null;
  readonly disputed: boolean;
  readonly score: boolean;
  readonly tags: readonly string[];
  readonly source: { readonly path: string };
}

const SETS = ['a-hpc', 'b-gclogs', 'c-nezha', 'e-alibaba', 'f-memorytools', 'g-llmhost'];

export function readTruth(folder: string): readonly Truth[] {
  return SETS.map((set) => join(folder, set, 'truth.json'))
    .filter((file) => existsSync(file))
    .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Truth[])
    .filter(({ score }) => score);
}

export function readSeries(folder: string, { file }: Truth): ParsedSeries {
  const [series] = parseSeries(readFileSync(join(folder, file)));
  if (series === undefined) throw new Error(`${file} has no series`);
  return series;
}

/** The logs as a scraper saw them while the process ran: the live view where there is one, else the whole log. */
export function liveScrapes(truth: readonly Truth[]): readonly Truth[] {
  const scrapes = truth.filter(({ set, kind }) => set === 'B' && kind === 'scrape');
  const live = new Set(scrapes.filter(({ view }) => view === 'live').map(({ source }) => source.path));
  return scrapes.filter(({ view, source }) => view === 'live' || !live.has(source.path));
}

/** Cut before the injected memory is given back, and thinned to the last reading at or before each tick of a scraper. */
export function liveAt(series: ParsedSeries, truth: Truth, intervalS: number): ParsedSeries {
  const until = truth.live_until_s === null ? Number.POSITIVE_INFINITY : truth.live_until_s * 1000;
  const kept = series.times.filter((time) => time <= until).length;
  const times = series.times.subarray(0, kept);
  const values = series.values.subarray(0, kept);
  if (intervalS === truth.scrape_interval_s) return { ...series, times, values };
  const intervalMs = intervalS * 1000;
  const [ticks, seen]: [number[], number[]] = [[], []];
  let at = 0;
  for (let tick = times[0]!; tick <= times.at(-1)!; tick += intervalMs) {
    while (at + 1 < times.length && times[at + 1]! <= tick + 0.25 * Math.min(1000, intervalMs)) at += 1;
    ticks.push(tick);
    seen.push(values[at]!);
  }
  return { ...series, times: Float64Array.from(ticks), values: Float64Array.from(seen) };
}
