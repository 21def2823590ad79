// Plays recorded demo runs (bench/demo/record.ts) through the analysis at every scan, as the server would see them.
//   node bench/leaks/schedule.ts [--every 5] FILE…
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { analyzeCohort, type LookState, nextLook } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';

interface Run {
  readonly times_s: readonly number[];
  readonly oldSpace: readonly number[];
  readonly majorGc: readonly number[];
  readonly counts: Readonly<Record<string, readonly number[]>>;
  readonly truth: {
    readonly unit: string | null;
    readonly onset_s: number | null;
    readonly bytesPerUnit: number | null;
    readonly noLeak: boolean;
  };
}

function lifeUntil(run: Run, end: number): Life {
  const n = run.times_s.filter((time) => time <= end).length;
  const times = Float64Array.from(run.times_s.slice(0, n), (time) => time * 1000);
  const collected = run.majorGc
    .slice(0, n)
    .flatMap((count, i) => (i > 0 && count > (run.majorGc[i - 1] ?? 0) ? [times[i] as number] : []));
  return {
    instance: 'shop',
    version: undefined,
    role: 'heap_used',
    startedAt: 0,
    times,
    values: Float64Array.from(run.oldSpace.slice(0, n)),
    majorCollections: Float64Array.from(collected),
    afterGc: false,
    limit: 96 * 2 ** 20,
    work: Object.entries(run.counts).map(([name, counts]) => ({
      unit: { kind: 'http' as const, name },
      status: '',
      times,
      counts: Float64Array.from(counts.slice(0, n)),
      complete: true,
    })),
    load: undefined,
    mixedWriters: false,
    end: undefined,
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '5' }, trace: { type: 'boolean' } },
});
const seconds = (ms: number | undefined) => (ms === undefined ? '–' : (ms / 1000).toFixed(0));
for (const file of positionals) {
  const run = JSON.parse(readFileSync(file, 'utf8')) as Run;
  let look: LookState | undefined;
  let firstLeak: number | undefined;
  let line = 'never fires';
  for (let at = 20; at <= 120; at += Number(values.every)) {
    const life = lifeUntil(run, at);
    if (life.times.length < 3) continue;
    const result = analyzeCohort([life]);
    const { state, decision } = nextLook(look, result, { birth: life.startedAt as number });
    look = state;
    if (result.verdict === 'leak') firstLeak ??= at;
    const [suspect] = result.suspects;
    const said = `${suspect?.units.map(({ name }) => name).join('+') || suspect?.cause} ${Math.round(suspect?.bytesPerUnit?.value ?? 0)} B (${suspect?.weight.toFixed(2)}), onset ${seconds(result.onset?.low)}–${seconds(result.onset?.high)}`;
    if (values.trace) console.log(at, result.verdict, `lows ${result.lows}`, decision, said, result.reason);
    if (decision === 'fire') {
      line = `fires at ${at}: ${said}`;
      break;
    }
  }
  const { unit, onset_s, bytesPerUnit } = run.truth;
  console.log(
    `${basename(file).padEnd(18)} first leak ${firstLeak ?? '–'}, ${line}   [truth ${unit} ${bytesPerUnit} B at ${onset_s?.toFixed(0)}]`,
  );
}
