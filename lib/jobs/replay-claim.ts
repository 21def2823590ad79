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

/**
 * Claims the step that `building` stands before; called again, it keeps the claim. False: another worker is at it, or has
 * done it. `storeNow`: the time of the object store, for clocks of workers differ.
 */
export function claimOf(
  context: Pick<JobContext, 'generations' | 'clock' | 'newId'>,
  project: string,
  building: Building,
  storeNow: EpochMs,
): () => Promise<boolean> {
  const worker = context.newId();
  const aheadMs = storeNow - context.clock.now();
  return async () => {
    const now = context.clock.now() + aheadMs;
    const stands = await changeAt(context, project, building, (record, current) =>
      current.worker === worker || !isClaimed(current, now)
        ? { ...record, building: { ...current, worker, workedUntil: now + CLAIMED_FOR_MS } }
        : undefined,
    );
    return stands.building?.worker === worker;
  };
}

/** A claim that reaches further ahead than any was made before a clock was set back. */
const isClaimed = ({ workedUntil }: Building, now: EpochMs) =>
  workedUntil > now && workedUntil < now + 2 * CLAIMED_FOR_MS;
