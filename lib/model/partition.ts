import type { ServiceName } from './service.ts';
import { type EpochMs, MINUTE_MS } from './units.ts';

/** How much data time a partition holds. */
export const PARTITION_MS = 10 * MINUTE_MS;

/** Project × service × 10 minutes of data time, in one generation of the aggregates. */
export interface Partition {
  readonly project: string;
  readonly service: ServiceName;
  /** Start of the 10 minutes, epoch ms. */
  readonly start: EpochMs;
  readonly generation: number;
}

/** Machines that name no service fold here; no service can be called so, since names never begin with '/'. */
export const MACHINES = '/machines' as ServiceName;

export const partitionStart = (time: EpochMs): EpochMs => Math.floor(time / PARTITION_MS) * PARTITION_MS;

export const partitionKey = ({ project, service, start, generation }: Partition): string =>
  `${generation} ${start} ${project} ${service}`;

/** One immutable segment of a partition, as its head lists it. */
export interface SegmentRef {
  readonly key: string;
  readonly bytes: number;
  readonly uploads: number;
  /** 0 as committed; one more than its parts after each merge. */
  readonly level: number;
}

/** The content of a partition is what its head lists. */
export interface Head {
  /** Token of the last writer: a lost answer is recognised by it. */
  readonly writeToken: string;
  readonly segments: readonly SegmentRef[];
  readonly updatedAt: EpochMs;
}
