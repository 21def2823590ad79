// Uploads in which every loss and every double count shows: each has a number of its own, which is the route that it
// counts, and there is no other source that would count the same.

export type Kind = 'delta-sum' | 'server-span';
export interface Numbered {
  readonly number: number;
  readonly kind: Kind;
  readonly path: string;
  readonly body: string;
}

const SERVICES = { 'delta-sum': 'sums', 'server-span': 'spans' } as const;
const nanos = (ms: number) => `${ms}000000`;
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
/** Numbers of one service: of more units of work than some thousand in ten minutes, a service's are told as one. */
const EACH = 1000;
const resource = (kind: Kind, number: number) => ({
  attributes: [
    text('service.name', `${SERVICES[kind]}-${Math.floor(number / EACH)}`),
    text('service.instance.id', 'one'),
  ],
});
const route = (number: number) => `/number/${number}/x`;

/** @param at epoch ms of its one point or span */
export function numbered(number: number, at: number): Numbered {
  const kind: Kind = number % 2 === 0 ? 'delta-sum' : 'server-span';
  const attributes = [text('http.request.method', 'GET'), text('http.route', route(number))];
  if (kind === 'delta-sum') {
    const point = {
      attributes: [
        ...attributes,
        text('span.kind', 'SPAN_KIND_SERVER'),
        text('span.name', `GET ${route(number)}`),
      ],
      startTimeUnixNano: nanos(at - 1000),
      timeUnixNano: nanos(at),
      asInt: '1',
    };
    const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] };
    const metrics = [{ name: 'traces.span.metrics.calls', unit: '{call}', sum }];
    const body = { resourceMetrics: [{ resource: resource(kind, number), scopeMetrics: [{ metrics }] }] };
    return { number, kind, path: '/v1/metrics', body: JSON.stringify(body) };
  }
  const span = {
    traceId: number.toString(16).padStart(32, '1'),
    spanId: number.toString(16).padStart(16, '2'),
    name: `GET ${route(number)}`,
    kind: 2,
    startTimeUnixNano: nanos(at - 5),
    endTimeUnixNano: nanos(at),
    attributes,
  };
  const body = { resourceSpans: [{ resource: resource(kind, number), scopeSpans: [{ spans: [span] }] }] };
  return { number, kind, path: '/v1/traces', body: JSON.stringify(body) };
}

interface Counted {
  readonly unit: { readonly name: string };
  readonly count: number;
}

/** How often each number was counted, as the read API tells. */
export async function countsByNumber(
  get: (path: string) => Promise<{ items: readonly unknown[] }>,
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  const { items: known } = (await get('/services')) as { items: readonly { service: string }[] };
  for (const { service } of known) {
    const { items } = (await get(`/services/${service}/units`)) as { items: readonly Counted[] };
    for (const { unit, count } of items) {
      const number = Number(/^GET \/number\/(\d+)\/x$/.exec(unit.name)?.[1]);
      counts.set(number, (counts.get(number) ?? 0) + count);
    }
  }
  return counts;
}

/** What a list of promises and the counts disagree on. */
export function brokenPromises(
  promised: ReadonlySet<number>,
  counts: ReadonlyMap<number, number>,
): { readonly lost: number[]; readonly twice: number[] } {
  return {
    lost: [...promised].filter((number) => !counts.has(number)),
    twice: [...counts].filter(([, count]) => count !== 1).map(([number]) => number),
  };
}
