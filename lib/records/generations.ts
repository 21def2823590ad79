import { Fault } from '../model/fault.ts';
import { END_OF_TIME, type Era } from '../model/partition.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { generationKey } from './keys.ts';
import { update } from './pages.ts';

/** A generation that speaks for some data time, and since when. */
export interface ActiveEra extends Era {
  readonly since: EpochMs;
}

/** A generation that is being folded from raw objects while live uploads are written to it as well. */
export interface Building extends Era {
  readonly openedAt: EpochMs;
  /** Raw hours to fold, [rawFrom, rawTo); those before `foldedTo` are. */
  readonly rawFrom: EpochMs;
  readonly rawTo: EpochMs;
  readonly foldedTo: EpochMs;
  /** Of the hours [foldedTo, to) that are folded now, the last raw key that was, shard after shard; absent: none was yet. */
  readonly part?: { readonly to: EpochMs; readonly after: string };
  readonly uploads: number;
  /** Uploads that the present analyzer refuses or cannot read, with up to 20 reasons. */
  readonly refused: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Whoever folds keeps this ahead of the store's clock meanwhile, so that others leave it alone. */
  readonly workedUntil: EpochMs;
  readonly worker?: string;
  /** Workers of the present step that never said how it ended; absent: none. */
  readonly deaths?: number;
}

/** A generation that no longer speaks for a time: its partitions there are to be removed. */
export interface Retired extends Era {
  readonly at: EpochMs;
}

export interface GenerationRecord {
  /** In order of time, without gaps. */
  readonly eras: readonly ActiveEra[];
  readonly building: Building | null;
  readonly retired: readonly Retired[];
  readonly next: number;
  /** Raw objects that arrived before this may have expired; absent: none has. */
  readonly rawKeptFrom?: EpochMs;
}

const FIRST: GenerationRecord = {
  eras: [{ from: 0, to: END_OF_TIME, generation: 0, since: 0 }],
  building: null,
  retired: [],
  next: 1,
};

/** How long writers may believe what they have read. A replay waits for twice as long before it begins. */
export const GENERATION_CACHE_MS = 30 * SECOND_MS;

export interface Generations {
  /** At most GENERATION_CACHE_MS old. */
  of(project: string): Promise<GenerationRecord>;
  /** Consistent read. */
  read(project: string): Promise<GenerationRecord>;
  /** Under one condition; `change` returns undefined to leave the record as it is. */
  change(
    project: string,
    change: (before: GenerationRecord) => GenerationRecord | undefined,
  ): Promise<GenerationRecord>;
}

export function generations(records: RecordStore, clock: Clock): Generations {
  const cache = new Map<string, { readonly record: GenerationRecord; readonly readAt: EpochMs }>();
  const read = async (project: string) => {
    const { pk, sk } = generationKey(project);
    const readAt = clock.now();
    const record = ((await records.get(pk, sk))?.body as GenerationRecord | undefined) ?? FIRST;
    cache.set(project, { record, readAt });
    return record;
  };
  return {
    read,
    async of(project) {
      const known = cache.get(project);
      const age = known === undefined ? Number.POSITIVE_INFINITY : clock.now() - known.readAt;
      return known !== undefined && age >= 0 && age < GENERATION_CACHE_MS ? known.record : read(project);
    },
    async change(project, change) {
      const changed = await update<GenerationRecord>(records, generationKey(project), (before = FIRST) => {
        const body = change(before);
        return body && { body };
      });
      cache.delete(project);
      return changed ?? FIRST;
    },
  };
}

/** Every generation into which data of this time is to be written. */
export function openGenerations({ eras, building }: GenerationRecord, time: EpochMs): readonly number[] {
  const active = eras.filter(({ from, to }) => time >= from && time < to);
  const open = building !== null && time >= building.from && time < building.to ? [building] : [];
  return [...active, ...open].map(({ generation }) => generation);
}

/** Begins generation `next` for data of [from, to). @throws Fault('conflict') when one is being built already */
export function opened(
  before: GenerationRecord,
  building: Pick<Building, 'from' | 'to' | 'openedAt' | 'rawFrom' | 'rawTo'>,
): GenerationRecord {
  if (before.building !== null) {
    throw new Fault('conflict', `Cannot replay: generation ${before.building.generation} is being built`);
  }
  const begun = { foldedTo: building.rawFrom, uploads: 0, refused: 0, reasons: {}, workedUntil: 0 };
  return { ...before, building: { ...building, ...begun, generation: before.next }, next: before.next + 1 };
}

/** The generation that was built speaks for its time from now on; what it replaces is retired. */
export function flipped(before: GenerationRecord, at: EpochMs): GenerationRecord | undefined {
  const { building } = before;
  if (building === null) return undefined;
  const { from, to, generation } = building;
  const kept = before.eras.flatMap((era): ActiveEra[] =>
    [
      { ...era, to: Math.min(era.to, from) },
      { ...era, from: Math.max(era.from, to) },
    ].filter((part) => part.from < part.to),
  );
  const replaced = before.eras
    .map((era) => ({ ...era, from: Math.max(era.from, from), to: Math.min(era.to, to) }))
    .filter((part) => part.from < part.to);
  return {
    ...before,
    eras: [...kept, { from, to, generation, since: at }].sort((a, b) => a.from - b.from),
    building: null,
    retired: [...before.retired, ...replaced.map((part) => ({ ...part, at }))],
  };
}

/** The generation that is being built never speaks: what was folded into it is to be removed. */
export function abandoned(before: GenerationRecord, at: EpochMs): GenerationRecord | undefined {
  const { building } = before;
  if (building === null) return undefined;
  const { from, to, generation } = building;
  return { ...before, building: null, retired: [...before.retired, { from, to, generation, at }] };
}
