import { type Partition, partitionKey, type Step, stepOf } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';

/** A bucket that was read without some of its segments when it was last looked at. */
export interface UnreadableBucket {
  readonly service: ServiceName;
  readonly start: EpochMs;
  readonly step: Step;
  readonly segments: number;
  readonly why: string;
}

interface Noted {
  readonly project: string;
  readonly bucket: Omit<UnreadableBucket, 'segments' | 'why'>;
  /** By kind: a segment may lack one section and have the others. */
  readonly kinds: Map<string, Pick<UnreadableBucket, 'segments' | 'why'>>;
}

/** Buckets that are remembered. */
const MAX = 1000;

/** Remembers what could not be read, until it can. */
export function unreadableBuckets() {
  const noted = new Map<string, Noted>();
  return {
    note(kind: string, partition: Partition, segments: number, why: string): void {
      const { project, service, start } = partition;
      const place = partitionKey(partition);
      const before = noted.get(place);
      if (segments === 0) {
        before?.kinds.delete(kind);
        if (before?.kinds.size === 0) noted.delete(place);
        return;
      }
      if (before === undefined && noted.size >= MAX) return;
      const one = before ?? {
        project,
        bucket: { service, start, step: stepOf(partition) },
        kinds: new Map(),
      };
      noted.set(place, one);
      one.kinds.set(kind, { segments, why });
    },
    of: (project: string): readonly UnreadableBucket[] =>
      [...noted.values()]
        .filter((one) => one.project === project)
        .map(({ bucket, kinds }) => {
          const [worst] = [...kinds.values()].sort((a, b) => b.segments - a.segments);
          return { ...bucket, segments: worst?.segments ?? 0, why: worst?.why ?? '' };
        }),
  };
}
