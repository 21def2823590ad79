// Pictures of what tasks that share a scope do to a trace, and of everything that looks like it.
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../lib/model/trace.ts';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { drawTrace, spanOf, traceOf } from './nesting-draw.ts';

const times = (n: number, trace: Trace): Trace[] =>
  Array.from({ length: n }, (_, i) => ({ ...trace, traceId: `${trace.traceId}${i}` }));
const verdictsOf = (traces: readonly Trace[]) => checkNesting(traces).traces.map(({ verdict }) => verdict);
const first = (traces: readonly Trace[]) => checkNesting(traces).traces[0]!;
const parentsOf = (trace: Trace) => {
  const { spans, parent } = first(times(4, trace));
  return spans.map(({ spanId }, i) => `${spanId}<${spans[parent[i]!]?.spanId ?? 'root'}`).join(' ');
};

/** Four calls at once, then one more: each hangs off the one before, the last off one that has ended. */
const GATHER = drawTrace(`
  a<root http.client "GET /1" |-----
  b<a    http.client "GET /2" |-------
  c<b    http.client "GET /3" |---------
  d<c    http.client "GET /4" |-----------
  e<c    db                   |            ---
`);

describe('checkNesting', () => {
  it('finds a chain made of siblings, with the signals of each edge, and puts it right', () => {
    const { verdict, edges } = first(times(3, GATHER));
    expect(verdict).toBe('misnested');
    expect(
      edges.map(({ spanId, reportedParent, repairedParent }) => [spanId, reportedParent, repairedParent]),
    ).toEqual([
      ['b', 'a', 'root'],
      ['c', 'b', 'root'],
      ['d', 'c', 'root'],
      ['e', 'c', 'root'],
    ]);
    expect(edges.map(({ signals }) => signals)).toEqual([
      ['outliving-child', 'leaf-in-leaf', 'same-tick-twin'],
      ['outliving-child', 'leaf-in-leaf', 'same-tick-twin'],
      ['outliving-child', 'leaf-in-leaf', 'same-tick-twin'],
      ['dead-parent', 'leaf-in-leaf'],
    ]);
  });

  it('keeps the children of a wrapper below it', () => {
    const trace = drawTrace(`
      load<root function     |----------
      a<load    http.client  |-----
      b<a       http.client  |-------
      c<a       db           |        --
    `);
    expect(parentsOf(trace)).toBe('load<root a<load b<load c<load');
  });

  it('judges the process as a whole: one mark is enough where the others show the bug', () => {
    const single = drawTrace(`
      a<root db |----
      b<a    db |------
    `);
    expect(verdictsOf([single])).toEqual(['hint']);
    expect(verdictsOf([...times(3, GATHER), single]).at(-1)).toBe('misnested');
    expect(
      verdictsOf([...times(3, GATHER), { ...single, host: 'shop-2', release: 'shop@2.0.0' }]).at(-1),
    ).toBe('hint');
  });

  it('takes a process that has shown too little for what its siblings of that release are', () => {
    const single = drawTrace(`
      a<root db |----
      b<a    db |------
    `);
    expect(verdictsOf([...times(3, GATHER), { ...single, host: 'shop-2' }]).at(-1)).toBe('misnested');
  });

  it('finds a broken and a right process of one release apart', () => {
    const right = drawTrace(`
      a<root db |-----
      b<root db |-------
    `);
    const other = times(9, { ...right, root: { ...right.root, threadId: '2' } });
    const report = checkNesting([...times(4, GATHER), ...other]);
    expect(report.deployments.map(({ verdict }) => verdict)).toEqual(['misnested', 'ok']);
  });

  it('tells a broken and a right process of no name apart by the files that they came in', () => {
    const nameless = (trace: Trace) => ({ ...trace, host: '', root: { ...trace.root, threadId: '' } });
    const right = drawTrace(`
      a<root db |-----
      b<root db |-------
    `);
    const traces = [...times(4, nameless(GATHER)), ...times(9, nameless(right))];
    const misnested = (partOf?: (index: number) => number) =>
      checkNesting(traces, undefined, undefined, partOf).deployments.map((one) => one.misnested);
    expect(misnested()).toEqual([0]);
    expect(misnested((index) => (index < 4 ? 0 : 1))).toEqual([4, 0]);
    // Files of one trace each, or of both processes, tell nothing.
    expect(misnested((index) => index)).toEqual([0]);
    expect(misnested((index) => index % 2)).toEqual([0]);
  });

  it('judges endpoints by their traces', () => {
    const quiet = drawTrace('a<root db |---', { name: '/health' });
    const [deployment] = checkNesting([...times(3, GATHER), ...times(5, quiet)]).deployments;
    expect(deployment!.endpoints).toEqual([
      { name: '/orders', verdict: 'misnested', traces: 3, misnested: 3 },
      { name: '/health', verdict: 'ok', traces: 5, misnested: 0 },
    ]);
  });

  it('does not judge by a parent that was not sent, and finds one where something else is wrong', () => {
    const lost = drawTrace(`
      f<root function |------
      x<gone db       |   ---
    `);
    const wrong = drawTrace(`
      f<root function |------
      x<gone db       |   ---
      y<x    db       |       --
    `);
    const { traces } = checkNesting([...times(3, GATHER), lost, wrong]);
    expect(traces.slice(3).map(({ verdict }) => verdict)).toEqual(['ok', 'misnested']);
    expect(traces[4]!.edges.map(({ spanId, repairedParent }) => [spanId, repairedParent])).toEqual([
      ['x', 'f'],
      ['y', 'root'],
    ]);
    expect(verdictsOf(times(6, lost))).not.toContain('misnested');
  });

  it('takes a client over a client for a layer, unless chance nests the two either way', () => {
    const byOrigin = (trace: Trace): Trace => ({
      ...trace,
      spans: trace.spans.map((span) => ({ ...span, origin: `auto.${span.op}` })),
    });
    const over = byOrigin(drawTrace('a<root db |-----\n b<a http.client |----'));
    const under = byOrigin(drawTrace('a<root http.client |-----\n b<a db |----'));
    const alone = byOrigin(drawTrace('a<root db |-----'));
    const lastOf = (traces: readonly Trace[]) => verdictsOf([...times(3, GATHER), ...traces]).at(-1);
    expect(lastOf(times(12, over))).toBe('ok');
    expect(lastOf([...times(12, alone), over])).toBe('ok');
    expect(lastOf([...times(12, alone), ...times(2, under), over])).toBe('misnested');
  });

  it('names groups whose order the times do not tell', () => {
    const loads = drawTrace(`
      f<root function "load 1" | ------------
      g<f    function "load 2" |   -----------
      x<g    db "SELECT 1"     |      ----
      y<x    db "SELECT 2"     |       -----
    `);
    expect(first(times(3, loads)).ambiguous).toEqual([{ spanIds: ['x'], parentIds: ['g', 'f'] }]);
  });
});

describe('what looks like wrong nesting and is right', () => {
  const right = (name: string, trace: Trace, n = 6) =>
    it(name, () => {
      expect(new Set(verdictsOf(times(n, trace)))).toEqual(new Set(['ok']));
    });

  right('a cache over redis, both of one origin', {
    ...drawTrace(
      `
      a<root cache.get |----
      b<a    db.redis  |---
    `,
      { origin: 'auto.db.redis' },
    ),
  });
  right(
    'a thin wrapper, recursion, a middleware chain',
    drawTrace(`
      a<root function "f" |--------
      b<a    function "f" |------
      c<b    function "f" |-----
    `),
  );
  right(
    'siblings alive together: separate scopes, so the child that outlives is detached work',
    drawTrace(`
      a<root function |----
      b<root function |------
      c<a    http.client |  ------
      d<b    http.client |   -------
    `),
  );
  right(
    'work handed to another thread that ends when it likes',
    traceOf([
      spanOf({ spanId: 'a', end: spanOf({}).start + 1e5 }),
      spanOf({ spanId: 'b', parentSpanId: 'a', threadId: '2', end: spanOf({}).start + 3e5 }),
      spanOf({ spanId: 'c', parentSpanId: 'b', threadId: '3', end: spanOf({}).start + 5e5 }),
    ]),
  );
  right(
    "the SDK's own upload after the request",
    traceOf([
      spanOf({ spanId: 'a', end: spanOf({}).start + 1e5 }),
      ...['b', 'c'].map((spanId) =>
        spanOf({
          spanId,
          parentSpanId: 'a',
          op: 'http.client',
          threadName: 'sentry-sdk.BackgroundWorker',
          start: spanOf({}).start + 2e5,
          end: spanOf({}).start + 3e5,
        }),
      ),
    ]),
  );
  right(
    'ASGI sends after the handler has ended',
    drawTrace(`
      a<root function "GET /x handler"   |----
      b<a    function "GET /x http send" | -----
      c<a    function "GET /x http send" |       --
    `),
  );
  right(
    'an end that a clock error of a millisecond moved',
    traceOf([
      spanOf({ spanId: 'a', end: spanOf({}).start + 1e5 }),
      spanOf({ spanId: 'b', parentSpanId: 'a', end: spanOf({}).start + 1e5 + 1400 }),
      spanOf({
        spanId: 'c',
        parentSpanId: 'a',
        start: spanOf({}).start + 1e5 + 50,
        end: spanOf({}).start + 1e5 + 900,
      }),
    ]),
  );
  right(
    'orphans: filtered spans, or over the limit of the SDK',
    drawTrace(`
      a<gone db |----
      b<lost db |     ---
    `),
  );

  it('calls fire-and-forget in a patched process detached, not misnested', () => {
    const trace = drawTrace(`
      a<root function    |----
      t<a    function    |  ----------
      b<t    function    |  ---
      c<b    http.client |      ----
      d<b    db          |           --
    `);
    const spans = trace.spans.map((s) => (s.spanId === 't' ? { ...s, origin: 'auto.function.asyncio' } : s));
    const report = checkNesting(times(5, { ...trace, spans }));
    expect(report.traces[0]).toMatchObject({ verdict: 'hint', detached: true });
    expect(report.deployments[0]).toMatchObject({ cause: 'late-binding', verdict: 'hint' });
    expect(report.traces[0]!.edges.every((e) => e.repairedParent === e.reportedParent)).toBe(true);
  });

  it('learns that one client is built on another', () => {
    const layered = drawTrace(`
      a<root rpc         |----
      b<a    http.client |---
    `);
    const spans = layered.spans.map((s) => ({ ...s, origin: `${s.op}-instrumentation` }));
    expect(verdictsOf([...times(12, { ...layered, spans, name: '/s3' }), ...times(3, GATHER)])[0]).toBe('ok');
  });

  it.each(['node', 'go', 'java', ''])('never judges one trace of platform "%s" by itself', (platform) => {
    expect(verdictsOf([{ ...GATHER, platform }])).toEqual(['ok']);
    expect(verdictsOf(times(2, { ...GATHER, platform }))).toEqual(['ok', 'ok']);
  });
});

describe('the cause and what to paste', () => {
  const adviceOf = (facts: Partial<Trace>) => checkNesting(times(3, { ...GATHER, ...facts })).deployments[0]!;
  const sdk = (name: string, version: string, ...integrations: string[]) => ({
    sdk: { name, version, integrations },
  });

  it('listed but inactive in FastAPI: enable it in the lifespan', () => {
    const { cause, fix } = adviceOf({});
    expect(cause).toBe('integration-inactive');
    expect(fix).toContain('enable_asyncio_integration()');
    expect(fix).toContain('FastAPI(lifespan=lifespan)');
  });
  it('an SDK before 2.50.0 has no such function: move init()', () => {
    const { fix } = adviceOf(sdk('sentry.python.fastapi', '2.49.1', 'asyncio'));
    expect(fix).not.toContain('enable_asyncio_integration');
    expect(fix).toContain('    sentry_sdk.init(');
  });
  it('absent: add it', () => {
    const { cause, fix } = adviceOf(sdk('sentry.python', '2.75.0', 'argv', 'stdlib'));
    expect(cause).toBe('integration-absent');
    expect(fix).toMatch(
      /AsyncioIntegration\(\)[\s\S]*async def main|async def main[\s\S]*AsyncioIntegration\(\)/,
    );
  });
  it.each([
    ['starlette', 'Starlette(lifespan=lifespan)'],
    ['aiohttp', 'app.on_startup.append'],
    ['quart', '@app.before_serving'],
    ['sanic', '@app.before_server_start'],
    ['litestar', 'on_startup=[start_sentry]'],
    ['django', 'asgi.py'],
  ])('knows where %s starts', (name, line) => {
    expect(adviceOf(sdk(`sentry.python.${name}`, '2.75.0', 'asyncio')).fix).toContain(line);
  });
  it('a loop in a thread that another library started', () => {
    const { cause } = adviceOf({ root: { ...GATHER.root, threadName: 'agent-loop' } });
    expect(cause).toBe('loop-out-of-reach');
  });
  it('a second loop beside one that is patched', () => {
    const patched = drawTrace('t<root function |----', { origin: 'auto.function.asyncio' });
    const causeBeside = (threadName: string) => {
      const other = times(3, { ...patched, root: { ...patched.root, threadId: '2', threadName } });
      return checkNesting([...times(3, GATHER), ...other]).deployments[0]!.cause;
    };
    expect(causeBeside('worker-loop')).toBe('second-loop');
    // A process has one main thread: this one is of another process, whose init() stands elsewhere.
    expect(causeBeside('MainThread')).toBe('integration-inactive');
  });
  it('OpenTelemetry: one context shared by tasks', () => {
    const { cause, fix } = adviceOf({ source: 'otlp' });
    expect(cause).toBe('shared-context');
    expect(fix).toContain('start_as_current_span');
  });
  it('nothing to paste where nothing is wrong', () => {
    const [ok] = checkNesting([drawTrace('a<root db |----')]).deployments;
    expect(ok).toMatchObject({ verdict: 'ok', cause: undefined, fix: '', reason: '' });
  });
});
