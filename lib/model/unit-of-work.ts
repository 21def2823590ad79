/** What other tools call a route, an endpoint or a transaction name: the thing a service does again and again. */
export type UnitKind = 'http' | 'graphql' | 'rpc' | 'job' | 'message' | 'connection';

export interface UnitOfWork {
  readonly kind: UnitKind;
  /** As people say it: `GET /orders/:id`, `process emails`. */
  readonly name: string;
  /** True when the name was made from a raw URL by us, because the sender gave no route. */
  readonly guessed?: boolean;
}

/** One string per unit, fit for map keys and for the order of output. */
export const unitKey = (unit: UnitOfWork): string => `${unit.kind} ${unit.name}`;

export function unitOfKey(key: string): UnitOfWork {
  const space = key.indexOf(' ');
  return { kind: key.slice(0, space) as UnitKind, name: key.slice(space + 1) };
}

/** What stands for all units that are more than any service has: their sender names its work by raw paths, or by ids. */
export const OTHER_UNITS: UnitOfWork = { kind: 'http', name: '(other)' };
