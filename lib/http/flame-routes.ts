import * as z from 'zod';
import { profileTypesAnswer, type Side } from '../jobs/answers/flame-states.ts';
import { detailsOf, doubleView, singleView } from '../jobs/answers/flame-views.ts';
import { exported, flameAnswer, flameDiffAnswer } from '../jobs/answers/flamegraph.ts';
import { frameHistory } from '../jobs/answers/frame-history.ts';
import { functionsAnswer } from '../jobs/answers/functions.ts';
import { regressionsAnswer } from '../jobs/answers/regressions.ts';
import type { JobContext } from '../jobs/context.ts';
import { type ApiRoute, route } from './api-routes.ts';
import {
  FlamegraphDiffSchema,
  FlamegraphSchema,
  FrameHistorySchema,
  FunctionSchema,
  ProfileTypeSchema,
  RegressionsSchema,
} from './flame-schemas.ts';
import { RangeQuery, readRange } from './range.ts';
import { list } from './schemas.ts';
import { readService } from './service-path.ts';

/** Pyroscope's default; pictures of more are read by nobody. */
const NODES_DEFAULT = 8192;
const NODES_MAX = 1_048_576;

const Text = z.string().max(1000).optional();
/** Some long names of C++ or Rust, a line each: about as much as the address of a request holds. */
const Terms = z.string().max(6000).optional();
const GraphQuery = RangeQuery.extend({
  type: Text.meta({ description: '`cpu`, or `cpu:nanoseconds`; default: the one most asked for' }),
  temporality: z.enum(['delta', 'level', 'cumulative']).optional(),
  unit: Text.meta({ description: 'kind and name of a unit of work, `http GET /orders/:id`' }),
  version: Text,
  instance: Text.meta({ description: 'of levels and cumulative values, in ranges of at most a day' }),
  maxNodes: z.coerce
    .number()
    .int()
    .min(1)
    .max(NODES_MAX)
    .optional()
    .meta({
      description: `beyond which the smallest go into "other"; default ${NODES_DEFAULT}, of files ${NODES_MAX}`,
    }),
  focus: Terms.meta({
    description:
      'only stacks with a function whose name or file contains this, whatever its case; "in quotes", as JSON has them, ' +
      'one of that whole name; any of several, a line each',
  }),
  ignore: Terms.meta({ description: 'only stacks without such a function, told in the same way' }),
  inverted: z.enum(['true', 'false']).default('false').meta({ description: 'callers below the functions' }),
});
const SingleQuery = GraphQuery.extend({
  format: z.enum(['flamebearer', 'speedscope', 'pprof', 'folded']).default('flamebearer'),
  details: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'example uploads per bar and lines per function' }),
});
const Moment = RangeQuery.shape.from;

/** What a diff and a regression compare: both take what a side does not say itself from what holds for both. */
const SidesQuery = RangeQuery.extend({
  unit: GraphQuery.shape.unit,
  version: Text,
  leftFrom: Moment,
  leftTo: Moment,
  rightFrom: Moment,
  rightTo: Moment,
  leftVersion: Text,
  rightVersion: Text,
  leftUnit: Text,
  rightUnit: Text,
});

function sidesOf(query: z.infer<typeof SidesQuery>, now: number): readonly [Side, Side] {
  const side = (name: 'left' | 'right'): Side => ({
    ...readRange({ from: query[`${name}From`] ?? query.from, to: query[`${name}To`] ?? query.to }, now),
    version: query[`${name}Version`] ?? query.version,
    unit: query[`${name}Unit`] ?? query.unit,
  });
  return [side('left'), side('right')];
}

const TYPES = {
  pprof: 'application/octet-stream',
  speedscope: 'application/json',
  folded: 'text/plain; charset=utf-8',
} as const;
const ENDINGS = { pprof: 'pb.gz', speedscope: 'speedscope.json', folded: 'folded' } as const;

/** A piece is made when the reader asks for it: memory holds some pieces, never the whole text. The graph itself is there before. */
function streamed(pieces: Iterable<Uint8Array>): ReadableStream {
  const left = pieces[Symbol.iterator]();
  return new ReadableStream({
    pull(to) {
      const { done, value } = left.next();
      if (done) to.close();
      else to.enqueue(value);
    },
  });
}

/** Flame graphs of a service. */
export function flameRoutes(jobs: JobContext): ApiRoute[] {
  const serviceOf = (params: Readonly<Record<string, string>>) => readService(params.service ?? '');
  const shapingOf = ({ focus, ignore, inverted }: z.infer<typeof GraphQuery>) => ({
    focus,
    ignore,
    inverted: inverted === 'true',
  });
  return [
    route({
      method: 'get',
      path: '/services/{service}/profiles',
      summary: 'Types of profiles that a service sends, with the versions and units they can be divided by',
      scope: 'read',
      query: RangeQuery,
      answer: list(ProfileTypeSchema),
      run: async ({ caller, params, query }) => {
        const range = readRange(query, jobs.clock.now());
        const asked = { project: caller.project, service: serviceOf(params), ...range };
        const items = await profileTypesAnswer(jobs, asked);
        return { items, cursor: null };
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/functions',
      summary: "Time in the team's own functions by unit of work: percentiles, and what is sometimes slow",
      scope: 'read',
      query: RangeQuery.extend({
        unit: GraphQuery.shape.unit,
        version: Text,
        all: z.enum(['true', 'false']).default('false').meta({ description: 'libraries too' }),
      }),
      answer: list(FunctionSchema),
      run: async ({ caller, params, query }) => {
        const { unit, version, all } = query;
        const range = readRange(query, jobs.clock.now());
        const asked = { project: caller.project, service: serviceOf(params), ...range, unit, version };
        return { items: await functionsAnswer(jobs, { ...asked, all: all === 'true' }), cursor: null };
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/flamegraph',
      summary: "Flame graph as Pyroscope's Flamebearer, totals exact; or as speedscope, pprof or folded file",
      scope: 'read',
      query: SingleQuery,
      answer: FlamegraphSchema,
      run: async ({ caller, params, query }) => {
        const range = readRange(query, jobs.clock.now());
        const { type, temporality, unit, version, instance, format, maxNodes = NODES_DEFAULT } = query;
        const asked = { project: caller.project, service: serviceOf(params), type, temporality };
        const side = { ...range, unit, version, instance };
        const answer = await flameAnswer(jobs, { ...asked, ...side }, shapingOf(query));
        if (format === 'flamebearer') {
          const view = singleView(answer, range, maxNodes);
          return query.details === 'true' ? { ...view, ...detailsOf(answer, maxNodes) } : view;
        }
        const pieces = exported(answer, format, range, query.maxNodes ?? NODES_MAX);
        return new Response(streamed(pieces), {
          headers: {
            'content-type': TYPES[format],
            'content-disposition': `attachment; filename="${answer.series.measure.type.replaceAll(/[^\w.-]/g, '_')}.${ENDINGS[format]}"`,
            'cache-control': 'no-store',
          },
        });
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/flamegraph/frame',
      summary: 'What one function takes of the whole over time',
      scope: 'read',
      query: GraphQuery.omit({ maxNodes: true, inverted: true }).extend({
        name: z.string().max(6000).default(''),
        file: z.string().max(6000).default(''),
      }),
      answer: FrameHistorySchema,
      run: async ({ caller, params, query }) => {
        const { focus, ignore, ...asked } = query;
        const range = readRange(query, jobs.clock.now());
        const place = { project: caller.project, service: serviceOf(params) };
        return { points: await frameHistory(jobs, { ...asked, ...place, ...range }, { focus, ignore }) };
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/flamegraph/diff',
      summary: 'Two flame graphs in one: by range, version or unit; left is what was, right what is',
      scope: 'read',
      query: GraphQuery.extend({ ...SidesQuery.shape, leftInstance: Text, rightInstance: Text }),
      answer: FlamegraphDiffSchema,
      run: async ({ caller, params, query }) => {
        const [left, right] = sidesOf(query, jobs.clock.now());
        const sides = [
          { ...left, instance: query.leftInstance ?? query.instance },
          { ...right, instance: query.rightInstance ?? query.instance },
        ] as const;
        const { type, temporality, maxNodes = NODES_DEFAULT } = query;
        const asked = { project: caller.project, service: serviceOf(params), type, temporality };
        return doubleView(await flameDiffAnswer(jobs, asked, sides, shapingOf(query)), sides, maxNodes);
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/regressions',
      summary: 'Functions that take more from left to right, with an interval: by range, version or unit',
      scope: 'read',
      query: SidesQuery,
      answer: RegressionsSchema,
      run: async ({ caller, params, query }) => {
        const asked = { project: caller.project, service: serviceOf(params) };
        const { rows, compared } = await regressionsAnswer(jobs, asked, sidesOf(query, jobs.clock.now()));
        return { items: rows, cursor: null, compared };
      },
    }),
  ];
}
