// What looks like wrong nesting and is right, and what an innocent look must not hide: the rarer shapes.
import { describe, expect, it } from 'vitest';
import type { Span, Trace } from '../../lib/model/trace.ts';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { drawTrace, spanOf, traceOf } from './nesting-draw.ts';

const times = (n: number, trace: Trace): Trace[] =>
  Array.from({ length: n }, (_, i) => ({ ...trace, traceId: `${trace.traceId}${i}` }));
const verdictsOf = (traces: readonly Trace[]) => [
  ...new Set(checkNesting(traces).traces.map(({ verdict }) => verdict)),
];
const withSpan = (trace: Trace, spanId: string, facts: Partial<Span>): Trace => ({
  ...trace,
  spans: trace.spans.map((span) => (span.spanId === spanId ? { ...span, ...facts } : span)),
});
const START = spanOf({}).start;
const ms = (from: number, to: number) => ({ start: START + from * 1000, end: START + to * 1000 });

describe('checkNesting on work that nobody waits for', () => {
  /** Two steps, each of which sends something and goes on; nothing begins after what was sent has ended. */
  const forgetful = drawTrace(`
    a<root function    |----------
    c<a    http.client |     --------------------
    b<root function    |            --------
    d<b    http.client |               -------------------------
  `);

  it.each(['python', 'node', 'go'])(
    'raises no alarm where a %s service forgets one task a step',
    (platform) => {
      const traces = times(6, { ...forgetful, platform });
      expect(verdictsOf(traces)).toEqual([platform === 'python' ? 'hint' : 'ok']);
      expect(verdictsOf(traces.slice(0, 1))).toEqual([platform === 'python' ? 'hint' : 'ok']);
      expect(checkNesting(traces).deployments[0]!.misnested).toBe(0);
    },
  );

  it.each([
    [
      'a step after the function has ended',
      `
        a<root function    |---
        b<a    http.client | -----
        c<root db          |    ------
        d<a    http.client |       -----
      `,
    ],
    [
      'nothing but that',
      `
        a<root function    |---
        b<a    http.client | -----
        d<a    db          |       ---
        e<a    http.client |           -----
      `,
    ],
    [
      'a call whose next one begins while it waits',
      `
        a<root function    |-----
        b<a    http.client |  -----
        d<a    http.client |       -----
      `,
    ],
  ])('raises none where what was forgotten goes on step by step: %s', (_, picture) => {
    for (const platform of ['python', 'node', 'go']) {
      const { traces, deployments } = checkNesting(times(6, drawTrace(picture, { platform })));
      expect(new Set(traces.map(({ verdict }) => verdict))).toEqual(
        new Set([platform === 'python' ? 'hint' : 'ok']),
      );
      expect(deployments[0]!.tally.shared).toBe(0);
    }
  });

  it('calls the same trace misnested where others of its process show the bug', () => {
    const gather = drawTrace(`
      a<root http.client "GET /1" |-----
      b<a    http.client "GET /2" |-------
      c<b    http.client "GET /3" |---------
    `);
    expect(checkNesting([...times(3, gather), forgetful]).traces.at(-1)!.verdict).toBe('misnested');
    // Two parents that one variable would not have held prove nothing there: clocks err by more than a task takes.
    const contrary = drawTrace(`
      a<root function    |---
      b<a    http.client | -----
      c<a    http.client |       -----
      d<root db          |             ---
      e<root db          |                 ---
    `);
    expect(verdictsOf(times(6, contrary))).toEqual(['ok']);
    expect(checkNesting([...times(3, gather), contrary]).traces.at(-1)!.verdict).toBe('misnested');
  });
});

describe('checkNesting on the rarer shapes', () => {
  it('takes a generator that holds its span across a yield for a hint at most', () => {
    const abandoned = drawTrace(`
      f<root function "read page" |----
      g<f    function "rows"      | ------
      x<root db                   |        --
    `);
    expect(verdictsOf(times(9, abandoned))).toEqual(['hint']);
    const drained = drawTrace(`
      g<root function "rows" |--------
      x<g    db              | --
      y<g    db              |    --
    `);
    expect(verdictsOf(times(9, drained))).toEqual(['ok']);
  });

  it('does not judge a consumer by the trace that it goes on with', () => {
    const consumer = drawTrace(`
      a<sender db       |---
      b<sender function |   -----
      c<b      db       |    --
    `);
    const root = { ...consumer.root, op: 'queue.process', parentSpanId: 'sender', ...ms(0, 90) };
    expect(verdictsOf(times(6, { ...consumer, root }))).toEqual(['ok']);
  });

  it('forgives a step of the clock within a request', () => {
    // The clock goes on by 20 ms between the starts of a and b: reported starts are late, durations are right.
    const stepped = traceOf([
      spanOf({ spanId: 'f', ...ms(0, 60) }),
      spanOf({ spanId: 'a', parentSpanId: 'f', ...ms(1, 30) }),
      spanOf({ spanId: 'b', parentSpanId: 'a', ...ms(45, 49) }),
      spanOf({ spanId: 'c', parentSpanId: 'f', ...ms(55, 75) }),
    ]);
    const right = times(40, drawTrace('a<root function |-----\n b<a db | --'));
    const { traces, deployments } = checkNesting([...right, stepped]);
    expect(traces.at(-1)!.verdict).not.toBe('misnested');
    expect(deployments[0]!.misnested).toBe(0);
  });

  it('takes spans of no length, and such as begin when their parent ends, for right', () => {
    const rounded = traceOf([
      spanOf({ spanId: 'a', ...ms(0, 5) }),
      spanOf({ spanId: 'b', parentSpanId: 'a', ...ms(5, 5) }),
      spanOf({ spanId: 'c', parentSpanId: 'b', ...ms(5, 5) }),
      spanOf({ spanId: 'd', parentSpanId: 'c', ...ms(5, 6) }),
    ]);
    expect(verdictsOf(times(6, rounded))).toEqual(['ok']);
  });

  const gather = drawTrace(`
    p<root http.client "GET /1" |-----
    q<p    http.client "GET /2" |-------
    r<q    http.client "GET /3" |---------
  `);
  it.each([
    ['an ORM over its driver', 'db', 'auto.db.sqlalchemy', 'db', 'auto.db.asyncpg'],
    [
      'boto3 over the HTTP client',
      'http.client',
      'auto.http.boto3',
      'http.client',
      'auto.http.stdlib.httplib',
    ],
    ["the body of boto3's answer", 'http.client', 'auto.http.boto3', 'http.client.stream', 'auto.http.boto3'],
  ])('takes %s for a layer, in a broken process too', (_, outerOp, outerOrigin, innerOp, innerOrigin) => {
    const layered = withSpan(
      withSpan(drawTrace('a<root db |-----\n b<a db | ---'), 'a', { op: outerOp, origin: outerOrigin }),
      'b',
      { op: innerOp, origin: innerOrigin },
    );
    expect(verdictsOf(times(4, layered))).toEqual(['ok']);
    expect(checkNesting([...times(3, gather), ...times(4, layered)]).traces.at(-1)!.verdict).toBe('ok');
    const same = withSpan(layered, 'b', { op: outerOp, origin: outerOrigin });
    expect(checkNesting([...times(3, gather), same]).traces.at(-1)!.verdict).toBe('misnested');
  });

  it('counts a dead parent across threads: asyncio.to_thread runs in a copy of the same context', () => {
    const threads = drawTrace(`
      a<root db       |----
      b<a    db       | -----
      c<a    db       |       ---
      d<a    db       |           ---
    `);
    const other = withSpan(withSpan(threads, 'a', { threadId: '7' }), 'c', { threadId: '8' });
    const { traces } = checkNesting(times(4, other));
    expect(traces[0]!.verdict).toBe('misnested');
    expect(traces[0]!.edges.map(({ spanId, signals }) => `${spanId} ${signals[0]}`)).toEqual([
      'b outliving-child',
      'c dead-parent',
      'd dead-parent',
    ]);
  });

  it('tells of a right trace which spans name a parent that did not arrive', () => {
    const [trace] = checkNesting([drawTrace('a<root db |----\n b<gone db |     ---')]).traces;
    expect(trace).toMatchObject({ verdict: 'ok' });
    expect(trace!.edges).toEqual([
      { spanId: 'b', reportedParent: 'gone', repairedParent: 'gone', signals: ['orphan'], certainty: 1 },
    ]);
  });
});
