import type { ServiceName } from '../../model/service.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import type { JobContext } from '../context.ts';
import { SPANS, type WorkIncrements, workOf } from '../lives/counts.ts';
import { seriesOfRole } from '../lives/levels.ts';
import { type LoadedService, loadService } from '../load-service.ts';
import { allocationsByUnit } from './allocations.ts';
import { histogram } from './thin.ts';

const BUCKETS = 60;
/** Curves of more units than anybody looks at: names that hold ids make tens of thousands, of 1 KB each. */
const HISTORIES_MAX = 200;

/** Finished work per unit between `from` and `to`, over all instances, each from its own best source. */
export async function unitsAnswer(
  context: JobContext,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const loaded = await loadService(context, project, service, from, to);
  const active = activeNow(loaded);
  const allocated = await allocationsByUnit(context, project, service, from, to);
  return [...workByUnit(loaded)]
    .map(([unit, parts]) => {
      const times = parts.flatMap(({ increments }) => [...increments.times]);
      const counts = parts.flatMap(({ increments }) => [...increments.counts]);
      const history = () => histogram(times, counts, from, to, BUCKETS);
      return {
        unit: unitOfKey(unit),
        count: round(sum(counts)),
        failures: round(sum(parts.filter(isFailure).flatMap(({ increments }) => [...increments.counts]))),
        source: [...new Set(parts.map(sourceText))].sort().join(', '),
        active,
        allocated: allocated.get(unit) ?? null,
        history,
      };
    })
    .sort((a, b) => b.count - a.count)
    .map((unit, i) => ({ ...unit, history: i < HISTORIES_MAX ? unit.history() : [] }));
}

/** Work parts of all instances, by unit. */
export function workByUnit(loaded: LoadedService): ReadonlyMap<string, WorkIncrements[]> {
  const units = new Map<string, WorkIncrements[]>();
  for (const instance of loaded.state.instances.values()) {
    for (const part of workOf(instance, loaded.from, loaded.to)) {
      units.set(part.unit, [...(units.get(part.unit) ?? []), part]);
    }
  }
  return units;
}

/** Requests in flight of the whole service: the metric has no route by convention, so it stands beside every unit. */
function activeNow(loaded: LoadedService): number | null {
  const last = [...loaded.state.instances.values()].flatMap(
    (instance) => seriesOfRole(instance, 'active_requests')[0]?.values.at(-1) ?? [],
  );
  return last.length === 0 ? null : sum(last);
}

export const isFailure = ({ status }: { readonly status: string }) => status === '5xx' || status === 'error';
const sourceText = ({ source, complete }: WorkIncrements) =>
  source === SPANS && !complete ? 'spans (sampled at an unknown rate)' : source;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
/** Weights are thousandths: their sums need no more digits. */
const round = (value: number) => Math.round(value * 1000) / 1000;
