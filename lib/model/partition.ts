import type { ServiceName } from './service.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from './units.ts';

/** How much data time a partition holds. */
export const PARTITION_MS = 10 * MINUTE_MS;

/** Partitions are rolled up twice. */
export type Step = '10m' | '1h' | '1d';
export const STEP_MS: Readonly<Record<Step, number>> = { '10m': PARTITION_MS, '1h': HOUR_MS, '1d': DAY_MS };

/** Project × service × 10 minutes of data time, in one generation of the aggregates; or a roll-up of such. */
export interface Partition {
  readonly project: string;
  readonly service: ServiceName;
  /** Start of the 10 minutes, the hour or the day (UTC), epoch ms. */
  readonly start: EpochMs;
  readonly generation: number;
  /** Default: '10m'. */
  readonly step?: Step | undefined;
  /** Which part of a hot service's uploads; default: 0. Roll-ups have no shards. */
  readonly shard?: number | undefined;
}

/** Machines that name no service fold here; no service can be called so, since names never begin with '/'. */
export const MACHINES = '/machines' as ServiceName;

export const partitionStart = (time: EpochMs): EpochMs => bucketStart(time, '10m');
export const bucketStart = (time: EpochMs, step: Step): EpochMs =>
  Math.floor(time / STEP_MS[step]) * STEP_MS[step];

export const stepOf = ({ step = '10m' }: Pick<Partition, 'step'>): Step => step;
export const endOfBucket = (partition: Partition): EpochMs => partition.start + STEP_MS[stepOf(partition)];

export const partitionKey = ({ project, service, start, generation, step = '10m', shard = 0 }: Partition) =>
  `${generation} ${step} ${start} ${shard} ${project} ${service}`;

/** The roll-up that a partition or a roll-up is part of. */
export function parentOf(partition: Partition): Partition | undefined {
  const { project, service, generation, start } = partition;
  const step = stepOf(partition);
  if (step === '1d') return undefined;
  const above = step === '10m' ? '1h' : '1d';
  return { project, service, generation, step: above, start: bucketStart(start, above) };
}

/** What a roll-up is made of, in order of time. */
export function childrenOf({ project, service, generation, start, step }: Partition): readonly Partition[] {
  if (step === undefined || step === '10m') return [];
  const below = step === '1d' ? '1h' : '10m';
  return Array.from({ length: STEP_MS[step] / STEP_MS[below] }, (_, n) => ({
    project,
    service,
    generation,
    start: start + n * STEP_MS[below],
    ...(below === '1h' ? { step: below } : {}),
  }));
}

/** One immutable segment of a partition, as its head lists it. */
export interface SegmentRef {
  readonly key: string;
  readonly bytes: number;
  readonly uploads: number;
  /** 0 as committed; one more than its parts after each merge. */
  readonly level: number;
  /** Version of the analyzer that wrote it; absent: 1. */
  readonly version?: number;
  /** When the youngest of its uploads was committed; absent: not known, which counts as just now. */
  readonly committedAt?: EpochMs;
}

/** The content of a partition is what its head lists. */
export interface Head {
  /** Token of the last writer: a lost answer is recognised by it. */
  readonly writeToken: string;
  readonly segments: readonly SegmentRef[];
  readonly updatedAt: EpochMs;
  /** When uploads were last committed here: expiry counts from it. */
  readonly committedAt?: EpochMs;
  /** Shards of the partition, recorded in the head of shard 0 when it is made; absent: 1. */
  readonly shards?: number;
  /** Ids have left the footers: whoever commits asks the ledger as well. */
  readonly trimmed?: boolean;
  /** A roll-up was built from this: who changes it marks the roll-ups above as dirty first. */
  readonly sealed?: boolean;
  /** Of a roll-up: token of whoever began to change what lies below since it was built, or to build it. */
  readonly dirty?: string;
  /** Of a roll-up: how many segments below it could not be read when it was built. */
  readonly missing?: number;
  /** Of a roll-up: what it was made of is gone, so it stands as it is. */
  readonly final?: boolean;
  /** Nothing commits to it, merges or reads it: its segments are being deleted. */
  readonly expired?: boolean;
}

/** No data time is later: keys hold ten digits of seconds. */
export const END_OF_TIME: EpochMs = 9_999_999_999_000;

/** Which generation of the aggregates speaks for data of [from, to). */
export interface Era {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly generation: number;
}
