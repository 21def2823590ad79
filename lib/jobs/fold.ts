import { shortHash } from '../model/hash.ts';
import type { UploadId } from '../model/ids.ts';
import { MACHINES, type Partition, partitionKey, partitionStart } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import { ONE, sketchOf } from '../model/sketch.ts';
import type { CountReading, InstanceReport, MachineFact, UploadFacts, WorkSpan } from '../model/telemetry.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import type { CounterColumn, LevelColumn } from '../segments/kinds/columns.ts';
import { mergeCounters, mergeLevels, mergeMaps, mergeSeen, mergeTallies } from '../segments/kinds/columns.ts';
import { machineKey } from '../segments/kinds/facts.ts';
import { mergeSections, type Sections } from '../segments/kinds/index.ts';
import {
  countKey,
  emptyInstance,
  factKey,
  type InstanceState,
  levelKey,
  tallyKey,
} from '../segments/kinds/instance.ts';
import { latencyKey, mergeLatency, type UnitLatency } from '../segments/kinds/latency.ts';
import { GENERATION } from './context.ts';

/** What one upload adds, partition by partition, and the points that lay outside of the accepted time. */
export interface Folded {
  readonly parts: readonly { readonly partition: Partition; readonly sections: Sections }[];
  readonly dropped: Readonly<Record<string, number>>;
  /** True when the upload had points and none of them could be kept. */
  readonly nothingKept: boolean;
}

export interface FoldInput {
  readonly project: string;
  readonly uploadId: UploadId;
  readonly facts: UploadFacts;
  /** Accepted data time, epoch ms. */
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Sorts the facts of one upload into partitions as states of the kinds. Pure. */
export function fold(input: FoldInput): Folded {
  const folder = new Folder(input);
  for (const report of input.facts.reports) folder.report(report);
  for (const machine of input.facts.machines) folder.machine(machine);
  return folder.finish();
}

class Folder {
  readonly #input: FoldInput;
  readonly #parts = new Map<string, { partition: Partition; sections: Sections }>();
  readonly #dropped = new Map<string, number>();
  #kept = 0;
  /** Where the first report went: names that filled no role are shown beside it. */
  #place: { readonly service: ServiceName; readonly start: EpochMs } | undefined;

  constructor(input: FoldInput) {
    this.#input = input;
    for (const [reason, points] of input.facts.dropped) this.#dropped.set(reason, points);
  }

  #accepts(time: EpochMs): boolean {
    const reason = time < this.#input.from ? 'too-late' : time > this.#input.to ? 'in-future' : undefined;
    if (reason === undefined) {
      this.#kept += 1;
      return true;
    }
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
    return false;
  }

  #add(service: ServiceName, start: EpochMs, sections: Sections) {
    const partition = { project: this.#input.project, service, start, generation: GENERATION };
    const key = partitionKey(partition);
    const before = this.#parts.get(key);
    this.#parts.set(key, { partition, sections: mergeSections(before?.sections ?? {}, sections) });
  }

  report(report: InstanceReport) {
    const kept = {
      levels: report.levels.filter(({ time, value }) => Number.isFinite(value) && this.#accepts(time)),
      counts: report.counts.filter(({ time }) => this.#accepts(time)),
      work: report.work.filter((span) => this.#accepts(endOf(span))),
    };
    const times = [
      ...kept.levels.map(({ time }) => time),
      ...kept.counts.map(({ time }) => time),
      ...kept.work.map(endOf),
    ];
    for (const start of new Set(times.map(partitionStart))) {
      const inside = (time: EpochMs) => partitionStart(time) === start;
      const state = instanceState(report, {
        levels: kept.levels.filter(({ time }) => inside(time)),
        counts: kept.counts.filter(({ time }) => inside(time)),
        work: kept.work.filter((span) => inside(endOf(span))),
      });
      const instances = new Map([[report.instance.key, state]]);
      const units = latencies(
        this.#input.uploadId,
        report,
        kept.work.filter((span) => inside(endOf(span))),
      );
      this.#add(report.service, start, {
        instance: { instances, unused: new Map() },
        ...(units.size === 0 ? {} : { latency: { units } }),
      });
    }
    if (times.length > 0)
      this.#place ??= { service: report.service, start: partitionStart(times[0] as number) };
  }

  machine(fact: MachineFact) {
    if (!Number.isFinite(fact.value) || !this.#accepts(fact.time)) return;
    const time = Math.round(fact.time);
    const column = { times: [time], values: [fact.value], conflict: false };
    const machines = new Map(
      machineNames(fact).map(({ by, id }) => [
        machineKey({ by, id, kind: fact.kind, metric: fact.metric }),
        column,
      ]),
    );
    this.#add(MACHINES, partitionStart(time), { facts: { machines } });
  }

  finish(): Folded {
    const { facts } = this.#input;
    if (this.#place !== undefined && facts.unused.size > 0) {
      this.#add(this.#place.service, this.#place.start, {
        instance: { instances: new Map(), unused: facts.unused },
      });
    }
    return {
      parts: [...this.#parts.values()],
      dropped: Object.fromEntries(this.#dropped),
      nothingKept: this.#kept === 0 && facts.points + facts.spans > 0 && this.#dropped.size > 0,
    };
  }
}

const endOf = (span: WorkSpan): EpochMs => span.start + span.durationUs / 1000;

function machineNames({ joins }: MachineFact) {
  const names: { by: string; id: string }[] = [];
  if (joins.podUid !== undefined) names.push({ by: 'pod-uid', id: joins.podUid });
  else if (joins.podName !== undefined) names.push({ by: 'pod', id: joins.podName });
  if (joins.containerId !== undefined) names.push({ by: 'container', id: joins.containerId });
  if (names.length === 0 && joins.host !== undefined) names.push({ by: 'host', id: joins.host });
  return names;
}

type Kept = Pick<InstanceReport, 'levels' | 'counts' | 'work'>;

function instanceState(report: InstanceReport, kept: Kept): InstanceState {
  const times = [
    ...kept.levels.map(({ time }) => Math.round(time)),
    ...kept.counts.map(({ time }) => Math.round(time)),
    ...kept.work.map((span) => Math.round(endOf(span))),
  ];
  const seen = times.reduce((range, time) => mergeSeen(range, { first: time, last: time }), {
    first: times[0] as number,
    last: times[0] as number,
  });
  return {
    ...emptyInstance,
    facts: new Map(factsOf(report).map(([name, value]) => [factKey(name, value), seen])),
    levels: groupPoints(
      kept.levels,
      ({ role, metric, part }) => levelKey(role, metric, part),
      (point): LevelColumn => ({ times: [Math.round(point.time)], values: [point.value], conflict: false }),
      mergeLevels,
    ),
    counts: groupPoints(kept.counts, keyOfCount, counterPoint, mergeCounters),
    work: groupPoints(
      kept.work,
      ({ unit, status, weight }) => tallyKey({ unit: unitKey(unit), status, weighted: weight !== undefined }),
      (span) => ({ seconds: [Math.floor(endOf(span) / 1000)], sums: [weightOf(span)] }),
      mergeTallies,
    ),
  };
}

function factsOf({ instance }: InstanceReport): [string, string][] {
  const { joins } = instance;
  const facts: [string, string | undefined][] = [
    ['version', instance.version ?? ''],
    ['source', instance.source],
    ['language', instance.language],
    ['sdk', instance.sdk],
    ['pid', joins.pid === undefined ? undefined : String(joins.pid)],
    ['host', joins.host],
    ['pod-uid', joins.podUid],
    ['pod', joins.podName],
    ['container', joins.containerId],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

function groupPoints<P, C>(
  points: readonly P[],
  keyOf: (point: P) => string,
  columnOf: (point: P) => C,
  merge: (a: C, b: C) => C,
): ReadonlyMap<string, C> {
  const groups = new Map<string, C>();
  for (const point of points) {
    const key = keyOf(point);
    const before = groups.get(key);
    const column = columnOf(point);
    groups.set(key, before === undefined ? column : merge(before, column));
  }
  return groups;
}

const keyOfCount = (reading: CountReading) =>
  countKey({
    role: reading.role,
    unit: reading.unit === undefined ? '' : unitKey(reading.unit),
    status: reading.status,
    metric: reading.metric,
    stream: reading.stream,
    temporality: reading.temporality,
    bounds: reading.buckets?.boundsUs.join(',') ?? '',
  });

/** A sum of durations that was not sent. */
export const NO_SUM = -1;

function counterPoint({ time, start, count, sumUs, buckets }: CountReading): CounterColumn {
  const cells = [count, sumUs === undefined ? NO_SUM : Math.round(sumUs), ...(buckets?.counts ?? [])];
  return {
    width: cells.length,
    times: [Math.round(time)],
    starts: [Math.round(start)],
    cells,
    conflict: false,
  };
}

const weightOf = (span: WorkSpan) => Math.round((span.weight ?? 1) * ONE);

function latencies(id: UploadId, { instance }: InstanceReport, spans: readonly WorkSpan[]) {
  let units: ReadonlyMap<string, UnitLatency> = new Map();
  for (const span of spans) {
    const weight = weightOf(span);
    const durationUs = Math.max(0, Math.round(span.durationUs));
    const example = {
      hash: shortHash(`${id} ${span.spanId}`),
      traceId: span.traceId,
      durationUs,
      time: Math.round(span.start),
    };
    const one: UnitLatency = {
      sketch: sketchOf([[durationUs, weight]]),
      count: weight,
      failures: span.failed ? weight : 0,
      sum: BigInt(durationUs) * BigInt(weight),
      examples: [example],
      slowest: [example],
    };
    units = mergeMaps(
      units,
      new Map([[latencyKey(unitKey(span.unit), instance.version ?? ''), one]]),
      mergeLatency,
    );
  }
  return units;
}
