import { flamebearer } from '../../flame/flamebearer.ts';
import { stepOf } from '../../flame/levels.ts';
import { lastOfLives } from '../../flame/lives.ts';
import { prune } from '../../flame/prune.ts';
import { type States, select } from '../../flame/select.ts';
import { type Series, seriesIn } from '../../flame/series.ts';
import { measureKey } from '../../flame/state.ts';
import { type FlameTree, TreeBuilder, totalOf } from '../../flame/tree.ts';
import { Fault } from '../../model/fault.ts';
import { MACHINES, PARTITION_MS, partitionStart } from '../../model/partition.ts';
import type { ServiceName } from '../../model/service.ts';
import type { EpochMs } from '../../model/units.ts';
import { listServices } from '../../records/services.ts';
import type { JobContext } from '../context.ts';
import { BEFORE_MS, loadFlame, withEarlier } from './flame-states.ts';

// What Grafana's data source for Pyroscope asks for, out of the same states as our own answers. Labels of a series are
// those below; a series is a service with a version and a unit of work.

export type PyroscopeContext = Pick<JobContext, 'reader' | 'records'>;

export const LABELS = ['service_name', 'service_version', 'unit'] as const;
export type Label = (typeof LABELS)[number];
export type LabelSet = Readonly<Record<Label, string>>;

export interface SeriesQuery {
  readonly project: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Whether a label may have this value. */
  readonly fits: (label: Label, value: string) => boolean;
  /** Default: every type. */
  readonly measure?: { readonly type: string; readonly unit: string };
}

/** Services that one query may read: dashboards over hundreds of them are not what flame graphs are for. */
const SERVICES_MAX = 50;

interface Found {
  readonly service: ServiceName;
  readonly states: States;
  readonly series: readonly Series[];
}

async function load(
  context: PyroscopeContext,
  { project, from, to, fits, measure }: SeriesQuery,
): Promise<Found[]> {
  const services = (await listServices(context.records, project))
    .filter(({ signals, service }) => signals.profiles !== undefined && service !== MACHINES)
    .filter(({ service }) => fits('service_name', service));
  if (services.length > SERVICES_MAX)
    throw new Fault(
      'invalid-input',
      `Cannot read ${services.length} services at once: name at most ${SERVICES_MAX}`,
    );
  return Promise.all(
    services.map(async ({ service }) => {
      const asked = { project, service, from, to };
      const near = await loadFlame(context, asked);
      const series = seriesIn(near.states).filter(
        (one) =>
          measure === undefined ||
          (one.measure.type === measure.type && (measure.unit === '' || one.measure.unit === measure.unit)),
      );
      // Values are asked for by measure, and of the first that fits; without one only what there is.
      const isValued = measure !== undefined && series[0] !== undefined;
      const states = isValued ? await withEarlier(context, asked, near, series[0]!) : near;
      return { service, states, series };
    }),
  );
}

/** Every type, as Pyroscope calls it. */
export async function pyroscopeTypes(context: PyroscopeContext, query: SeriesQuery) {
  const types = new Map<string, ReturnType<typeof typeOf>>();
  for (const { series } of await load(context, query))
    for (const one of series) types.set(typeOf(one).ID, typeOf(one));
  return [...types.values()].sort((a, b) => (a.ID < b.ID ? -1 : 1));
}

/** `process_cpu:cpu:nanoseconds:cpu:nanoseconds`: the first word is what Pyroscope derives from the sample types. */
export function typeOf({ measure: { type, unit } }: Pick<Series, 'measure'>) {
  const name = NAMES.find(([pattern]) => pattern.test(type))?.[1] ?? type;
  const [periodType, periodUnit] = name === 'memory' ? ['space', 'bytes'] : ['cpu', 'nanoseconds'];
  return {
    ID: `${name}:${type}:${unit}:${periodType}:${periodUnit}`,
    name,
    sampleType: type,
    sampleUnit: unit,
    periodType,
    periodUnit,
  };
}
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^wall/, 'wall'],
  [/cpu|^samples$/, 'process_cpu'],
  [/^(alloc|inuse)_|^(space|objects)$/, 'memory'],
  [/^(mutex_|contentions$|delay$)/, 'mutex'],
  [/^block_/, 'block'],
  [/^goroutines?$/, 'goroutines'],
];

/** The label sets of all series that fit. */
export async function pyroscopeSeries(context: PyroscopeContext, query: SeriesQuery): Promise<LabelSet[]> {
  const sets = new Map<string, LabelSet>();
  for (const { service, series } of await load(context, query)) {
    for (const { versions, works } of series) {
      for (const version of versions.length === 0 ? [''] : versions) {
        for (const unit of works.length === 0 ? [''] : works) {
          const set = { service_name: service, service_version: version, unit };
          if (LABELS.every((label) => query.fits(label, set[label]))) sets.set(JSON.stringify(set), set);
        }
      }
    }
  }
  return [...sets.values()];
}

/** Columns of a service to read: one selection for all where no label but the service is asked about. */
function selections({ versions, works }: Series, fits: SeriesQuery['fits'], by: readonly string[]) {
  const all = (label: Label, values: readonly string[]) =>
    !by.includes(label) && values.every((value) => fits(label, value))
      ? [undefined]
      : values.filter((value) => fits(label, value));
  return all('service_version', versions).flatMap((version) =>
    all('unit', works).map((work) => ({ version, work })),
  );
}

/** One tree of all series that fit: levels and cumulative values as everywhere else. */
export async function pyroscopeTree(context: PyroscopeContext, query: SeriesQuery): Promise<FlameTree> {
  const builder = new TreeBuilder();
  for (const { states, series } of await load(context, query)) {
    const [one] = series;
    if (one === undefined) continue;
    const { measure, temporality } = one;
    for (const selection of selections(one, query.fits, [])) {
      const { tree } = select(states, { measure, temporality, ...selection });
      builder.add({ ...tree.stacks, lineFrame: new Uint32Array(0), line: new Uint32Array(0) }, [
        { at: Uint32Array.from(tree.self.keys()), values: tree.self },
      ]);
    }
  }
  return builder.finish();
}

export function pyroscopeFlamegraph(tree: FlameTree, maxNodes: number) {
  const { names, levels, numTicks, maxSelf } = flamebearer(prune(tree, maxNodes)).flamebearer;
  return { names, levels: levels.map((values) => ({ values })), total: numTicks, maxSelf };
}

export interface PointsQuery extends SeriesQuery {
  readonly stepMs: number;
  readonly groupBy: readonly string[];
}

export interface PointSeries {
  readonly labels: readonly { readonly name: string; readonly value: string }[];
  readonly points: { readonly value: number; readonly timestamp: EpochMs }[];
}

/** Totals over time, in steps of whole partitions; at the start of each step. */
export async function pyroscopePoints(context: PyroscopeContext, query: PointsQuery): Promise<PointSeries[]> {
  const { project, from, to, fits, groupBy } = query;
  const stepMs = Math.max(1, Math.ceil(query.stepMs / PARTITION_MS)) * PARTITION_MS;
  const groups = new Map<string, { labels: PointSeries['labels']; steps: Map<EpochMs, number> }>();
  for (const { service, states, series } of await load(context, query)) {
    const [one] = series;
    if (one === undefined) continue;
    const first = partitionStart(from);
    const parts = await context.reader.range('flame', { project, service, from: first, to });
    const asked = selections(one, fits, groupBy).map(({ version, work }) => {
      const set: Partial<LabelSet> = {
        service_name: service,
        ...(version !== undefined && { service_version: version }),
        ...(work !== undefined && { unit: work }),
      };
      const labels = groupBy.map((name) => ({ name, value: set[name as Label] ?? '' }));
      const group = groups.get(JSON.stringify(labels)) ?? { labels, steps: new Map<EpochMs, number>() };
      groups.set(JSON.stringify(labels), group);
      return { group, version, work };
    });
    const key = one.temporality === 'cumulative' ? measureKey(one.measure, one.temporality) : undefined;
    let before = key === undefined ? [] : states.before;
    for (const { start, state } of parts) {
      // What a life counts goes on from its last upload, however many steps of the last six hours ago that was.
      if (key !== undefined) before = lastOfLives(before, key, start - BEFORE_MS);
      const step = stepOf(start, stepMs);
      for (const { group, version, work } of asked) {
        const { tree } = select({ states: [state], before }, { ...one, version, work });
        group.steps.set(step, (group.steps.get(step) ?? 0) + Number(totalOf(tree)));
      }
      if (key !== undefined) before = [...before, state];
    }
  }
  return [...groups.values()].map(({ labels, steps }) => ({
    labels,
    points: [...steps].sort(([a], [b]) => a - b).map(([timestamp, value]) => ({ timestamp, value })),
  }));
}
