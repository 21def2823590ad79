import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompress, parseSeries } from '../../lib/formats/series/index.ts';
import { HOUR_MS, SECOND_MS } from '../../lib/model/units.ts';
import { READING_MS } from './alarm-services.ts';

/** Start-up of a real process: blocks stand in the middle of made lives, which start up by themselves. */
const START_UP = (6 * HOUR_MS) / READING_MS;

/**
 * Series of a folder as shares of their mean, one value in five minutes, without the hours in which their processes
 * start up; those shorter than half a day are left out.
 */
export function realSeries(folder: string): number[][] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.csv(\.gz)?$/.test(file),
  );
  return files.flatMap((file) =>
    parseSeries(decompress(new Uint8Array(readFileSync(join(folder, file))))).flatMap(({ times, values }) => {
      const step = Math.max(
        1,
        Math.round(READING_MS / Math.max(SECOND_MS, (times[1] ?? 0) - (times[0] ?? 0))),
      );
      const kept = [...values].filter((value, i) => i % step === 0 && Number.isFinite(value));
      const mean = kept.reduce((sum, v) => sum + v / kept.length, 0);
      return kept.length < 144 ? [] : [kept.slice(START_UP).map((v) => v / mean)];
    }),
  );
}
