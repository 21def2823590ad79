import type { ApiTrace } from '../../../lib/http/trace-schemas.ts';

export interface TraceList {
  readonly items: ApiTrace[];
  readonly cursor: string | null;
}

interface Unit {
  readonly kind: string;
  readonly name: string;
}

/** Where the API answers about one unit of work. */
export const unitPath = (service: string, { kind, name }: Unit): string =>
  `/services/${encodeURIComponent(service)}/transactions/${encodeURIComponent(`${kind} ${name}`)}`;
