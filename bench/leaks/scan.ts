// Runs `tidemark scan` without the rest of the command line: node bench/leaks/scan.ts FILE… [options]
import { readFile } from 'node:fs/promises';
import { scan } from '../../lib/cli/scan.ts';

process.exitCode = await scan(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  readFile,
});
