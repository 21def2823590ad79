import { hasUnknownLives } from '../../flame/lives.ts';
import type { States } from '../../flame/select.ts';
import { type Series, seriesIn } from '../../flame/series.ts';
import { measureKey } from '../../flame/state.ts';
import { Fault } from '../../model/fault.ts';
import { PARTITION_MS, partitionStart } from '../../model/partition.ts';
import type { ServiceName } from '../../model/service.ts';
import { type UnitOfWork, unitOfKey } from '../../model/unit-of-work.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../../model/units.ts';
import type { JobContext } from '../context.ts';

export type FlameContext = Pick<JobContext, 'reader'>;

export interface Side {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly version?: string | undefined;
  /** `unitKey`. */
  readonly unit?: string | undefined;
  /** Of levels and cumulative values alone, and for at most a day. */
  readonly instance?: string | undefined;
}

export interface FlameRange extends Side {
  readonly project: string;
  readonly service: ServiceName;
}

/** Steps of long ranges come from roll-ups. Profiles are a hundred times as large as memory: from so short a range on. */
export const isLong = ({ from, to }: Pick<Side, 'from' | 'to'>): boolean => to - from >= 6 * HOUR_MS;

/** Roll-ups hold levels of all instances together: of one the steps of ten minutes are read, for so long. */
const INSTANCE_MAX_MS = DAY_MS;

/** How seldom a sender may send what it counted since it began, and still be counted from its last upload before a range. */
export const BEFORE_MS = 6 * HOUR_MS;

/** The states of a range, and of the bucket before it. */
export async function loadFlame(context: FlameContext, query: FlameRange): Promise<States> {
  const { steps, before } = await loadFlameSteps(context, query);
  return { states: steps.map(({ state }) => state), before };
}

/** The same with the time of each state: steps of ten minutes, an hour or a day. */
export async function loadFlameSteps({ reader }: FlameContext, query: FlameRange) {
  const { project, service, from, to, instance } = query;
  const first = partitionStart(from);
  if (instance !== undefined && to - from > INSTANCE_MAX_MS)
    throw new Fault(
      'invalid-input',
      'Cannot tell instances apart over more than a day: ask for a shorter range',
    );
  const coarse = instance === undefined && isLong(query);
  const load = (range: { readonly from: EpochMs; readonly to: EpochMs; readonly coarse: boolean }) =>
    reader.range('flame', { project, service, ...range });
  const [steps, before] = await Promise.all([
    load({ from: first, to, coarse }),
    load({ from: first - PARTITION_MS, to: first, coarse: false }),
  ]);
  return { steps, before: before.map(({ state }) => state) };
}

/**
 * The same with six hours before the range, where they are needed: of cumulative values, when a life in the range was not
 * seen in the bucket before it. Few services send so seldom, and an instance that is new asks for them too.
 */
export async function withEarlier(
  { reader }: FlameContext,
  { project, service, from }: Pick<FlameRange, 'project' | 'service' | 'from'>,
  { states, before }: States,
  { measure, temporality }: Pick<Series, 'measure' | 'temporality'>,
): Promise<States> {
  if (temporality !== 'cumulative') return { states, before };
  if (!hasUnknownLives(states, before, measureKey(measure, temporality))) return { states, before };
  const first = partitionStart(from);
  const range = { from: first - BEFORE_MS, to: first - PARTITION_MS, coarse: true };
  const far = await reader.range('flame', { project, service, ...range });
  return { states, before: [...far.map(({ state }) => state), ...before] };
}

/** What a service sends, for the menus of a view. */
export async function profileTypesAnswer(context: FlameContext, range: FlameRange) {
  const { states } = await loadFlame(context, range);
  const near = await instancesAtEnd(context, range);
  return seriesIn(states).map(({ measure, temporality, versions, works, instances, profiles }) => ({
    type: measure.type,
    unit: measure.unit,
    temporality,
    profiles,
    versions,
    instances: [...new Set([...instances, ...(near.get(measureOf({ measure, temporality })) ?? [])])].sort(),
    units: works.filter((work) => work !== '').map((work): UnitOfWork => unitOfKey(work)),
  }));
}

/** Roll-ups name no instances. Where one may be asked for all the same, those of the last hour are what a reader looks for. */
async function instancesAtEnd(context: FlameContext, range: FlameRange) {
  const { to } = range;
  if (!isLong(range) || to - range.from > INSTANCE_MAX_MS) return new Map<string, readonly string[]>();
  const { states } = await loadFlame(context, { ...range, from: to - HOUR_MS });
  return new Map(seriesIn(states).map((series) => [measureOf(series), series.instances]));
}

const measureOf = ({ measure, temporality }: Pick<Series, 'measure' | 'temporality'>) =>
  JSON.stringify([measure.type, measure.unit, temporality]);
