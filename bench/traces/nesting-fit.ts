// Looks for better weights of the repair (`WEIGHTS` in lib/traces/nesting/features.ts), on traces whose parents are known:
//   node bench/traces/nesting-fit.ts --data DIR [--data DIR …] [--even | --odd] [--step 0.6] [--seconds 100]
// Climbs from the weights that are there: each in turn is moved up and down by the step and kept where more parents come out
// right, the step halved after each round. Kinds of programs (web or random, protocol) have an equal say. Prints the weights.
//
// How the present weights came about: most are those of a conditional logit, fitted by a prototype in Python that had the same
// features; `direct`, `twin` and END_WEIGHTS were then changed by climbing as here. Fitting the logit again to the features as
// they are now does worse (parents right in web services .93 and, by OpenTelemetry, .85, where the present ones have .998 and
// .98; random programs as before): it learns from readings whose past is right, which a repair's readings are not.
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { factsOf } from '../../lib/traces/nesting/deployments.ts';
import { WEIGHTS, type Weights } from '../../lib/traces/nesting/features.ts';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { type Misnested, repairEndpoint } from '../../lib/traces/nesting/repair.ts';
import { DEFAULTS } from '../../lib/traces/nesting/settings.ts';
import { Keys, tableOf } from '../../lib/traces/nesting/span-table.ts';
import { type LabelledSet, readLabelled } from './labelled.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', multiple: true },
    even: { type: 'boolean' },
    odd: { type: 'boolean' },
    step: { type: 'string' },
    seconds: { type: 'string' },
  },
});
if (!values.data) {
  process.stderr.write(
    'Usage: node bench/traces/nesting-fit.ts --data DIR [--data DIR …] [--even | --odd] [--step 0.6] [--seconds 100]\n',
  );
  process.exit(2);
}

/** What is gained by less is chance. */
const MIN_GAIN = 0.0003;
const SMALLEST_STEP = 0.1;

/** The misnested traces of one endpoint, with the true parents of their spans as ids. */
interface Endpoint {
  readonly traces: readonly Misnested[];
  readonly truths: readonly ReadonlyMap<string, string>[];
}
interface Kind {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

const isKept = (_: unknown, i: number) => (values.even ? i % 2 === 0 : values.odd ? i % 2 === 1 : true);

/** Which traces are repaired does not depend on the weights: it is found once. */
function endpointsOf({ traces }: LabelledSet): readonly Endpoint[] {
  const kept = traces.filter(isKept);
  const called = checkNesting(kept.map(({ trace }) => trace)).traces.map(
    ({ verdict }) => verdict === 'misnested',
  );
  const keys = new Keys();
  const facts = factsOf(
    kept.map(({ trace }) => tableOf(trace, keys)),
    DEFAULTS,
  );
  const wrong = [...kept.keys()].filter((k) => called[k]);
  return [...Map.groupBy(wrong, (k) => kept[k]!.trace.name).values()].map((members) => ({
    traces: members.map((k) => facts[k]!),
    truths: members.map((k) => kept[k]!.truth),
  }));
}

const kindOf = (folder: string, name: string) =>
  `${basename(folder)} ${/shared/.test(name) ? 'otlp' : 'sentry'} ${/web/.test(name) ? 'web' : 'random'}`;
const sets = values.data.flatMap((folder) =>
  readLabelled(folder).map((set) => ({ name: kindOf(folder, set.name), endpoints: endpointsOf(set) })),
);
const kinds: readonly Kind[] = [...Map.groupBy(sets, ({ name }) => name)]
  .map(([name, members]) => ({ name, endpoints: members.flatMap(({ endpoints }) => endpoints) }))
  .filter(({ endpoints }) => endpoints.length > 0);

function rightShare({ endpoints }: Kind, weights: Weights): number {
  let known = 0;
  let right = 0;
  for (const { traces, truths } of endpoints)
    for (const [t, { parent }] of repairEndpoint(traces, DEFAULTS, weights).entries()) {
      const { spans, trace } = traces[t]!.table;
      for (const [i, { spanId }] of spans.entries()) {
        const truth = truths[t]!.get(spanId);
        if (truth === undefined) continue;
        known += 1;
        if ((spans[parent[i]!]?.spanId ?? trace.root.spanId) === truth) right += 1;
      }
    }
  return right / known;
}

function scoreOf(weights: Weights): { readonly mean: number; readonly text: string } {
  const shares = kinds.map((kind) => rightShare(kind, weights));
  return {
    mean: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    text: kinds.map(({ name }, k) => `${name} ${shares[k]!.toFixed(4)}`).join(', '),
  };
}

const names = Object.keys(WEIGHTS) as (keyof Weights)[];
const until = performance.now() + Number(values.seconds ?? 100) * 1000;
let weights: Weights = WEIGHTS;
let best = scoreOf(weights);
process.stderr.write(`${best.mean.toFixed(5)}  ${best.text}\n`);
for (let step = Number(values.step ?? 0.6); step >= SMALLEST_STEP; step /= 2)
  for (const name of names)
    for (const move of [step, -step]) {
      if (performance.now() > until) continue;
      const moved = { ...weights, [name]: Number((weights[name] + move).toFixed(2)) };
      const score = scoreOf(moved);
      if (score.mean <= best.mean + MIN_GAIN) continue;
      [weights, best] = [moved, score];
      process.stderr.write(`${best.mean.toFixed(5)}  ${name} ${moved[name]}: ${best.text}\n`);
    }
process.stdout.write(`${JSON.stringify(weights, null, 2)}\n`);
