import { useApi } from './api.ts';
import type { Span } from './components/range.tsx';
import { rangeQuery } from './time.ts';
import type { ServiceList } from './types.ts';
import { useView } from './view.ts';

/**
 * The range of counts and durations: what the reader chose, else since the service's memory is known, within the day
 * that the server gives by default. A rate over a day of which three minutes were measured would be a lie.
 */
export function useCountRange(service: string): {
  ready: boolean;
  key: string;
  query: (now: number) => string;
  /** What is shown while nothing is chosen. */
  shown: Span | undefined;
} {
  const { range, now } = useView();
  const services = useApi<ServiceList>('/services');
  const chosen = range.from !== null || range.to !== null;
  const start = services.data?.items.find((item) => item.service === service)?.floor[0]?.[0];
  return {
    ready: chosen || services.data !== undefined || services.problem !== undefined,
    // A chosen range speaks for itself.
    shown: chosen || start === undefined ? undefined : { from: start, to: now },
    key: [range.from, range.to].join('|'),
    query: (at) => (chosen || start === undefined ? rangeQuery(range, at) : `?from=${Math.floor(start)}`),
  };
}
