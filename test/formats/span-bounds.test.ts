// Uploads made to cost: each of these took minutes, or broke off, where work was the square of what was sent.
import { describe, expect, it } from 'vitest';
import type { DecodedTraces, Span } from '../../lib/formats/otlp/decoded.ts';
import { NO_SCOPE } from '../../lib/formats/otlp/decoded.ts';
import { spanPieces, tracesOfSpans } from '../../lib/formats/otlp/index.ts';
import { tracesOfStreamed } from '../../lib/formats/sentry/index.ts';

const MANY = 8_000;
const START = 1_795_248_586_000;

const idOf = (n: number) => n.toString(16).padStart(16, '0');
const spanOf = (n: number, parent: number, kind: Span['kind'] = 'internal'): Span => ({
  traceId: 'a'.repeat(32),
  spanId: idOf(n),
  parentSpanId: idOf(parent),
  traceState: '',
  name: 'work',
  kind,
  start: START + n / MANY,
  durationUs: 1,
  attributes: new Map(),
  status: 'unset',
});
const sent = (spans: readonly Span[]): DecodedTraces => ({
  resources: [{ attributes: new Map(), scopes: [{ scope: NO_SCOPE, spans }] }],
  spans: spans.length,
});
const many = <T>(of: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => of(i));
/** Of each root: its spans, kept or not. */
const below = (spans: readonly Span[]) =>
  tracesOfSpans(sent(spans)).map((trace) => trace.spans.length + trace.droppedSpans);

describe('tracesOfSpans()', () => {
  it('walks a long chain once, to its root, to a parent that is not here, or in a circle', () => {
    const server = spanOf(0, 999_999, 'server');
    expect(below([server, ...many((i) => spanOf(i + 1, i))])).toEqual([MANY]);
    expect(below([server, ...many((i) => spanOf(i + 1, i === 0 ? 999_999 : i))])).toEqual([MANY]);
    expect(below([server, ...many((i) => spanOf(i + 1, i === 0 ? MANY : i))])).toEqual([MANY]);
  });

  it('gives spans of unknown parents to a root that was alive, and looks at the last 200 alone', () => {
    const others = (count: number) => Array.from({ length: count }, (_, i) => spanOf(i + 3, 0, 'server'));
    const alive = { ...spanOf(2, 0, 'server'), durationUs: 1e9 };
    const orphan = spanOf(MANY - 1, 999_999);
    expect(below([spanOf(1, 0, 'server'), alive, ...others(100), orphan]).slice(0, 2)).toEqual([0, 1]);
    expect(below([spanOf(1, 0, 'server'), alive, ...others(300), orphan]).slice(0, 2)).toEqual([1, 0]);
  });

  it('counts a span whose parent is unknown and that no root was alive for, and hangs it on none', () => {
    const [early, later] = [spanOf(1, 0, 'server'), spanOf(MANY / 2, 0, 'server')];
    const orphan = spanOf(MANY - 1, 999_999);
    const traces = tracesOfSpans(sent([early, later, orphan]));
    expect(traces.map(({ spans, droppedSpans }) => [spans.length, droppedSpans])).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });
});

describe('spanPieces()', () => {
  it('names a root once, however often its span was sent', () => {
    const again = Array.from({ length: 100 }, () => spanOf(1, 0, 'server'));
    const pieces = spanPieces(sent([...again, spanOf(2, 0, 'server')]));
    expect(pieces.map(({ roots, spans }) => [roots, spans])).toEqual([[[idOf(1), idOf(2)], 101]]);
  });
});

describe('tracesOfStreamed()', () => {
  it('keeps 1,000 spans of a segment that came in many envelopes, and counts the rest', () => {
    const of = { traceId: 'a'.repeat(32), segmentId: idOf(0), data: {} };
    const span = { spanId: idOf(0), parentSpanId: '', op: 'http.server', description: 'GET /a', origin: '' };
    const rest = { status: '', start: START, end: START, threadId: '', threadName: '' };
    const pieces = Array.from({ length: 1_201 }, (_, i) => ({
      one: { ...of, isSegment: i === 0, span: { ...span, ...rest, spanId: idOf(i) } },
      context: { project: '', weight: undefined },
    }));
    const payloads = pieces.map((piece) => new TextEncoder().encode(JSON.stringify(piece)));
    const traces = tracesOfStreamed(payloads);
    expect(traces.map(({ spans, droppedSpans }) => [spans.length, droppedSpans])).toEqual([[1_000, 200]]);
  });
});
