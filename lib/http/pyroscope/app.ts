import { type Context, Hono } from 'hono';
import {
  LABELS,
  type Label,
  pyroscopeFlamegraph,
  pyroscopePoints,
  pyroscopeSeries,
  pyroscopeTree,
  pyroscopeTypes,
  type SeriesQuery,
} from '../../jobs/answers/pyroscope.ts';
import { renderDouble, renderSingle } from '../../jobs/answers/pyroscope-render.ts';
import type { JobContext } from '../../jobs/context.ts';
import { Fault } from '../../model/fault.ts';
import { DAY_MS, type EpochMs, HOUR_MS, SECOND_MS } from '../../model/units.ts';
import { type AuthContext, authenticator } from '../auth.ts';
import { readBody } from '../body.ts';
import { connectRefusal } from '../connect.ts';
import { problem } from '../problem.ts';
import { momentOf, parseQuery, parseSelector, sampleTypeOf } from './selector.ts';
import { METHODS, type Method, type Request, readMessage, writeMessage } from './wire.ts';

/** Paths that this app answers, whether a data source is told `http://host` or `http://host/pyroscope`. */
export const PYROSCOPE_PATHS =
  /^(\/pyroscope\/render(-diff)?|(\/pyroscope)?\/querier\.v1\.QuerierService\/\w+)$/;

const BODY_MAX_BYTES = 64 * 1024;
const NODES_DEFAULT = 8192;
const NODES_MAX = 1_048_576;
const RANGE_MAX_MS = 31 * DAY_MS;

export interface PyroscopeContext {
  readonly auth: AuthContext;
  readonly jobs: Pick<JobContext, 'reader' | 'records' | 'clock'>;
  readonly onBug?: ((error: unknown, where: string) => void) | undefined;
}

/** What Grafana's data source for Pyroscope asks: read-only, with a key of scope read, its own shapes of answers. */
export function pyroscopeApp({ auth: authContext, jobs, onBug }: PyroscopeContext): Hono {
  const app = new Hono();
  const auth = authenticator(authContext);
  const answer = async (
    c: Context,
    refuse: (error: unknown) => Response,
    run: (project: string, body: Uint8Array) => Promise<Response>,
  ) => {
    try {
      const body = await readBody(c.req.raw, BODY_MAX_BYTES);
      const { project } = await auth.identify(c.req.raw, c.env, body, 'read');
      return await run(project, body);
    } catch (error) {
      if (!(error instanceof Fault)) onBug?.(error, `${c.req.method} ${c.req.path}`);
      return refuse(error);
    }
  };
  for (const base of ['', '/pyroscope']) {
    app.post(`${base}/querier.v1.QuerierService/:method`, (c) =>
      answer(c, connectRefusal, (project, body) => callMethod(jobs, project, c, body)),
    );
  }
  app.get('/pyroscope/render', (c) =>
    answer(c, problem, async (project) => Response.json(await single(jobs, project, c.req.query()))),
  );
  app.get('/pyroscope/render-diff', (c) =>
    answer(c, problem, async (project) => Response.json(await double(jobs, project, c.req.query()))),
  );
  return app;
}

type Jobs = PyroscopeContext['jobs'];

async function callMethod(jobs: Jobs, project: string, c: Context, body: Uint8Array): Promise<Response> {
  const name = c.req.param('method') ?? '';
  if (!Object.hasOwn(METHODS, name))
    throw new Fault('not-found', `Nothing is served at ${c.req.path.slice(0, 200)}`);
  const method = name as Method;
  const isJson = /\bjson\b/i.test(c.req.header('content-type') ?? '');
  const request = readMessage(body, METHODS[method].request, isJson);
  const reply = await ANSWERS[method](jobs, project, request);
  return new Response(writeMessage(reply, METHODS[method].answer, isJson), {
    headers: { 'content-type': isJson ? 'application/json' : 'application/proto' },
  });
}

const textOf = (request: Request, name: string) => String(request[name] ?? '');
const listOf = (request: Request, name: string) => (request[name] ?? []) as readonly string[];

/** Without a range the last hour: Pyroscope asks its newest data then. */
function rangeOf(from: EpochMs, to: EpochMs): { from: EpochMs; to: EpochMs } {
  if (from >= to || to - from > RANGE_MAX_MS)
    throw new Fault('invalid-input', 'Cannot read range: need a start before the end, at most 31 days');
  return { from, to };
}

function seriesQuery(
  jobs: Jobs,
  project: string,
  request: Request,
  selectors: readonly string[],
): SeriesQuery {
  const to = Number(request.end ?? 0) || jobs.clock.now();
  const matchers = selectors.flatMap(parseSelector);
  const id = textOf(request, 'profileTypeID');
  return {
    project,
    ...rangeOf(Number(request.start ?? 0) || to - HOUR_MS, to),
    fits: fitting(matchers),
    ...(id !== '' && { measure: sampleTypeOf(id) }),
  };
}

/** Labels that nothing here has are empty, as in Prometheus. */
const fitting =
  (matchers: ReturnType<typeof parseSelector>): SeriesQuery['fits'] =>
  (label, value) =>
    matchers.every((one) =>
      one.label === label ? one.matches(value) : isKnown(one.label) || one.matches(''),
    );
const isKnown = (label: string) => (LABELS as readonly string[]).includes(label) || label === TYPE_LABEL;
const TYPE_LABEL = '__profile_type__';

const ANSWERS: Readonly<
  Record<Method, (jobs: Jobs, project: string, request: Request) => Promise<Record<string, unknown>>>
> = {
  ProfileTypes: async (jobs, project, request) => ({
    profileTypes: await pyroscopeTypes(jobs, seriesQuery(jobs, project, request, [])),
  }),
  LabelNames: async () => ({ names: [TYPE_LABEL, ...LABELS] }),
  LabelValues: async (jobs, project, request) => {
    const query = seriesQuery(jobs, project, request, listOf(request, 'matchers'));
    const name = textOf(request, 'name');
    if (name === TYPE_LABEL) return { names: (await pyroscopeTypes(jobs, query)).map(({ ID }) => ID) };
    if (!isKnown(name)) return { names: [] };
    const values = (await pyroscopeSeries(jobs, query)).map((set) => set[name as Label]);
    return { names: [...new Set(values)].filter((value) => value !== '').sort() };
  },
  Series: async (jobs, project, request) => {
    const query = seriesQuery(jobs, project, request, listOf(request, 'matchers'));
    const wanted = listOf(request, 'labelNames');
    const labels = LABELS.filter((label) => wanted.length === 0 || wanted.includes(label));
    const sets = (await pyroscopeSeries(jobs, query)).map((set) =>
      labels.filter((name) => set[name] !== '').map((name) => ({ name, value: set[name] })),
    );
    const distinct = new Map(sets.map((set) => [JSON.stringify(set), { labels: set }]));
    return { labelsSet: [...distinct.values()] };
  },
  SelectMergeStacktraces: async (jobs, project, request) => {
    const query = seriesQuery(jobs, project, request, [textOf(request, 'labelSelector')]);
    const tree = await pyroscopeTree(jobs, query);
    return { flamegraph: pyroscopeFlamegraph(tree, nodesOf(request.maxNodes)) };
  },
  SelectSeries: async (jobs, project, request) => {
    const query = seriesQuery(jobs, project, request, [textOf(request, 'labelSelector')]);
    const groupBy = listOf(request, 'groupBy').slice(0, LABELS.length);
    const stepMs = Number(request.step ?? 0) * SECOND_MS;
    return { series: await pyroscopePoints(jobs, { ...query, stepMs, groupBy }) };
  },
};

function nodesOf(value: unknown): number {
  const nodes = Number(value ?? 0) || NODES_DEFAULT;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX)
    throw new Fault(
      'invalid-input',
      `Cannot draw ${String(value).slice(0, 20)} nodes: need 1 to ${NODES_MAX}`,
    );
  return nodes;
}

type Query = Readonly<Record<string, string>>;

function renderQuery(
  jobs: Jobs,
  project: string,
  { query, from, until }: { query: string | undefined; from: string | undefined; until: string | undefined },
) {
  if (query === undefined || query === '')
    throw new Fault(
      'invalid-input',
      'Cannot draw: "query" has to name a profile type, like process_cpu:cpu:…{…}',
    );
  const { id, selector } = parseQuery(query);
  const now = jobs.clock.now();
  const to = momentOf(until, now, now);
  return {
    project,
    ...rangeOf(momentOf(from, now, to - HOUR_MS), to),
    fits: fitting(parseSelector(selector)),
    measure: sampleTypeOf(id),
  };
}

async function single(jobs: Jobs, project: string, { query, from, until, maxNodes }: Query) {
  const asked = renderQuery(jobs, project, { query, from, until });
  return renderSingle(jobs, asked, nodesOf(maxNodes));
}

async function double(jobs: Jobs, project: string, query: Query) {
  const side = (name: 'left' | 'right') =>
    renderQuery(jobs, project, {
      query: query[`${name}Query`] ?? query.query,
      from: query[`${name}From`],
      until: query[`${name}Until`],
    });
  return renderDouble(jobs, [side('left'), side('right')], nodesOf(query.maxNodes));
}
