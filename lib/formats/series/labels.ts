import { roleOfName } from './series.ts';

/** What a row says of whose reading it is. */
export interface Labels {
  readonly service?: string;
  readonly instance?: string;
  readonly metric?: string;
}

/** Columns that name a process even where its name is a number. */
const IDS = /^(instance|instance_id|pod|pod_name|pid|process_id|worker|worker_id|replica)$/i;
/** Columns that name something where they hold texts: numbers under these names may be anything. */
const NAMES: readonly (readonly [RegExp, keyof Labels])[] = [
  [/^(service|service_name|app|application|job|deployment)$/i, 'service'],
  [/^(host|hostname|node|machine|server|vm|container|container_name|process|task|name)$/i, 'instance'],
  [/^(metric|metric_name|__name__|field)$/i, 'metric'],
];

/** What a column tells of its rows, its first cell being this text ('' for a number); undefined for values. */
export function labelOf(name: string, text: string): keyof Labels | undefined {
  if (IDS.test(name)) return 'instance';
  if (text !== '' && /^name$/i.test(name) && roleOfName(text) !== undefined) return 'metric';
  return text !== '' ? NAMES.find(([pattern]) => pattern.test(name))?.[1] : undefined;
}

/** The labels of one row; several names of an instance are put together. */
export function labelsOf(kinds: readonly (keyof Labels)[], cells: readonly string[]): Labels {
  const of = (wanted: keyof Labels) =>
    cells.filter((cell, i) => kinds[i] === wanted && cell !== '').join('/');
  return { service: of('service'), instance: of('instance'), metric: of('metric') };
}
