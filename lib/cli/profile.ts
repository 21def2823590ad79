import { parseArgs } from 'node:util';
import { Fault } from '../model/fault.ts';
import { EXIT, type Io } from './command.ts';
import { checkOutput, type ProfileOptions, UsageError } from './profile-options.ts';
import { ENDINGS } from './profile-output.ts';

const HELP = `Usage: tidemark profile <command> [options]

  summary FILE             what it measures, totals, and the functions with the largest own value
  top FILE                 functions by own value, or by total
  diff A B                 what grew and what shrank from A to B, by share and in absolute values
  merge FILE… -o OUT       several profiles as one; pprof as google/pprof merges it
  convert IN OUT           another format

  -t, --type TYPE    sample type: inuse_space, cpu, … (default: the profile's own); merge and convert write that one
                     alone to pprof and folded stacks, and first to speedscope
  -n, --limit N      rows of top and diff (default 20)
  --sort self|total  order of top (default self)
  --sort share|value order of diff (default share)
  -o, --output OUT   where merge writes to
  --json             one JSON document on stdout
  --help             this text

Reads pprof, V8 .cpuprofile and .heapprofile, folded stacks, speedscope, Sentry and OTLP profiles, told apart by their
content; plain, gzip or zstd; - is stdin. OUT's ending says the format: ${ENDINGS}; - is stdout, as folded stacks.
`;

const OPTIONS = {
  type: { type: 'string', short: 't' },
  limit: { type: 'string', short: 'n' },
  sort: { type: 'string' },
  output: { type: 'string', short: 'o' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Subcommand = (files: readonly string[], options: ProfileOptions, io: Io) => Promise<void>;

/** Loaded when called: a merge of pprof needs no other format, and loading them all takes a quarter of a second. */
const reading =
  (name: 'summary' | 'top' | 'diff' | 'convert'): Subcommand =>
  async (files, options, io) =>
    (await import('./profile-commands.ts'))[name](files, options, io);

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  summary: reading('summary'),
  top: reading('top'),
  diff: reading('diff'),
  merge,
  convert: reading('convert'),
};

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

async function merge(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  if (files.length === 0) throw new UsageError('No file given');
  if (options.output === undefined) throw new UsageError('Need -o OUT');
  checkOutput(options.output);
  const { mergeFiles } = await import('./profile-merge.ts');
  await mergeFiles(files, options.output, options, io);
}
