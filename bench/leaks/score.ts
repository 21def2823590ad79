// Scores `tidemark scan` on a folder of labelled series with an outside scorer:
//   node bench/leaks/score.ts --data DIR --tools DIR [further options of the scorer]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: { data: { type: 'string' }, tools: { type: 'string' } },
});
if (typeof values.data !== 'string' || typeof values.tools !== 'string') {
  process.stderr.write('Usage: node bench/leaks/score.ts --data DIR --tools DIR [-- options of score.py]\n');
  process.exit(2);
}
const runner = fileURLToPath(new URL('./scan.ts', import.meta.url));
const command = `${process.execPath} ${runner} {file} --role {role} --limit {limit} --json`;
const scorer = join(values.tools, 'score.py');
const run = spawnSync('python3', [scorer, '--data', values.data, '--cmd', command, ...positionals], {
  stdio: 'inherit',
});
process.exitCode = run.status ?? 1;
