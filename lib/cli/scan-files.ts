import { decompress, type ParsedSeries, parseSeries, parseUnits } from '../formats/series/index.ts';
import { analyzeCohort, analyzeLife, DEFAULTS, type Rule } from '../leaks/index.ts';
import { Fault } from '../model/fault.ts';
import type { Life, WorkSeries } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { naming, readBytes } from './read-file.ts';
import { cohortsOfExports, factsOfFile, isOtlp } from './scan-otlp.ts';
import { rulesOn } from './scan-rules.ts';
import { type Capture, runsOf } from './scan-runs.ts';
import type { Scanned } from './scan-view.ts';

export interface ScanIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Bytes of a file; `-` is stdin. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

export interface ScanOptions {
  readonly files: readonly string[];
  /** Undefined: by the name of the series, else a process. */
  readonly role: MemoryRole | undefined;
  readonly limit: number | undefined;
  /** File of finished units of work. */
  readonly units: string | undefined;
  readonly rules: readonly Rule[];
  /** All OTLP files are one run. */
  readonly together: boolean;
}

/**
 * Each file by itself, in the order given; OTLP files may be one run. What is wrong with one stops none of the others.
 * @throws Fault('invalid-input') when the units of work cannot be read
 */
export async function scanFiles(
  options: ScanOptions,
  io: ScanIo,
): Promise<{ readonly scanned: readonly Scanned[]; readonly faults: readonly Fault[] }> {
  const { files } = options;
  const work = await readWork(options, io);
  const scanned = files.map((): readonly Scanned[] => []);
  const captures: Capture[] = [];
  const faults: Fault[] = [];
  const guarded = async (scanning: () => void | Promise<void>) => {
    try {
      await scanning();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
  };
  for (const [place, file] of files.entries())
    await guarded(async () => {
      const bytes = await inFile(file, io, decompress);
      if (isOtlp(bytes)) {
        const { facts, assumed } = naming(file, () => factsOfFile(bytes));
        tell(io, file, assumed);
        captures.push({ file, place, facts });
        return;
      }
      scanned[place] = naming(file, () =>
        parseSeries(bytes).map((series) => {
          tell(io, file, series.assumed);
          return scanSeries(file, series, options, work);
        }),
      );
    });
  const runs = runsOf(captures, options.together);
  for (const run of runs)
    await guarded(() => {
      scanned[run.place] = naming(run.file, () => scanRun(run, options));
    });
  const [run] = runs;
  if (run && runs.every(({ place }) => scanned[place]!.length === 0))
    faults.push(new Fault('invalid-input', `${run.file}: Cannot find a memory metric in these exports`));
  return { scanned: scanned.flat(), faults };
}

async function readWork({ units }: ScanOptions, io: ScanIo): Promise<readonly WorkSeries[]> {
  if (units === undefined) return [];
  const { work, assumed } = await inFile(units, io, parseUnits);
  tell(io, units, assumed);
  return work;
}

/** What was guessed about a file, in one line beside the results. */
function tell(io: ScanIo, file: string, assumed: readonly string[]): void {
  if (assumed.length > 0) io.stderr(`tidemark scan: ${file}: Assumed: ${assumed.join('; ')}\n`);
}

function scanRun({ file, facts }: Capture, { role: wanted, limit, rules }: ScanOptions): Scanned[] {
  const cohorts = cohortsOfExports(facts, limit).filter(({ role }) => role === (wanted ?? role));
  return cohorts.map(({ service, version, role, lives, result, releases }) => {
    const { instance, times, values, limit: limitOfLife } = lives[0]!;
    const series = { role, times, values, limit: limitOfLife };
    return {
      ...series,
      file,
      service,
      version,
      instance: lives.length === 1 ? instance : `${lives.length} lives`,
      result,
      rules: rulesOn(series, rules),
      releases,
    };
  });
}

function scanSeries(
  file: string,
  series: ParsedSeries,
  options: ScanOptions,
  work: readonly WorkSeries[],
): Scanned {
  const present = lifeOf(series, options, work);
  const earlier = series.earlier.map((before): Life => {
    const life = lifeOf(before, options, []);
    return { ...life, end: { time: life.times.at(-1)!, reason: 'restart' } };
  });
  // Nothing uses less than 100 bytes of memory: such values are percent, and a least rise in bytes means nothing.
  const isPercent = [...earlier, present].every(({ values }) => values.every((v) => !(v > 100)));
  const settings = isPercent ? { ...DEFAULTS, minRiseBytes: 1 } : DEFAULTS;
  const result =
    earlier.length > 0 ? analyzeCohort([...earlier, present], settings) : analyzeLife(present, settings);
  const { instance, role, times, values, limit } = present;
  const rules = rulesOn(present, options.rules);
  const { service } = series;
  return { file, service, version: '', instance, times, values, limit, role, result, rules, releases: null };
}

function lifeOf(series: ParsedSeries, { role, limit }: ScanOptions, work: readonly WorkSeries[]): Life {
  const { instance, times, values, majorCollections, afterGc, load } = series;
  return {
    instance,
    version: undefined,
    role: role ?? series.role ?? 'rss',
    startedAt: undefined,
    times,
    values,
    majorCollections,
    afterGc,
    limit: limit ?? series.limit,
    work,
    load,
    mixedWriters: false,
    end: undefined,
  };
}

/** Parses a file; what goes wrong names it. */
export async function inFile<T>(file: string, io: ScanIo, parser: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await readBytes(file, io);
  return naming(file, () => parser(bytes));
}
