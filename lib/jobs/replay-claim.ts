import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import type { Building, GenerationRecord } from '../records/generations.ts';
import type { JobContext } from './context.ts';

/** How long the claim of a worker holds that has ended: as long as a step may take in the cloud. */
const CLAIMED_FOR_MS = 5 * MINUTE_MS;

/** Changes the generations of a project as long as nobody has done the step that `building` stands before. */
export const changeAt = (
  { generations }: Pick<JobContext, 'generations'>,
  project: string,
  { generation, foldedTo, part }: Building,
  change: (record: GenerationRecord, current: Building) => GenerationRecord | undefined,
): Promise<GenerationRecord> =>
  generations.change(project, (record) => {
    const { building } = record;
    const isSame =
      building?.generation === generation &&
      building.foldedTo === foldedTo &&
      building.part?.after === part?.after;
    return isSame ? change(record, building) : undefined;
  });

export interface Claim {
  /** Claims the step, and again keeps the claim. Undefined: another worker is at it, or has done it. */
  keep(): Promise<Building | undefined>;
  /** Leaves the step to whoever comes: it has come to no end, and the store is to blame. */
  leave(): Promise<void>;
}

/**
 * The claim of one worker to the step that `building` stands before. A worker that is there still when its claim is over has
 * ended with its process, for all that is known, and is counted.
 *
 * @param storeNow the time of the object store, for clocks of workers differ
 */
export function claimOf(
  context: Pick<JobContext, 'generations' | 'clock' | 'newId'>,
  project: string,
  building: Building,
  storeNow: EpochMs,
): Claim {
  const worker = context.newId();
  const aheadMs = storeNow - context.clock.now();
  return {
    async keep() {
      const now = context.clock.now() + aheadMs;
      const stands = await changeAt(context, project, building, (record, current) => {
        if (current.worker !== worker && isClaimed(current, now)) return undefined;
        const isDead = current.worker !== undefined && current.worker !== worker;
        const deaths = (current.deaths ?? 0) + (isDead ? 1 : 0);
        const workedUntil = now + CLAIMED_FOR_MS;
        return { ...record, building: { ...current, worker, workedUntil, ...(deaths > 0 && { deaths }) } };
      });
      return stands.building?.worker === worker ? stands.building : undefined;
    },
    async leave() {
      await changeAt(context, project, building, (record, { worker: present, ...current }) =>
        present === worker ? { ...record, building: { ...current, workedUntil: 0 } } : undefined,
      );
    },
  };
}

/** A claim that reaches further ahead than any was made before a clock was set back. */
const isClaimed = ({ workedUntil }: Building, now: EpochMs) =>
  workedUntil > now && workedUntil < now + 2 * CLAIMED_FOR_MS;
