import { flamebearer, rendered, toJson } from '../../flame/flamebearer.ts';
import { prune } from '../../flame/prune.ts';
import { totalOf } from '../../flame/tree.ts';
import { Fault } from '../../model/fault.ts';
import { STEP_MS } from '../../model/partition.ts';
import type { ServiceName } from '../../model/service.ts';
import type { Interval } from '../../model/uncovered.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../../model/units.ts';
import { listServices } from '../../records/services.ts';
import type { StatePart } from '../../segments/read.ts';
import type { RetainedTrace } from '../../traces/retained.ts';
import { type DeploymentSpans, noSpans, type SpansState } from '../../traces/spans-state.ts';
import { selfIntervals, traceFlame } from '../../traces/trace-flame.ts';
import type { JobContext } from '../context.ts';
import { isCoarse } from '../load-service.ts';
import { adviceOf, deploymentsOf } from './nesting.ts';
import type { TracesQuery } from './traces.ts';

// Traces that are kept whole, because a number names them as its example.

type Context = Pick<JobContext, 'reader' | 'records'>;

export interface KeptQuery {
  readonly project: string;
  /** Of this one, or of all that there are. */
  readonly service: ServiceName | undefined;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

interface Kept {
  readonly service: ServiceName;
  readonly trace: RetainedTrace;
  readonly deployments: ReadonlyMap<string, DeploymentSpans>;
}

/** Retained examples of a trace: one for each unit of work in it. @throws Fault('not-found') */
export async function traceAnswer(context: Context, traceId: string, query: KeptQuery) {
  const found = await keptOf(context, traceId, query);
  return { items: found.map(answerOf).sort((a, b) => a.start - b.start), cursor: null };
}

function answerOf({ service, trace, deployments }: Kept) {
  const { deployment, samples = [], ...rest } = trace;
  const one = deployments.get(deployment);
  const isWrong = trace.verdict !== 'ok' && one !== undefined;
  return {
    service: service as string,
    ...rest,
    samples: samples.reduce((sum, kept) => sum + kept.samples.length / 2, 0),
    ...(isWrong ? adviceOf(one) : NO_ADVICE),
  };
}
const NO_ADVICE = { cause: null, reason: '', fix: '' };

/** Parts of one trace are near one another; what is asked for without a time is mostly of late. */
const NEAR_MS = HOUR_MS;
const STEPS_MS = [2 * HOUR_MS, 8 * HOUR_MS, DAY_MS, 3 * DAY_MS];

/**
 * Looks back from the end of the range, in longer and longer steps, until some service has it; then whoever else has a part
 * of it at that time. Cost: all services' traces of the time from its own to the end of the range.
 */
async function keptOf(context: Context, traceId: string, query: KeptQuery): Promise<readonly Kept[]> {
  const { project, from, to } = query;
  const services = await servicesOf(context, query);
  for (let step = 0, until = to; until > from; step += 1) {
    const since = Math.max(from, until - (STEPS_MS[step] ?? Number.POSITIVE_INFINITY));
    const found = await keptIn(context, traceId, { project, services, from: since, to: until });
    if (found.length > 0) {
      const { start } = found[0]!.trace;
      const near = { from: start - NEAR_MS, to: start + NEAR_MS };
      const others = near.from < since || near.to > until ? { project, services, ...near } : undefined;
      return unique([...found, ...(others ? await keptIn(context, traceId, others) : [])]);
    }
    until = since;
  }
  throw new Fault(
    'not-found',
    `Cannot show trace "${traceId.slice(0, 64)}": it is not retained; only examples are kept`,
  );
}

async function servicesOf({ records }: Context, { project, service, from, to }: KeptQuery) {
  if (service !== undefined) return [service];
  const all = await listServices(records, project);
  return all
    .filter(
      ({ signals, firstData, lastData }) =>
        signals.traces !== undefined && lastData >= from - DAY_MS && firstData <= to,
    )
    .map((one) => one.service);
}

/** Services that are read at once. */
const AT_ONCE = 8;

async function keptIn(
  context: Context,
  traceId: string,
  {
    services,
    ...range
  }: Omit<KeptQuery, 'service'> & {
    readonly services: readonly ServiceName[];
  },
): Promise<readonly Kept[]> {
  const found: Kept[] = [];
  for (let i = 0; i < services.length; i += AT_ONCE) {
    const group = services
      .slice(i, i + AT_ONCE)
      .map((service) => keptOfService(context, traceId, { ...range, service }));
    for (const some of await Promise.all(group)) found.push(...some);
  }
  return found;
}

/** Which traces are kept, without them: a day of names stays in memory where a day of traces would not. */
const NAMES: StatePart<SpansState> = {
  name: 'kept',
  of: ({ deployments, traces }) => ({
    ...noSpans,
    deployments,
    traces: new Map([...traces.keys()].map((key) => [key, ''])),
  }),
};

async function keptOfService(
  { reader }: Context,
  traceId: string,
  range: TracesQuery,
): Promise<readonly Kept[]> {
  const isAsked = (key: string) => key.startsWith(`${traceId} `);
  const query = { ...range, coarse: isCoarse(range.from, range.to) };
  const parts = await reader.range('spans', query, NAMES);
  const found: string[] = [];
  for (const { start, step, state } of parts) {
    if (![...state.traces.keys()].some(isAsked)) continue;
    for (const whole of await reader.range('spans', { ...query, from: start, to: start + STEP_MS[step] }))
      for (const [key, text] of whole.state.traces) if (isAsked(key)) found.push(text);
  }
  if (found.length === 0) return [];
  const deployments = deploymentsOf(parts.map(({ state }) => state));
  return found.map((text) => ({
    service: range.service,
    trace: JSON.parse(text) as RetainedTrace,
    deployments,
  }));
}

const unique = (found: readonly Kept[]): readonly Kept[] => [
  ...new Map(found.map((one) => [`${one.service} ${one.trace.spans[0]?.spanId}`, one])).values(),
];

/** What of a trace a flame graph is asked for. */
export interface TraceFlameQuery extends KeptQuery {
  /** Id; the root's without one. */
  readonly span: string | undefined;
  /** gap: that of the span, from `startUs` on; span: what none of its children covers; tree: with them; all: the trace. */
  readonly focus: 'gap' | 'span' | 'tree' | 'all';
  /** Where the gap begins, µs since the trace's start; the span's longest one without. */
  readonly startUs: number | undefined;
  readonly maxNodes: number;
}

/**
 * What the thread that ran a request did in some part of it, from the samples that are kept with it. Amounts are those of the
 * causes: a sample stands for half the way to its neighbours. @throws Fault('not-found')
 */
export async function traceFlameAnswer(context: Context, traceId: string, query: TraceFlameQuery) {
  const all = (await keptOf(context, traceId, query)).map(({ trace }) => trace);
  const trace =
    query.span === undefined
      ? all[0]!
      : all.find(({ spans }) => spans.some(({ spanId }) => spanId === query.span));
  if (trace === undefined) throw notFound(`trace "${traceId}" has no span "${query.span}" that is kept`);
  const { samples = [] } = trace;
  if (samples.length === 0)
    throw notFound(`no samples of trace "${traceId}" are kept: it was not profiled while it ran`);
  const intervals = intervalsOf(trace, query);
  const { tree, us, sampledUs, samples: seen } = traceFlame(samples, intervals);
  return {
    ...rendered('single', flamebearer(prune(tree, query.maxNodes)), 'wall', MICROSECONDS),
    traceId,
    spanId: query.span ?? trace.spans[0]!.spanId,
    focus: query.focus,
    intervals: intervals.map(([from, to]) => ({ startUs: from, durationUs: to - from })),
    total: toJson(totalOf(tree)),
    unit: 'microseconds' as const,
    samples: seen,
    coverage: us === 0 ? 0 : Math.min(1, sampledUs / us),
  };
}

const MICROSECONDS = { units: 'samples', sampleRate: 1e6 };

const notFound = (why: string) => new Fault('not-found', `Cannot draw a flame graph: ${why}`);

function intervalsOf(
  trace: RetainedTrace,
  { span: id, focus, startUs }: TraceFlameQuery,
): readonly Interval[] {
  const span = trace.spans.find(({ spanId }) => spanId === id) ?? trace.spans[0]!;
  const whole = (from: number, us: number): Interval[] => [[from, from + us]];
  if (focus === 'all') return whole(0, trace.durationUs);
  if (focus === 'tree') return whole(span.startUs, span.durationUs);
  if (focus === 'span') return selfIntervals(trace, span);
  const gap = trace.gaps
    .filter((one) => one.spanId === span.spanId && (startUs === undefined || one.startUs === startUs))
    .sort((a, b) => b.durationUs - a.durationUs)[0];
  if (gap === undefined)
    throw notFound(`span "${span.spanId}" has no gap${startUs === undefined ? '' : ` at ${startUs} µs`}`);
  return whole(gap.startUs, gap.durationUs);
}
