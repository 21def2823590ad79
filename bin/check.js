// `npm test`: the checks, then the tests that need npm alone. Ends with the first failure's exit code, after all ran.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (path) => join(root, 'node_modules', path);

const checks = [
  ['types', bin('typescript/bin/tsc'), ['--noEmit']],
  ['format and lint', bin('@biomejs/biome/bin/biome'), ['ci', '--error-on-warnings']],
  [
    'imports',
    bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
    ['lib', 'functions', 'infra', 'test', 'web/src', '--output-type', 'err'],
  ],
  ['unused code', bin('knip/bin/knip.js'), []],
];
// For programs that count: vitest's JSON report, beside the one for people.
const report = process.env.TIDEMARK_TEST_REPORT;
const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
const tests = [['tests', bin('vitest/vitest.mjs'), ['run', ...reporters]]];

const steps = process.argv.includes('--checks-only') ? checks : [...checks, ...tests];
const rows = [];
for (const [name, program, args] of steps) {
  const began = Date.now();
  const done = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  rows.push({ name, ok: done.status === 0, seconds: (Date.now() - began) / 1000 });
}
for (const { name, ok, seconds } of rows) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1)} s\n`);
}
process.exit(rows.every((row) => row.ok) ? 0 : 1);
