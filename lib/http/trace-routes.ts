import * as z from 'zod';
import { type ComparedSide, comparisonAnswer } from '../jobs/answers/comparison.ts';
import { traceAnswer, traceFlameAnswer } from '../jobs/answers/kept-traces.ts';
import { nestingAnswer } from '../jobs/answers/nesting.ts';
import { gapsAnswer, suspectsAnswer } from '../jobs/answers/traces.ts';
import type { JobContext } from '../jobs/context.ts';
import { DAY_MS } from '../model/units.ts';
import { setAside, takeBack } from '../records/set-aside.ts';
import { readTraceSettings, writeTraceSettings } from '../records/trace-settings.ts';
import { type ApiRoute, route } from './api-routes.ts';
import type { Caller } from './auth.ts';
import { RangeQuery, readRange } from './range.ts';
import { list } from './schemas.ts';
import { readService } from './service-path.ts';
import {
  AsideSchema,
  ComparisonSchema,
  GapAsideBody,
  GapsSchema,
  NestingSchema,
  PatternAsideBody,
  SuspectsSchema,
  TraceFlamegraphSchema,
  TraceSchema,
  TraceSettingsSchema,
} from './trace-schemas.ts';

const Text = z.string().max(1000).optional();
const UnitRange = RangeQuery.extend({ version: Text });
const Moment = RangeQuery.shape.from;
const ComparisonRange = RangeQuery.extend({
  leftFrom: Moment,
  leftTo: Moment,
  rightFrom: Moment,
  rightTo: Moment,
  leftVersion: Text,
  rightVersion: Text,
});
const TraceQuery = RangeQuery.extend({ service: Text });
const TraceFlameQuery = TraceQuery.extend({
  span: Text.meta({ description: "a span's id; without one the root's" }),
  focus: z
    .enum(['gap', 'span', 'tree', 'all'])
    .default('tree')
    .meta({ description: 'span: what none of its children covers; tree: with them' }),
  startUs: z.coerce
    .number()
    .min(0)
    .optional()
    .meta({ description: "of the gap; the span's longest without" }),
  maxNodes: z.coerce.number().int().min(1).max(10_000).default(2000),
});

const KINDS = ['http', 'graphql', 'rpc', 'job', 'message', 'connection'];

/** `http GET /orders/:id`, or the name alone, which is then an HTTP route's. */
function unitOf(params: Readonly<Record<string, string>>): string {
  const text = params.transaction ?? '';
  return KINDS.some((kind) => text.startsWith(`${kind} `)) ? text : `http ${text}`;
}
const UNIT_PATH = '/services/{service}/transactions/{transaction}';

/** Where the time of requests goes, and how their spans are nested. */
export function traceRoutes(jobs: JobContext): ApiRoute[] {
  const serviceOf = (params: Readonly<Record<string, string>>) => readService(params.service ?? '');
  const unitQuery = (
    caller: Caller,
    params: Readonly<Record<string, string>>,
    query: z.infer<typeof UnitRange>,
  ) => ({
    project: caller.project,
    service: serviceOf(params),
    unit: unitOf(params),
    version: query.version,
    ...readRange(query, jobs.clock.now()),
  });
  return [
    route({
      method: 'get',
      path: `${UNIT_PATH}/suspects`,
      summary: 'Spans, functions and patterns that take the time of a transaction, by self time',
      scope: 'read',
      query: UnitRange,
      answer: SuspectsSchema,
      run: ({ caller, params, query }) => suspectsAnswer(jobs, unitQuery(caller, params, query)),
    }),
    route({
      method: 'get',
      path: `${UNIT_PATH}/gaps`,
      summary: 'Time of a transaction that no span tells of, with what the profiles say of it',
      scope: 'read',
      query: UnitRange,
      answer: GapsSchema,
      run: ({ caller, params, query }) => gapsAnswer(jobs, unitQuery(caller, params, query)),
    }),
    ...asideRoutes(jobs),
    route({
      method: 'get',
      path: `${UNIT_PATH}/comparison`,
      summary: 'Latency, failures and Apdex of a transaction between two versions or two times',
      scope: 'read',
      query: ComparisonRange,
      answer: ComparisonSchema,
      run: ({ caller, params, query }) => {
        const { version: _, ...asked } = unitQuery(caller, params, { ...query, version: undefined });
        return comparisonAnswer(jobs, { ...asked, sides: sidesOf(query, jobs.clock.now()) });
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/nesting',
      summary: 'How the traces of each process are nested: verdict, cause, and the lines that put it right',
      scope: 'read',
      query: RangeQuery,
      answer: NestingSchema,
      run: ({ caller, params, query }) =>
        nestingAnswer(jobs, {
          project: caller.project,
          service: serviceOf(params),
          ...readRange(query, jobs.clock.now()),
        }),
    }),
    route({
      method: 'get',
      path: '/services/{service}/trace-settings',
      summary: 'Thresholds of patterns and of the Apdex, as people set them for a service and its units',
      scope: 'read',
      answer: TraceSettingsSchema,
      run: ({ caller, params }) => readTraceSettings(jobs.records, caller.project, serviceOf(params)),
    }),
    route({
      method: 'put',
      path: '/services/{service}/trace-settings',
      summary: 'Replaces them; what is left out is as by default. Patterns are looked for anew from now on',
      scope: 'admin',
      body: TraceSettingsSchema,
      answer: TraceSettingsSchema,
      run: ({ caller, params, body }) =>
        writeTraceSettings(jobs.records, caller.project, serviceOf(params), body),
    }),
    ...keptRoutes(jobs),
  ];
}

/** Who has a trace's id and nothing else asks without a time. */
const LOOK_BACK_MS = 14 * DAY_MS;
function lookBack(query: z.infer<typeof RangeQuery>, now: number) {
  const range = readRange(query, now);
  return query.from === undefined ? { ...range, from: range.to - LOOK_BACK_MS } : range;
}

/** Traces that are retained as examples. */
function keptRoutes(jobs: JobContext): ApiRoute[] {
  const keptQuery = (caller: Caller, query: z.infer<typeof TraceQuery>) => ({
    project: caller.project,
    service: query.service === undefined ? undefined : readService(query.service),
    ...lookBack(query, jobs.clock.now()),
  });
  const idOf = ({ trace = '' }: Readonly<Record<string, string>>) => trace.toLowerCase();
  return [
    route({
      method: 'get',
      path: '/traces/{trace}',
      summary: 'A trace that is retained as an example, with reported and repaired nesting',
      scope: 'read',
      query: TraceQuery,
      answer: list(TraceSchema),
      run: ({ caller, params, query }) => traceAnswer(jobs, idOf(params), keptQuery(caller, query)),
    }),
    route({
      method: 'get',
      path: '/traces/{trace}/flamegraph',
      summary: 'Flame graph of a gap, a span, a span with its children, or all of a retained trace',
      scope: 'read',
      query: TraceFlameQuery,
      answer: TraceFlamegraphSchema,
      run: ({ caller, params, query }) => {
        const { span, focus, startUs, maxNodes } = query;
        const asked = { span, focus, startUs, maxNodes, ...keptQuery(caller, query) };
        return traceFlameAnswer(jobs, idOf(params), asked);
      },
    }),
  ];
}

function sidesOf(
  query: z.infer<typeof ComparisonRange>,
  now: number,
): [ComparedSide, ComparedSide] | undefined {
  const side = (name: 'left' | 'right'): ComparedSide => ({
    version: query[`${name}Version`],
    ...readRange({ from: query[`${name}From`] ?? query.from, to: query[`${name}To`] ?? query.to }, now),
  });
  const asked = ['leftFrom', 'leftVersion', 'rightFrom', 'rightVersion'] as const;
  return asked.some((name) => query[name] !== undefined) ? [side('left'), side('right')] : undefined;
}

/** What people set aside, and take back. */
function asideRoutes(jobs: JobContext): ApiRoute[] {
  const change = async (
    caller: Caller,
    params: Readonly<Record<string, string>>,
    one: { readonly kind: 'gap' | 'pattern'; readonly subject: string; readonly reason: string },
    isAside: boolean,
  ) => {
    const service = readService(params.service ?? '');
    const { reason, ...named } = { ...one, unit: unitOf(params) };
    if (isAside) {
      const at = jobs.clock.now();
      await setAside(jobs.records, caller.project, service, { ...named, reason, at });
    } else await takeBack(jobs.records, caller.project, service, named);
    return { changed: true };
  };
  return [
    route({
      method: 'post',
      path: `${UNIT_PATH}/gaps/dismiss`,
      summary: 'Dismisses a gap of a transaction by what lies around it, or takes that back',
      scope: 'admin',
      body: GapAsideBody,
      answer: AsideSchema,
      run: ({ caller, params, body: { after, before, reason, dismissed } }) =>
        change(caller, params, { kind: 'gap', subject: JSON.stringify([after, before]), reason }, dismissed),
    }),
    route({
      method: 'post',
      path: `${UNIT_PATH}/patterns/ignore`,
      summary: 'Ignores one pattern of a transaction, or takes that back',
      scope: 'admin',
      body: PatternAsideBody,
      answer: AsideSchema,
      run: ({ caller, params, body: { kind, subject, reason, ignored } }) =>
        change(
          caller,
          params,
          { kind: 'pattern', subject: JSON.stringify([kind, subject]), reason },
          ignored,
        ),
    }),
  ];
}
