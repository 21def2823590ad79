import { parseArgs } from 'node:util';
import { Fault } from '../model/fault.ts';
import { EXIT, type Io } from './command.ts';

const HELP = `Usage: tidemark trace check FILE… [options]

Looks for spans that hang from the wrong parent, says why and what to change, puts the trees right, and then says where the
time went: spans by their own time, gaps between spans with their causes from profiles, queries that repeat.
FILE: Sentry envelopes, transactions and OTLP traces as JSON (one, a list, one a line), OTLP traces as protobuf; plain, gzip
or zstd; - is stdin. Files of one run belong together: give them all at once.

  --fail-on misnested   exit with 3 when a trace is nested wrongly
  --limit N             transactions that are shown (default 10)
  --json                one JSON document on stdout
  --help                this text
`;

class UsageError extends Error {}

/** Exit code: 0 done, 1 bad input, 2 usage, 3 a `--fail-on` condition holds. */
export async function trace(args: string[], io: Io): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      io.stdout(HELP);
      return EXIT.done;
    }
    const { checkTraceFiles } = await import('./trace-check.ts');
    const { misnested, faults } = await checkTraceFiles(options, io);
    for (const { message } of faults) io.stderr(`tidemark trace: ${message}\n`);
    if (faults.length > 0) return EXIT.failed;
    return options.failOn && misnested > 0 ? EXIT.condition : EXIT.done;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Fault)) throw error;
    io.stderr(`tidemark trace: ${error.message}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function readOptions(args: string[]) {
  const { values, positionals } = parse(args);
  const [command, ...files] = positionals;
  const help = values.help ?? false;
  const limit = Number(values.limit ?? 10);
  if (!help) {
    if (command !== 'check') throw new UsageError('Need the command check; see tidemark trace --help');
    if (files.length === 0) throw new UsageError('No file given; see tidemark trace --help');
    if (values['fail-on'] !== undefined && values['fail-on'] !== 'misnested')
      throw new UsageError(`Bad condition "${values['fail-on']}" for --fail-on, need misnested`);
    if (!Number.isInteger(limit) || limit < 1)
      throw new UsageError(`Bad limit "${values.limit}", need a whole number from 1`);
  }
  return { files, json: values.json ?? false, failOn: values['fail-on'] !== undefined, limit, help };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        'fail-on': { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0] ?? ''); // it explains itself over several lines
  }
}
