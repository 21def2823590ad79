// A finding about several processes that grow: what stands beside the suspect is counted over the same lives, the stop-gap over
// one, and the evidence reaches back to before the growth.
import { describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { openProduct } from '../support/product.ts';

const START = Date.UTC(2026, 5, 1, 6);
const ONSET = START + 3 * HOUR_MS;
const LIMIT = 1024 * MIB;
const KEPT = 20 * 1024;
/** Requests a minute: the one that leaks is a tenth of all. */
const ROUTES = { '/cart': 50, '/list': 300, '/home': 150 };

type Named = Readonly<Record<string, string>>;
const attributes = (of: Named) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const nanos = (ms: number) => `${ms}000000`;

/** One export of a process, whose traffic has a rhythm of its own for each route. */
function exported(
  instance: number,
  { born, counts }: { born: number; counts: Readonly<Record<string, number>> },
  heap: number,
  time: number,
) {
  const minutes = (time - born) / MINUTE_MS;
  const point = (of: Named, asInt: number) => ({
    ...{ attributes: attributes(of), timeUnixNano: nanos(time), asInt: String(Math.round(asInt)) },
  });
  const counted = (of: Named, count: number) => ({
    ...{ attributes: attributes(of), startTimeUnixNano: nanos(born), timeUnixNano: nanos(time) },
    ...{ sum: 1, count: String(count), explicitBounds: [1], bucketCounts: [String(count), '0'] },
  });
  const histogram = (name: string, dataPoints: readonly object[]) => ({
    ...{ name, unit: 's', histogram: { aggregationTemporality: 2, dataPoints } },
  });
  const routes = Object.entries(counts).map(([route, count]) =>
    counted({ 'http.request.method': 'GET', 'http.route': route }, count),
  );
  const metrics = [
    {
      ...{ name: 'v8js.memory.heap.used', unit: 'By' },
      gauge: { dataPoints: [point({ 'v8js.heap.space.name': 'old_space' }, heap)] },
    },
    { name: 'v8js.memory.heap.limit', unit: 'By', gauge: { dataPoints: [point({}, LIMIT)] } },
    histogram('v8js.gc.duration', [counted({ 'v8js.gc.type': 'major' }, minutes + 1)]),
    histogram('http.server.request.duration', routes),
  ];
  const resource = {
    attributes: attributes({ 'service.name': 'shop', 'service.instance.id': `pod-${instance}` }),
  };
  return { resource, scopeMetrics: [{ metrics }] };
}

describe('a finding about several processes', () => {
  it('counts one kind of thing in one way, and shows the time before', async () => {
    const product = await openProduct({ at: START });
    try {
      let seed = 5;
      const random = () => {
        seed = (seed * 16_807) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const start = (born: number) => ({ born, counts: { '/cart': 0, '/list': 0, '/home': 0 }, kept: 0 });
      let fleet = [0, 1].map(() => start(START));
      const held: object[] = [];
      const minute = async (time: number) => {
        product.clock.time = time + 1000;
        const exports = fleet.map((process, i) => {
          for (const [route, rate] of Object.entries(ROUTES) as [keyof typeof ROUTES, number][]) {
            const calls = Math.round(rate * (0.5 + random()));
            process.counts[route] += calls;
            if (route === '/cart' && time > ONSET) process.kept += calls * KEPT;
          }
          return exported(i, process, 150 * MIB + process.kept + random() * MIB, time);
        });
        held.push(...exports);
        if ((time - START) % (10 * MINUTE_MS) > 0) return;
        const resourceMetrics = held.splice(0);
        await product.send('/v1/metrics', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ resourceMetrics }),
        });
        if ((time - START) % (30 * MINUTE_MS) > 0) return;
        await product.settle();
        await product.scan();
      };
      const RESTART = START + 5.5 * HOUR_MS;
      for (let time = START; time <= RESTART; time += MINUTE_MS) await minute(time);
      const { items } = await product.get<{ items: ApiFinding[] }>('/findings');
      const leak = items.find(({ kind }) => kind === 'leak');
      expect(leak?.suspects[0]?.units).toEqual([{ kind: 'http', name: 'GET /cart' }]);
      const { evidence, suspects } = leak!;
      expect(evidence.instances).toHaveLength(2);
      // A scan reads three hours; what was judged begins with the processes.
      expect(evidence.from).toBeLessThan(ONSET - 2 * HOUR_MS);

      const perHour = (60 * (evidence.to - evidence.onset!.t)) / HOUR_MS;
      expect(suspects[0]!.unitsSinceOnset / (2 * ROUTES['/cart'] * perHour)).toBeCloseTo(1, 1);
      const list = evidence.cleared.find(({ unit }) => unit.name === 'GET /list')!;
      expect(list.unitsSinceOnset / (2 * ROUTES['/list'] * perHour)).toBeCloseTo(1, 1);

      const { maxRequests } = evidence.explained!.stopGap!;
      const room = 0.8 * LIMIT - evidence.floor!.start;
      expect(maxRequests!.value / ((room / KEPT) * 10)).toBeCloseTo(1, 1);

      // Processes are replaced, and go on growing: that is no later onset, which would also wake a dismissed finding.
      fleet = fleet.map(() => start(RESTART));
      for (let time = RESTART + MINUTE_MS; time <= RESTART + 6 * HOUR_MS; time += MINUTE_MS)
        await minute(time);
      const later = await product.get<ApiFinding>(`/findings/${leak!.id}`);
      expect(later.evidence.to).toBeGreaterThan(RESTART + 2 * HOUR_MS);
      expect(Math.abs(later.evidence.onset!.t - ONSET)).toBeLessThan(10 * MINUTE_MS);
    } finally {
      await product.close();
    }
  }, 90_000); // most of it waits for the disk
});
