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
  [/^(host|hostname|node|machine|container|container_name|process)$/i, 'instance'],
  [/^(metric|metric_name|__name__|field)$/i, 'metric'],
];

/** What a column of this name, its first cell being a text or a number, tells of its rows; undefined for values. */
export function labelOf(name: string, isText: boolean): keyof Labels | undefined {
  if (IDS.test(name)) return 'instance';
  return isText ? NAMES.find(([pattern]) => pattern.test(name))?.[1] : undefined;
}

/** The labels of one row; several names of an instance are put together. */
export function labelsOf(kinds: readonly (keyof Labels)[], cells: readonly string[]): Labels {
  const of = (wanted: keyof Labels) =>
    cells.filter((cell, i) => kinds[i] === wanted && cell !== '').join('/');
  return { service: of('service'), instance: of('instance'), metric: of('metric') };
}
