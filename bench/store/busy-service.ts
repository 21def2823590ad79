import type { Sent } from './counted.ts';

// What one instance of a busy service sends beside its metrics: profiles of its CPU, and traces.

let seed = 7;
const draw = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** Stacks that the service has, of some twenty frames; the first are the hot ones. */
const STACKS = Array.from({ length: 5000 }, (_, n) => {
  const path = [n % 7, n % 31, n % 113, n % 509, n % 1201, n];
  return [
    'main',
    'serve',
    ...path.flatMap((at, depth) => [0, 1, 2].map((step) => `f${depth}_${step}_${at}`)),
  ];
});
const STACKS_EACH = 2000;
const SAMPLE_NS = 10_000_000;

/** A profile of a minute: 2,000 of the service's stacks, the hot ones in each. */
export function profileOf(instance: string, timeMs: number): Sent {
  const lines = Array.from({ length: STACKS_EACH }, (_, n) => {
    const stack =
      n < STACKS_EACH / 2 ? n : Math.floor(STACKS_EACH / 2 + draw() * (STACKS.length - STACKS_EACH / 2));
    return `${STACKS[stack]?.join(';')} ${SAMPLE_NS * (1 + Math.floor(draw() * 90))}`;
  });
  return {
    body: utf8.encode(lines.join('\n')),
    route: 'profiles',
    contentType: 'text/plain',
    naming: `from=${timeMs - 60_000}&host=${instance}&service=shop&type=cpu&unit=nanoseconds&until=${timeMs}`,
  };
}

const TRACES = 20;
const SPANS = 6;
const UNITS = 10;
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
let traces = 0;

/** Twenty requests of ten routes, each with five spans below it. */
export function tracesOf(instance: string, timeMs: number): Sent {
  const spans = Array.from({ length: TRACES }, (_, n) => {
    traces += 1;
    const traceId = traces.toString(16).padStart(32, '1');
    const startMs = timeMs - 500 - n;
    return Array.from({ length: SPANS }, (__, at) => ({
      traceId,
      spanId: (traces * SPANS + at).toString(16).padStart(16, '2'),
      ...(at > 0 && { parentSpanId: (traces * SPANS).toString(16).padStart(16, '2') }),
      kind: at === 0 ? 2 : 3,
      name: at === 0 ? `GET /route/${n % UNITS}/:id` : `SELECT ${at} FROM orders`,
      startTimeUnixNano: String(BigInt(startMs + at * 10) * 1_000_000n),
      endTimeUnixNano: String(
        BigInt(startMs + (at === 0 ? 60 + Math.floor(draw() * 99) : at * 10 + 8)) * 1_000_000n,
      ),
      attributes:
        at === 0 ? [text('http.route', `/route/${n % UNITS}/:id`)] : [text('db.system', 'postgresql')],
    }));
  });
  const attributes = [text('service.name', 'shop'), text('service.instance.id', instance)];
  const json = { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: spans.flat() }] }] };
  return { body: utf8.encode(JSON.stringify(json)), route: 'otlp-traces', contentType: 'application/json' };
}

const utf8 = new TextEncoder();
