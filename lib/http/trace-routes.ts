import * as z from 'zod';
import { type ComparedSide, comparisonAnswer } from '../jobs/answers/comparison.ts';
import { gapsAnswer, nestingAnswer, suspectsAnswer, traceAnswer } from '../jobs/answers/traces.ts';
import type { JobContext } from '../jobs/context.ts';
import { Fault } from '../model/fault.ts';
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
    route({
      method: 'get',
      path: '/traces/{trace}',
      summary: 'A trace that is retained as an example, with reported and repaired nesting',
      scope: 'read',
      query: TraceQuery,
      answer: list(TraceSchema),
      run: async ({ caller, params, query }) => {
        const traceId = (params.trace ?? '').toLowerCase();
        const service = query.service === undefined ? undefined : readService(query.service);
        const range = readRange(query, jobs.clock.now());
        const found = await traceAnswer(jobs, traceId, { project: caller.project, service, ...range });
        if (found.items.length === 0)
          throw new Fault(
            'not-found',
            `Cannot show trace "${traceId.slice(0, 64)}": it is not retained; only examples are kept`,
          );
        return found;
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
