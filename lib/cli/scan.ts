import { parseArgs } from 'node:util';
import { decompress, type ParsedSeries, parseSeries, parseUnits } from '../formats/series/index.ts';
import { analyzeLife, DEFAULTS, type Rule } from '../leaks/index.ts';
import { Fault } from '../model/fault.ts';
import type { Life, WorkSeries } from '../model/leak.ts';
import { MEMORY_ROLES, type MemoryRole } from '../model/memory.ts';
import { toJson } from './scan-json.ts';
import { cohortsOfExports, isOtlp } from './scan-otlp.ts';
import { parseRules, rulesOn } from './scan-rules.ts';
import { type Scanned, scanView } from './scan-view.ts';

const HELP = `Usage: tidemark scan FILE… [options]

Says of each memory series whether it leaks, since when, how fast, and which unit of work makes it grow.
FILE: CSV (time_s,value[,…]), a GC log as CSV (time_s,before_bytes,after_bytes,capacity_bytes,full), a Prometheus
query_range answer, OTLP (JSON, lines of it, protobuf; several files are one run); plain, gzip or zstd; - is stdin.

  --role ROLE       what the values measure: ${MEMORY_ROLES.slice(0, 4).join(', ')}, … (default: by name, else rss)
  --limit BYTES     limit of the heap, container or host; 0 is none
  --units FILE      finished units of work: CSV time_s,GET /a,POST /b,… (cumulative, or per row)
  --rules [FILE]    alert rules beside it: JSON [{"alert","expr","for"}], or the usual three (growth over 2 h, 80 % of the
                    limit, goroutines); FILE ends in .json
  --fail-on leak    exit with 3 when a series leaks
  --json            one JSON document on stdout
  --help            this text
`;

export interface ScanIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Bytes of a file; `-` is stdin. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

interface Options {
  readonly files: readonly string[];
  readonly role: MemoryRole | undefined;
  readonly limit: number | undefined;
  readonly units: string | undefined;
  /** File of alert rules, '' for the usual ones, undefined for none. */
  readonly rules: string | undefined;
  readonly json: boolean;
  readonly failOnLeak: boolean;
  readonly help: boolean;
}

type Unruled = Omit<Scanned, 'rules'>;

class UsageError extends Error {}

/** Exit code: 0 done, 1 bad input, 2 usage, 3 a `--fail-on` condition holds. */
export async function scan(args: string[], io: ScanIo): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      io.stdout(HELP);
      return 0;
    }
    const rules = await readRules(options, io);
    const scanned = (await scanFiles(options, io)).map((one) => ({ ...one, rules: rulesOn(one, rules) }));
    io.stdout(options.json ? `${JSON.stringify({ results: scanned.map(toJson) })}\n` : scanView(scanned));
    return options.failOnLeak && scanned.some(({ result }) => result.verdict === 'leak') ? 3 : 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Fault)) throw error;
    io.stderr(`tidemark scan: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args);
  if (values.help) return { ...NOTHING, help: true };
  if (positionals.length === 0) throw new UsageError('No file given; see --help');
  const role = MEMORY_ROLES.find((r) => r === values.role);
  if (values.role !== undefined && !role)
    throw new UsageError(`Unknown role "${values.role}", need one of ${MEMORY_ROLES.join(', ')}`);
  const limit = values.limit === undefined ? 0 : Number(values.limit);
  if (!Number.isFinite(limit) || limit < 0)
    throw new UsageError(`Bad limit "${values.limit}", need a number of bytes`);
  if (values['fail-on'] !== undefined && values['fail-on'] !== 'leak')
    throw new UsageError(`Bad condition "${values['fail-on']}" for --fail-on, need leak`);
  return {
    files: positionals,
    role,
    limit: limit > 0 ? limit : undefined,
    units: values.units,
    rules: values.rules,
    json: values.json ?? false,
    failOnLeak: values['fail-on'] !== undefined,
    help: false,
  };
}

const NOTHING: Options = {
  files: [],
  role: undefined,
  limit: undefined,
  units: undefined,
  rules: undefined,
  json: false,
  failOnLeak: false,
  help: false,
};

function parse(args: string[]) {
  try {
    return parseArgs({
      args: args.map((arg, i) =>
        arg === '--rules' && !/\.json(\.\w+)?$/.test(args[i + 1] ?? '') ? '--rules=' : arg,
      ),
      allowPositionals: true,
      options: {
        role: { type: 'string' },
        limit: { type: 'string' },
        units: { type: 'string' },
        rules: { type: 'string' },
        'fail-on': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0] ?? ''); // it explains itself over several lines
  }
}

async function readRules({ rules }: Options, io: ScanIo): Promise<readonly Rule[]> {
  if (rules === undefined) return [];
  return rules === ''
    ? parseRules(new Uint8Array())
    : inFile(rules, io, (bytes) => parseRules(decompress(bytes)));
}

/** Each series by itself; exports of OTLP belong together, whatever number of files they come in. */
async function scanFiles(options: Options, io: ScanIo): Promise<Unruled[]> {
  const work = options.units ? await inFile(options.units, io, parseUnits) : [];
  const scanned: Unruled[] = [];
  const exports: { file: string; bytes: Uint8Array }[] = [];
  for (const file of options.files) {
    const bytes = await inFile(file, io, decompress);
    if (isOtlp(bytes)) exports.push({ file, bytes });
    else
      for (const series of naming(file, () => parseSeries(bytes)))
        scanned.push(scanSeries(file, series, options, work));
  }
  if (exports.length > 0) scanned.push(...scanExports(exports, options));
  return scanned;
}

function scanExports(exports: readonly { file: string; bytes: Uint8Array }[], options: Options): Unruled[] {
  const first = exports[0]!.file;
  const file = exports.length > 1 ? `${first} and ${exports.length - 1} more` : first;
  const cohorts = naming(file, () =>
    cohortsOfExports(
      exports.map(({ bytes }) => bytes),
      options.limit,
    ),
  );
  const wanted = cohorts.filter(({ role }) => options.role === undefined || role === options.role);
  if (wanted.length === 0)
    throw new Fault('invalid-input', `${file}: Cannot find a memory metric in these exports`);
  return wanted.map(({ service, version, role, lives, result, releases }) => ({
    file,
    service,
    version,
    instance: lives.length === 1 ? lives[0]!.instance : `${lives.length} lives`,
    times: lives[0]!.times,
    values: lives[0]!.values,
    limit: lives[0]!.limit,
    role,
    result,
    releases,
  }));
}

/** Parses a file; what goes wrong names it. */
async function inFile<T>(file: string, io: ScanIo, parser: (bytes: Uint8Array) => T): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await io.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault('invalid-input', `Cannot read "${file}": ${code}`, { cause: error });
  }
  return naming(file, () => parser(bytes));
}

function naming<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function scanSeries(
  file: string,
  series: ParsedSeries,
  options: Options,
  work: readonly WorkSeries[],
): Unruled {
  const role = options.role ?? series.role ?? 'rss';
  const life: Life = {
    instance: series.instance,
    version: undefined,
    role,
    startedAt: undefined,
    times: series.times,
    values: series.values,
    majorCollections: series.majorCollections,
    afterGc: series.afterGc,
    limit: options.limit ?? series.limit,
    work,
    load: series.load,
    mixedWriters: false,
    end: undefined,
  };
  // Nothing uses less than 100 bytes of memory: such values are percent, and a least rise in bytes means nothing.
  const isPercent = series.values.every((v) => !(v > 100));
  const settings = isPercent ? { ...DEFAULTS, minRiseBytes: 1 } : DEFAULTS;
  const { service, instance, times, values } = series;
  const { limit } = life;
  const result = analyzeLife(life, settings);
  return { file, service, version: '', instance, times, values, limit, role, result, releases: null };
}
