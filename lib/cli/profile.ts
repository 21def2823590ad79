import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeProfile } from '../formats/profiles/index.ts';
import { Fault } from '../model/fault.ts';
import type { Profile } from '../model/profile.ts';
import { EXIT, type Io } from './command.ts';
import { diffJson, diffProfiles, diffView } from './profile-diff.ts';
import { readProfile } from './profile-input.ts';
import { mergeFiles } from './profile-merge.ts';
import { ENDINGS, outputFormat, write } from './profile-output.ts';
import { byTotal, profileTotals } from './profile-totals.ts';
import { summaryJson, summaryView, topJson, topView } from './profile-view.ts';

const HELP = `Usage: tidemark profile <command> [options]

  summary FILE             what it measures, totals, and the functions with the largest own value
  top FILE                 functions by own value, or by total
  diff A B                 what grew and what shrank from A to B, by share and in absolute values
  merge FILE… -o OUT       several profiles as one
  convert IN OUT           another format

  -t, --type TYPE    sample type: inuse_space, cpu, … (default: the profile's own)
  -n, --limit N      rows of top and diff (default 20)
  --sort self|total  order of top (default self)
  --sort share|value order of diff (default share)
  -o, --output OUT   where merge writes to
  --json             one JSON document on stdout
  --help             this text

Reads pprof, V8 .cpuprofile and .heapprofile, folded stacks, speedscope and Sentry profiles, told apart by their content;
plain, gzip or zstd; - is stdin. OUT's ending says the format: ${ENDINGS}; - is stdout, as folded stacks.
`;

const OPTIONS = {
  type: { type: 'string', short: 't' },
  limit: { type: 'string', short: 'n' },
  sort: { type: 'string' },
  output: { type: 'string', short: 'o' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface ProfileOptions {
  readonly type: string | undefined;
  readonly limit: number;
  readonly sort: string | undefined;
  readonly output: string | undefined;
  readonly json: boolean;
}

class UsageError extends Error {}

type Subcommand = (files: readonly string[], options: ProfileOptions, io: Io) => Promise<void>;

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = { summary, top, diff, merge, convert };

/** Exit code: 0 done, 1 bad input, 2 usage. */
export async function profile(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const [name, ...files] = positionals;
  if (values.help || name === undefined) {
    io.stdout(HELP);
    return values.help ? EXIT.done : EXIT.usage;
  }
  try {
    const run = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (run === undefined)
      throw new UsageError(`There is no command "${name}"; tidemark profile --help lists them`);
    const limit = Number(values.limit ?? 20);
    if (!Number.isInteger(limit) || limit < 1)
      throw new UsageError(`Bad limit "${values.limit}", need a whole number from 1`);
    await run(
      files,
      { type: values.type, limit, sort: values.sort, output: values.output, json: values.json ?? false },
      io,
    );
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Fault)) throw error;
    io.stderr(`tidemark profile: ${error.message}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function summary(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  const read = await readOne(files, io);
  const type = typeIndex(read, options.type);
  io.stdout(options.json ? line(summaryJson(read, type)) : summaryView(read, type));
}

async function top(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  const sort = oneOf(options.sort ?? 'self', ['self', 'total']);
  const read = await readOne(files, io);
  const type = typeIndex(read, options.type);
  const totals = profileTotals(read, type);
  const functions = sort === 'total' ? totals.functions.toSorted(byTotal) : totals.functions;
  const shown = { ...totals, functions: functions.slice(0, options.limit) };
  io.stdout(options.json ? line(topJson(read, type, shown)) : topView(read, type, shown));
}

async function diff(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  const sort = oneOf(options.sort ?? 'share', ['share', 'value']);
  if (files.length !== 2) throw new UsageError('Need two files to compare');
  const [a, b] = [await readProfile(files[0]!, io), await readProfile(files[1]!, io)];
  const changes = diffProfiles(a, b, options.type, sort, files as readonly [string, string]);
  io.stdout(options.json ? line(diffJson(changes, options.limit)) : diffView(changes, options.limit));
}

async function merge(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  if (files.length === 0) throw new UsageError('No file given');
  if (options.output === undefined) throw new UsageError('Need -o OUT');
  checkOutput(options.output);
  const merged = await mergeFiles(files, options.output, typeOption(options), io);
  if (options.json) io.stdout(line(merged));
}

async function convert(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  const [from, to] = files;
  if (files.length !== 2 || from === undefined || to === undefined) throw new UsageError('Need IN and OUT');
  checkOutput(to);
  const read = await readProfile(from, io);
  const format = outputFormat(to)!;
  const bytes = encodeProfile(read, format, { type: typeIndex(read, options.type), name: basename(from) });
  write(to, bytes, io);
  if (options.json) io.stdout(line({ from, to, format, bytes: bytes.length }));
}

function checkOutput(path: string): void {
  if (outputFormat(path) === undefined)
    throw new UsageError(`Cannot tell the format of "${path}", need ${ENDINGS}`);
}

const typeOption =
  ({ type }: ProfileOptions) =>
  (read: Profile) =>
    typeIndex(read, type);
const line = (document: object) => `${JSON.stringify(document)}\n`;

function oneOf<T extends string>(value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`Bad order "${value}", need ${allowed.join(' or ')}`);
  return found;
}

function typeIndex(read: Profile, wanted: string | undefined): number {
  if (wanted === undefined) return read.defaultType;
  const index = read.sampleTypes.findIndex(({ type }) => type === wanted);
  if (index >= 0) return index;
  const known = read.sampleTypes.map(({ type }) => type).join(', ');
  throw new UsageError(`There is no sample type "${wanted}", it has ${known}`);
}

async function readOne(files: readonly string[], io: Io): Promise<Profile> {
  if (files.length !== 1) throw new UsageError('Need one file');
  return readProfile(files[0]!, io);
}
