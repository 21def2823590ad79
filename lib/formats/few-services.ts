import type { UploadFacts } from '../model/telemetry.ts';

/**
 * Services of one upload: more than a gateway of a large cluster batches. A body of one megabyte can name a hundred thousand,
 * each of which would have partitions of its own.
 */
export const SERVICES_MAX = 1000;

/**
 * The facts of the first SERVICES_MAX services, those of reports before those of pieces. Reports of others are counted as
 * dropped; their pieces, which are made when they are asked for, are left out.
 */
export function ofFewServices(facts: UploadFacts): UploadFacts {
  const isKept = firstOnes();
  const reports = facts.reports.filter(({ service }) => isKept(service));
  const profiles = facts.profiles?.filter(({ service }) => isKept(service));
  const left =
    facts.reports.length - reports.length + ((facts.profiles?.length ?? 0) - (profiles?.length ?? 0));
  const { pieces } = facts;
  return {
    ...facts,
    ...(pieces && { pieces: () => pieces().filter(({ process }) => isKept(serviceOf(process))) }),
    ...(left > 0 && {
      reports,
      ...(profiles && { profiles }),
      dropped: new Map(facts.dropped).set('too many services', left),
    }),
  };
}

/** What names a process begins with it. */
const serviceOf = (process: string) => process.split('\n', 1)[0] as string;

/** Tells of each name whether it is one of the first that were asked for. */
function firstOnes(): (name: string) => boolean {
  const first = new Set<string>();
  return (name) => {
    if (first.size < SERVICES_MAX) first.add(name);
    return first.has(name);
  };
}
