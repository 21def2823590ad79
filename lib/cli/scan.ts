import { parseArgs } from 'node:util';
import { decompress } from '../formats/series/index.ts';
import type { Rule } from '../leaks/index.ts';
import { Fault } from '../model/fault.ts';
import { MEMORY_ROLES, type MemoryRole } from '../model/memory.ts';
import { inFile, type ScanIo, scanFiles } from './scan-files.ts';
import { toJson } from './scan-json.ts';
import { parseRules } from './scan-rules.ts';
import { scanView } from './scan-view.ts';

const HELP = `Usage: tidemark scan FILE… [options]

Says of each memory series whether it leaks, since when, how fast, and which unit of work makes it grow.
FILE: CSV (time_s,value[,…]; times may be dates, and a column instance, pod or pid makes a series of each of its names), a GC
log as CSV (time_s,before_bytes,after_bytes,capacity_bytes,full), a Prometheus query_range answer, OTLP (JSON, lines of it,
protobuf); plain, gzip or zstd; - is stdin. Each file is judged by itself, but OTLP files in which the same processes go
on are one run; those without memory (spans, limits) tell of each.

  --role ROLE       what the values measure: ${MEMORY_ROLES.slice(0, 4).join(', ')}, … (default: by name, else rss);
                    of a table with several such columns, which one
  --limit BYTES     limit of the heap, container or host; 0 is none
  --units FILE      finished units of work: CSV time_s,GET /a,POST /b,… (cumulative, or per row)
  --together        all files are one run: of one OTLP capture, or of the processes of one service
  --rules [FILE]    alert rules beside it: JSON [{"alert","expr","for"}], or the usual three (growth over 2 h, 80 % of the
                    limit, goroutines); FILE ends in .json
  --fail-on leak    exit with 3 when a series leaks
  --json            one JSON document on stdout
  --help            this text
`;

interface Options {
  readonly files: readonly string[];
  readonly role: MemoryRole | undefined;
  readonly limit: number | undefined;
  readonly units: string | undefined;
  /** File of alert rules, '' for the usual ones, undefined for none. */
  readonly rules: string | undefined;
  readonly together: boolean;
  readonly json: boolean;
  readonly failOnLeak: boolean;
  readonly help: boolean;
}

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
    const { scanned, faults } = await scanFiles({ ...options, rules }, io);
    io.stdout(options.json ? `${JSON.stringify({ results: scanned.map(toJson) })}\n` : scanView(scanned));
    for (const { message } of faults) io.stderr(`tidemark scan: ${message}\n`);
    if (faults.length > 0) return 1;
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
    together: values.together ?? false,
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
  together: false,
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
        together: { type: 'boolean' },
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
