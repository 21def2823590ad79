// Real leaking programs with stock OpenTelemetry SDKs and their fixed twins, at accelerated pace, judged by the API.
//   node bench/leaks/live/run.ts [--only map,lru] [--seconds 380] [--at-once 6] [--seed 1] [--log FILE] [--keep DIR]
// See README.md beside it. Some minutes per batch; the machine should have nothing else to do.
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judge, type Mark, markFixed, markLeak } from './judge.ts';
import { KINDS } from './kinds.ts';
import { type Ended, type Plan, runBatch } from './live-run.ts';
import { prepare, toolsFolder } from './tools.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '380' },
    'at-once': { type: 'string', default: '6' },
    'per-second': { type: 'string', default: '35' },
    seed: { type: 'string', default: '1' },
    log: { type: 'string' },
    keep: { type: 'string' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const wanted = values.only?.split(',');
const kinds = KINDS.filter(
  ({ name, language }) => !wanted || wanted.includes(name) || wanted.includes(language),
);
const tools = toolsFolder();
const missing = prepare(tools, kinds);
for (const [language, why] of missing) process.stdout.write(`${language} left out: ${why}\n`);

const plans = kinds
  .filter(({ language }) => !missing.has(language))
  .flatMap((kind, i): Plan[] => [
    { kind, variant: 'leak', seed: Number(values.seed) * 1000 + i },
    { kind, variant: 'fixed', seed: Number(values.seed) * 1000 + 500 + i },
  ]);
const settings = {
  tools,
  seconds: Number(values.seconds),
  perSecond: Number(values['per-second']),
  keep: values.keep,
};
const atOnce = Number(values['at-once']);

const columns = [14, 8, 7, 15, 44, 6, 10, 8, 8] as const;
const row = (...cells: string[]) =>
  process.stdout.write(
    `${cells
      .map((cell, i) => cell.padEnd(columns[i] ?? 0))
      .join(' ')
      .trimEnd()}\n`,
  );

const marks = { leak: [] as Mark[], fixed: [] as Mark[] };
const began = Date.now();
row('kind', 'language', 'variant', 'role', 'answer', 'right', 'truth', 'bytes', 'requests');
for (let at = 0; at < plans.length; at += atOnce)
  for (const ended of await runBatch(plans.slice(at, at + atOnce), settings)) report(ended);

function report(ended: Ended): void {
  const { plan, said, truth, sent, failed } = ended;
  const mark = plan.variant === 'leak' ? markLeak(plan.kind, said, truth) : markFixed(said);
  marks[plan.variant].push(mark);
  if (values.log) appendFileSync(values.log, `${JSON.stringify({ ...ended, mark })}\n`);
  row(
    plan.kind.name,
    plan.kind.language,
    plan.variant,
    mark.role,
    mark.answer,
    mark.right ? 'yes' : 'NO',
    Number.isNaN(truth) ? '' : `${Math.round(truth)} B`,
    mark.bytesError === undefined ? '' : `${(mark.bytesError * 100).toFixed(1)} %`,
    failed > 0 ? `${sent}, ${failed} failed` : String(sent),
  );
}

process.stdout.write(`\n${((Date.now() - began) / 60_000).toFixed(1)} min\n`);
const passMarks = judge(marks.leak, marks.fixed);
for (const { name, passed, of, needed } of passMarks)
  process.stdout.write(
    `${passed >= needed ? 'ok ' : 'NO '} ${passed} of ${of} (${needed} needed): ${name}\n`,
  );
process.exitCode = passMarks.every(({ passed, needed }) => passed >= needed) ? 0 : 1;
