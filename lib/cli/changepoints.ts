import { parseArgs } from 'node:util';
import { parseCurves } from '../formats/series/index.ts';
import { breaks } from '../leaks/index.ts';
import { Fault } from '../model/fault.ts';
import type { ScanIo } from './scan-files.ts';
import { secondsText } from './scan-view.ts';

const HELP = `Usage: tidemark changepoints FILE [--json]

Says where the level or the slope of a series changes: the 0-based index of the first value after each change, which is
its row in the file (without the header) also where rows are not in order of time.
FILE: CSV (time_s,value[,…], or values alone) or JSON {"series":[{"raw":[…]}]}; plain, gzip or zstd; - is stdin.

  --json            {"changepoints":[index,…]}
  --help            this text
`;

/** Exit code: 0 done, 1 bad input, 2 usage. */
export async function changepoints(args: string[], io: ScanIo): Promise<number> {
  const options = read(args);
  if (typeof options === 'string') {
    io.stderr(`tidemark changepoints: ${options}\n`);
    return 2;
  }
  if (options.help) {
    io.stdout(HELP);
    return 0;
  }
  try {
    const { times, hasClock, columns, rows, assumed } = parseCurves(await io.readFile(options.file));
    if (assumed.length > 0)
      io.stderr(`tidemark changepoints: ${options.file}: Assumed: ${assumed.join('; ')}\n`);
    const found = breaks(columns);
    const at = (i: number) => (hasClock ? `  at ${secondsText(times[i]!)}` : '');
    const view = found.map((i) => `${rows[i]}${at(i)}\n`).join('') || 'No change.\n';
    const changepoints = found.map((i) => rows[i]!).toSorted((a, b) => a - b);
    io.stdout(options.json ? `${JSON.stringify({ changepoints })}\n` : view);
    return 0;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!(error instanceof Fault) && typeof code !== 'string') throw error;
    const why = error instanceof Fault ? error.message : `Cannot read it: ${code}`;
    io.stderr(`tidemark changepoints: ${options.file}: ${why}\n`);
    return 1;
  }
}

function read(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    const [file = ''] = positionals;
    if (!values.help && positionals.length !== 1) return 'Need one file; see --help';
    return { file, json: values.json ?? false, help: values.help ?? false };
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? ''; // it explains itself over several lines
  }
}
