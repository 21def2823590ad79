// Scores the nesting check on folders of labelled traces, and says how fast it is:
//   node bench/traces/nesting.ts --data DIR [--data DIR …] [--odd | --even] [--json]
// A trace is wrong when a span's reported parent is not its true one; task spans are looked through, and a parent that
// is not in the trace counts as the root. Speed is by processor time, which a busy machine disturbs less. --odd and
// --even take every other trace of each file.
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNesting, type NestedTrace } from '../../lib/traces/nesting/index.ts';
import { type Labelled, type LabelledSet, readLabelled } from './labelled.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', multiple: true },
    odd: { type: 'boolean' },
    even: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
if (!values.data) {
  process.stderr.write(
    'Usage: node bench/traces/nesting.ts --data DIR [--data DIR …] [--odd | --even] [--json]\n',
  );
  process.exit(2);
}

interface Score {
  readonly set: string;
  readonly traces: number;
  readonly wrong: number;
  readonly found: number;
  /** Right traces called misnested. */
  readonly falseAlarms: number;
  /** Wrong traces of a process whose scopes are apart: late binding, not this bug. Not among `wrong`. */
  readonly lateBinding: number;
  readonly lateBindingCalled: number;
  /** Spans of wrong traces, and how many hung right before and after the repair. */
  readonly spans: number;
  readonly rightSent: number;
  readonly rightRepaired: number;
  readonly ambiguous: number;
  readonly ambiguousRight: number;
  readonly milliseconds: number;
  readonly allSpans: number;
}

const keep = ({ name, traces }: LabelledSet): LabelledSet => ({
  name,
  traces: traces.filter((_, i) => (values.odd ? i % 2 === 1 : values.even ? i % 2 === 0 : true)),
});

const ROOT = -1;

/** The nearest parent that is no task span, as an id. */
function parentThroughTasks({ spans, trace }: NestedTrace, parent: ArrayLike<number>, i: number): string {
  let at = parent[i]!;
  for (let steps = 0; at > ROOT && spans[at]!.origin === 'auto.function.asyncio' && steps < 1000; steps++)
    at = parent[at]!;
  return spans[at]?.spanId ?? trace.root.spanId;
}

function scoreSet({ name, traces }: LabelledSet): Score {
  const before = process.cpuUsage();
  const report = checkNesting(traces.map(({ trace }) => trace));
  const cpu = process.cpuUsage(before);
  const milliseconds = (cpu.user + cpu.system) / 1000;
  const rows = traces.map((labelled, i) => scoreTrace(labelled, report.traces[i]!, APART.test(name)));
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    set: name,
    traces: rows.length,
    wrong: sum((r) => Number(r.wrong && !r.late)),
    found: sum((r) => Number(r.wrong && !r.late && r.called)),
    falseAlarms: sum((r) => Number(!r.wrong && r.called)),
    lateBinding: sum((r) => Number(r.late)),
    lateBindingCalled: sum((r) => Number(r.late && r.called)),
    spans: sum((r) => (r.wrong && !r.late ? r.spans : 0)),
    rightSent: sum((r) => (r.wrong && !r.late ? r.rightSent : 0)),
    rightRepaired: sum((r) => (r.wrong && !r.late ? r.rightRepaired : 0)),
    ambiguous: sum((r) => r.ambiguous),
    ambiguousRight: sum((r) => r.ambiguousRight),
    milliseconds,
    allSpans: sum((r) => r.allSpans),
  };
}

/** Sets of processes whose scopes are apart: what is wrong there was bound late. */
const APART = /late|stock/;

function scoreTrace({ truth }: Labelled, nested: NestedTrace, isApart: boolean) {
  let rightSent = 0;
  let rightRepaired = 0;
  let spans = 0;
  let ambiguousRight = 0;
  const unsure = new Set(nested.ambiguous.flatMap(({ spanIds }) => spanIds));
  for (const [i, { spanId }] of nested.spans.entries()) {
    const known = truth.get(spanId);
    if (known === undefined) continue;
    spans++;
    if (parentThroughTasks(nested, nested.reported, i) === known) rightSent++;
    if (parentThroughTasks(nested, nested.parent, i) !== known) continue;
    rightRepaired++;
    if (unsure.has(spanId)) ambiguousRight++;
  }
  const wrong = rightSent < spans;
  const late = wrong && isApart;
  const called = nested.verdict === 'misnested';
  const allSpans = nested.spans.length;
  return {
    wrong,
    late,
    called,
    spans,
    allSpans,
    rightSent,
    rightRepaired,
    ambiguous: unsure.size,
    ambiguousRight,
  };
}

const share = (part: number, whole: number) => (whole === 0 ? '–' : (part / whole).toFixed(3));

function line(s: Score): string {
  return [
    s.set.padEnd(28),
    String(s.traces).padStart(6),
    `${s.found}/${s.wrong}`.padStart(11),
    share(s.found, s.wrong).padStart(6),
    String(s.falseAlarms).padStart(6),
    `${s.lateBindingCalled}/${s.lateBinding}`.padStart(8),
    share(s.rightSent, s.spans).padStart(6),
    share(s.rightRepaired, s.spans).padStart(6),
    share(s.ambiguous - s.ambiguousRight, s.spans - s.rightRepaired).padStart(7),
    (s.allSpans / s.milliseconds).toFixed(0).padStart(8),
  ].join(' ');
}

const HEAD = `${'set'.padEnd(28)} traces       found         false  late      sent repair unsure  kspans/s`;
const add = (a: Score, b: Score): Score =>
  Object.fromEntries(
    Object.entries(a).map(([key, v]) => [key, key === 'set' ? v : v + b[key as keyof Score]]),
  ) as unknown as Score;

const scores: Score[] = [];
if (!values.json) process.stdout.write(`${HEAD}\n`);
for (const folder of values.data) {
  const sets = readLabelled(folder).map(keep).map(scoreSet);
  scores.push(...sets);
  if (values.json || sets.length === 0) continue;
  for (const score of sets) process.stdout.write(`${line(score)}\n`);
  const total = sets.reduce(add);
  process.stdout.write(`${line({ ...total, set: `= ${basename(folder)}` })}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(scores)}\n`);
else {
  if (scores.length > 0) process.stdout.write(overall(scores));
  process.stdout.write(`Memory: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident\n`);
}

/** Over all folders, by kind of program, then as one; what each kind is of that one, because the figure follows the mix. */
function overall(all: readonly Score[]): string {
  const total = all.reduce(add);
  const kinds = [...Map.groupBy(all, ({ set }) => (/web/.test(set) ? 'web-like' : 'random'))];
  const rows = kinds.map(([kind, sets]) => ({ ...sets.reduce(add), set: `= ${kind}` }));
  const mix = rows.map(({ set, spans }) => `${share(spans, total.spans)} ${set.slice(2)}`).join(', ');
  return `${[...rows, { ...total, set: '= all' }].map(line).join('\n')}\nSpans of wrong traces: ${mix}\n`;
}
