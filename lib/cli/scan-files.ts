import { decompress, type ParsedSeries, parseSeries, parseUnits } from '../formats/series/index.ts';
import { analyzeCohort, analyzeSeries, DEFAULTS, isPercent, type Rule } from '../leaks/index.ts';
import { Fault } from '../model/fault.ts';
import type { WorkSeries } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { naming, readBytes } from './read-file.ts';
import { type LivesOfFile, livesOfFile } from './scan-lives.ts';
import { cohortsOfExports, factsOfFile, isOtlp } from './scan-otlp.ts';
import { rulesOnLives } from './scan-rules.ts';
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
  /** All files are one run. */
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
  const tables: Tables[] = [];
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
      const series = naming(file, () => parseSeries(bytes, options.role));
      tell(io, file, [...new Set(series.flatMap(({ assumed }) => assumed))]);
      tables.push({ file, place, series });
    });
  for (const { file, place, series } of options.together ? oneOf(tables) : tables)
    await guarded(() => {
      const groups = livesOfFile(series, options, work);
      if (work.length > 0 && groups.some(({ lives }) => lives.every((life) => life.work.length === 0)))
        tell(io, file, [
          'the units of work are of all processes together, and explain none of those that are pooled',
        ]);
      scanned[place] = naming(file, () => groups.map((lives) => scanLives(file, lives, options.rules)));
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

/** Series of a file that is no OTLP, and its place among the files. */
interface Tables {
  readonly file: string;
  readonly place: number;
  readonly series: readonly ParsedSeries[];
}

/** All series under the first file; one that names no instance is called after its file. */
function oneOf(tables: readonly Tables[]): readonly Tables[] {
  const [first] = tables;
  const named = tables.flatMap(({ file, series }) =>
    series.map((one) => ({ ...one, instance: one.instance || file })),
  );
  return first ? [{ ...first, series: named }] : [];
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
    return {
      ...{ role, times, values, limit: limitOfLife },
      file,
      service,
      version,
      instance: lives.length === 1 ? instance : `${lives.length} lives`,
      result,
      rules: rulesOnLives(lives, rules),
      releases,
    };
  });
}

function scanLives(
  file: string,
  { service, instance, lives }: LivesOfFile,
  wanted: readonly Rule[],
): Scanned {
  const settings = lives.every(({ values }) => isPercent(values))
    ? { ...DEFAULTS, minRiseBytes: 1 }
    : DEFAULTS;
  const result = lives.length > 1 ? analyzeCohort(lives, settings) : analyzeSeries(lives[0]!, settings);
  const { role, times, values, limit } = lives.at(-1)!;
  const rules = rulesOnLives(lives, wanted);
  return { file, service, version: '', instance, times, values, limit, role, result, rules, releases: null };
}

/** Parses a file; what goes wrong names it. */
export async function inFile<T>(file: string, io: ScanIo, parser: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await readBytes(file, io);
  return naming(file, () => parser(bytes));
}
