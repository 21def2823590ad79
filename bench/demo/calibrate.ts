// Measures what one row and one cached result of the demo shop keep alive. Prints the constants for demo/rows.cjs; with
// --check fails when a result is off by more than 3 %.
//   node --max-old-space-size=96 bench/demo/calibrate.ts
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { makeRows, rowsFor, BYTES_PER_ROW, BYTES_PER_RESULT } = createRequire(import.meta.url)(
  '../../demo/rows.cjs',
) as {
  makeRows(bytes: number): unknown[];
  rowsFor(bytes: number): number;
  BYTES_PER_ROW: number;
  BYTES_PER_RESULT: number;
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function floorBytes(): number {
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}

/** Heap bytes per cached result of about `bytes`, over as many as make `totalBytes`. */
function retainedPerResult(bytes: number, totalBytes = 30e6): number {
  const results = Math.round(totalBytes / bytes);
  const cache = new Map<string, unknown[]>();
  const before = floorBytes();
  for (let i = 0; i < results; i++) cache.set(`visit-${i}`, makeRows(bytes));
  const after = floorBytes();
  if (cache.size !== results) throw new Error('The cache lost results');
  return (after - before) / results;
}

retainedPerResult(16_000); // compiled code and feedback are allocated once
const sizesBytes = [12_000, 16_000, 20_000, 160_000];
const measured = sizesBytes.map((bytes) => ({
  bytes,
  rows: rowsFor(bytes),
  retained: retainedPerResult(bytes),
}));
const [small, , large] = measured as [(typeof measured)[0], (typeof measured)[0], (typeof measured)[0]];
const perRow = (large.retained - small.retained) / (large.rows - small.rows);
const perResult = small.retained - perRow * small.rows;
for (const { bytes, rows, retained } of measured)
  process.stdout.write(
    `${String(bytes).padStart(7)} asked  ${String(rows).padStart(5)} rows  ${retained.toFixed(0).padStart(7)} retained  ${((retained / bytes - 1) * 100).toFixed(1)} %\n`,
  );
process.stdout.write(`BYTES_PER_ROW = ${perRow.toFixed(1)} (now ${BYTES_PER_ROW})\n`);
process.stdout.write(`BYTES_PER_RESULT = ${perResult.toFixed(0)} (now ${BYTES_PER_RESULT})\n`);

const TOLERANCE = 0.03;
const ok = measured.every(({ bytes, retained }) => Math.abs(retained / bytes - 1) <= TOLERANCE);
process.stdout.write(ok ? 'ok\n' : 'off by more than 3 %\n');
if (process.argv.includes('--check') && !ok) process.exitCode = 1;
