// How well the analysis does on runs of the demo shop: recorded ones, or simulated ones where none are at hand.
//   node bench/leaks/demo.ts [--runs DIR] [--seeds N]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { analyzeLife, type LookState, nextLook } from '../../lib/leaks/index.ts';
import type { LeakResult } from '../../lib/model/leak.ts';
import { type DemoRun, lifeOfRun, simulateDemo } from './demo-simulator.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seeds: { type: 'string', default: '20' } },
});
const LOOK_EVERY_S = 5;

const runs = values.runs ? recorded(values.runs) : simulated(Number(values.seeds));
const tally = {
  leaking: 0,
  found: 0,
  fired: 0,
  firedRight: 0,
  first: 0,
  onset: 0,
  bytes: 0,
  clean: 0,
  falseAlarms: 0,
};
for (const [name, run] of runs) {
  const result = analyzeLife(lifeOfRun(run));
  const fired = firstAlarm(run);
  report(name, run, result, fired);
}
process.stdout.write(`${JSON.stringify(tally)}\n`);

function recorded(folder: string): [string, DemoRun][] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as DemoRun]);
}

function simulated(seeds: number): [string, DemoRun][] {
  return Array.from({ length: seeds }, (_, i) => i).flatMap((seed): [string, DemoRun][] => [
    [`leak ${seed}`, simulateDemo(seed)],
    [`clean ${seed}`, simulateDemo(seed + 1000, { leak: false })],
  ]);
}

/** As the server looks: every few seconds, with the state of the look before. */
function firstAlarm(run: DemoRun): { atS: number; result: LeakResult } | undefined {
  let state: LookState | undefined;
  for (let atS = 20; atS <= (run.times_s.at(-1) ?? 0) + 1; atS += LOOK_EVERY_S) {
    const result = analyzeLife(lifeOfRun(run, atS));
    const look = nextLook(state, result, { birth: 0 });
    state = look.state;
    if (look.decision === 'fire') return { atS, result };
  }
  return undefined;
}

function report(name: string, run: DemoRun, result: LeakResult, fired: ReturnType<typeof firstAlarm>) {
  const { truth } = run;
  if (truth.noLeak) {
    tally.clean += 1;
    if (fired || result.verdict === 'leak') tally.falseAlarms += 1;
  } else {
    const suspect = result.suspects[0];
    const onset = result.onset;
    const isNarrow = onset !== null && onset.high - onset.low <= 30_000;
    tally.leaking += 1;
    tally.found += Number(result.verdict === 'leak');
    tally.fired += Number(fired !== undefined);
    tally.firedRight += Number(fired?.result.suspects[0]?.units[0]?.name === truth.unit);
    tally.first += Number(suspect?.units[0]?.name === truth.unit);
    tally.onset += Number(
      isNarrow && onset.low <= truth.onset_s * 1000 && truth.onset_s * 1000 <= onset.high,
    );
    const bytes = suspect?.bytesPerUnit?.value ?? 0;
    tally.bytes += Number(Math.abs(bytes / truth.bytesPerUnit - 1) <= 0.25);
  }
  const seconds = (ms: number) => (ms / 1000).toFixed(0);
  const { onset } = result;
  process.stdout.write(
    [
      name.padEnd(16),
      result.verdict.padEnd(18),
      onset ? `onset ${seconds(onset.t)} (${seconds(onset.low)} to ${seconds(onset.high)}) s` : 'no onset',
      truth.noLeak ? 'clean' : `true ${truth.onset_s.toFixed(0)} s, ${truth.unit}`,
      fired ? `fires at ${fired.atS} s: ${fired.result.suspects[0]?.units[0]?.name}` : 'never fires',
      `${result.lows} lows`,
    ]
      .join(' | ')
      .concat('\n'),
  );
}
