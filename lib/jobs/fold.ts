import { flameOf } from '../flame/from-profile.ts';
import { shortHash } from '../model/hash.ts';
import type { UploadId } from '../model/ids.ts';
import { MACHINES, type Partition, partitionStart } from '../model/partition.ts';
import { scrubVersion } from '../model/scrub.ts';
import type { ServiceName } from '../model/service.ts';
import { ONE, sketchOf } from '../model/sketch.ts';
import type {
  CountReading,
  InstanceReport,
  LevelReading,
  MachineFact,
  ProfileReport,
  UploadFacts,
  WorkSpan,
} from '../model/telemetry.ts';
import { type UnitOfWork, unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import { mergeAll } from '../segments/kind.ts';
import { machineKey } from '../segments/kinds/facts.ts';
import { mergeSections, type Sections } from '../segments/kinds/index.ts';
import {
  boundedTallies,
  countKey,
  emptyInstance,
  factKey,
  type InstanceState,
  levelKey,
  tallyKey,
} from '../segments/kinds/instance.ts';
import type { UnitLatency } from '../segments/kinds/latency.ts';
import {
  boundedLatency,
  byHash,
  bySlowness,
  type Example,
  keepExample,
  latencyKey,
} from '../segments/kinds/latency.ts';
import {
  type CounterPoint,
  countersOf,
  type LevelPoint,
  levelsOf,
  tallyOf,
} from '../segments/kinds/points.ts';
import { allocationsOf } from './fold-allocations.ts';
import { functionsOf, unprofiledWork } from './fold-functions.ts';
import { heapState, joinFacts, told } from './fold-heap.ts';
import { scrubbed } from './scrubbed.ts';

/** What one upload adds, partition by partition, and the points that lay outside of the accepted time. */
export interface Folded {
  readonly parts: readonly { readonly partition: Place; readonly sections: Sections }[];
  readonly dropped: Readonly<Record<string, number>>;
  /** True when the upload had points and none of them could be kept, nor can its pieces be joined. */
  readonly nothingKept: boolean;
}

/** A partition in whatever generation. */
export type Place = Pick<Partition, 'project' | 'service' | 'start'>;

export interface FoldInput {
  readonly project: string;
  readonly uploadId: UploadId;
  readonly facts: UploadFacts;
  /** How many pieces it leaves for the join; absent: none. */
  readonly pieces?: number;
  /** Accepted data time, epoch ms. */
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * Partitions that one upload may add to, each of which costs a segment and a head: a hundred services of a gateway that was
 * cut off for six hours. A thousand services of two days would be 289,000.
 */
const PARTITIONS_MAX = 4096;

/** Names of people and secrets in them go before they reach a segment. */
const unitName = ({ kind, name }: UnitOfWork) => unitKey({ kind, name: scrubbed(name) });

/** Sorts the facts of one upload into partitions as states of the kinds. Pure. */
export function fold(input: FoldInput): Folded {
  const folder = new Folder(input);
  for (const report of input.facts.reports) folder.report(report);
  for (const machine of input.facts.machines) folder.machine(machine);
  for (const profile of input.facts.profiles ?? []) folder.profile(profile);
  return folder.finish();
}

class Folder {
  readonly #input: FoldInput;
  /** Service → start of the partition → what is added to it. */
  readonly #parts = new Map<ServiceName, Map<EpochMs, Sections[]>>();
  readonly #machines = new Map<EpochMs, Map<string, LevelPoint[]>>();
  readonly #dropped = new Map<string, number>();
  #kept = 0;
  #partitions = 0;
  /** Where the first report went: names that filled no role are shown beside it. */
  #place: { readonly service: ServiceName; readonly start: EpochMs } | undefined;

  constructor(input: FoldInput) {
    this.#input = input;
    for (const [reason, points] of input.facts.dropped) this.#dropped.set(reason, points);
  }

  #accepts(time: EpochMs): boolean {
    const reason = refusal(time, this.#input);
    if (reason === undefined) this.#kept += 1;
    else this.#drop(reason);
    return reason === undefined;
  }

  #drop(reason: string, points = 1) {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + points);
  }

  /** @param points that the sections were made of */
  #add(service: ServiceName, start: EpochMs, sections: Sections, points: number) {
    const starts = entryOf(this.#parts, service, () => new Map<EpochMs, Sections[]>());
    if (!starts.has(start)) {
      if (this.#partitions === PARTITIONS_MAX) return this.#drop('too many partitions', points);
      this.#partitions += 1;
    }
    entryOf(starts, start, () => []).push(sections);
  }

  report(report: InstanceReport) {
    const parts = new Map<EpochMs, Kept>();
    const partAt = (time: EpochMs) =>
      entryOf(parts, partitionStart(time), () => ({ levels: [], counts: [], work: [] }));
    for (const level of report.levels) {
      if (!Number.isFinite(level.value)) this.#drop(NO_VALUE);
      else if (this.#accepts(level.time)) partAt(level.time).levels.push(level);
    }
    for (const count of report.counts) {
      if (!isCount(count)) this.#drop(NO_VALUE);
      else if (this.#accepts(count.time)) partAt(count.time).counts.push(count);
    }
    for (const span of report.work) {
      if (this.#accepts(endOf(span))) partAt(endOf(span)).work.push(span);
    }
    const { service } = report;
    for (const [start, kept] of parts) {
      this.#place ??= { service, start };
      const instances = new Map([[report.instance.key.toWellFormed(), instanceState(report, kept)]]);
      const units = latencies(this.#input.uploadId, report, kept.work);
      const allocations = allocationsOf(kept.work, unitName, weightOf);
      const functions = unprofiledWork(kept.work, report.instance.version ?? '');
      const sections = {
        instance: { instances, unused: new Map() },
        ...(units.size === 0 ? {} : { latency: boundedLatency(units) }),
        ...(functions && { functions }),
        ...(allocations && { allocations }),
      };
      this.#add(service, start, sections, kept.levels.length + kept.counts.length + kept.work.length);
    }
  }

  profile(report: ProfileReport) {
    const { service, instance, lifeStart, time, profile } = report;
    if (!this.#accepts(time)) return;
    const flame = flameOf(profile, {
      upload: this.#input.uploadId,
      version: scrubVersion(instance.version ?? '').toWellFormed(),
      instance: instance.key,
      lifeStart,
      time,
      scrub: scrubbed,
    });
    const live = heapState(profile, instance, Math.round(time));
    const instances = live && {
      instance: { instances: new Map([[instance.key.toWellFormed(), live]]), unused: new Map() },
    };
    const functions = functionsOf(report, this.#input.uploadId);
    const sections = { flame, ...instances, ...(functions && { functions }) };
    this.#add(service, partitionStart(time), sections, 1);
  }

  machine(fact: MachineFact) {
    if (!Number.isFinite(fact.value)) return this.#drop(NO_VALUE);
    if (!this.#accepts(fact.time)) return;
    const point = { time: Math.round(fact.time), value: fact.value };
    const machines = entryOf(
      this.#machines,
      partitionStart(point.time),
      () => new Map<string, LevelPoint[]>(),
    );
    for (const { by, id } of machineNames(fact)) {
      const key = machineKey({ by, id, kind: fact.kind, metric: scrubbed(fact.metric) });
      entryOf(machines, key, () => []).push(point);
    }
  }

  /** Their root may be in another upload: only of what is altogether of another time is it known that none is accepted. */
  get #leavesPieces() {
    const { pieces = 0, from, to, facts } = this.#input;
    const { earliest = from, latest = to } = facts;
    return pieces > 0 && earliest <= to && latest >= from;
  }

  finish(): Folded {
    const { facts, project } = this.#input;
    if (this.#place !== undefined && facts.unused.size > 0) {
      const unused = new Map<string, number>();
      for (const [name, points] of facts.unused) {
        const metric = scrubbed(name.toWellFormed());
        unused.set(metric, (unused.get(metric) ?? 0) + points);
      }
      this.#add(this.#place.service, this.#place.start, { instance: { instances: new Map(), unused } }, 0);
    }
    for (const [start, machines] of this.#machines) {
      const points = [...machines.values()].reduce((sum, { length }) => sum + length, 0);
      this.#add(MACHINES, start, { facts: { machines: mapValues(machines, levelsOf) } }, points);
    }
    const parts = [...this.#parts].flatMap(([service, starts]) =>
      [...starts].map(([start, sections]) => ({
        partition: { project, service, start },
        sections: mergeAll(sections, mergeSections) ?? {},
      })),
    );
    return {
      parts,
      dropped: Object.fromEntries(this.#dropped),
      nothingKept:
        this.#kept === 0 && facts.points + facts.spans > 0 && this.#dropped.size > 0 && !this.#leavesPieces,
    };
  }
}

const NO_VALUE = 'without a value';

/** Why a point of this time is left out; JSON may say "NaN" where a time belongs. */
function refusal(time: EpochMs, { from, to }: FoldInput): string | undefined {
  if (Number.isNaN(time)) return 'without a time';
  return time < from ? 'too-late' : time > to ? 'in-future' : undefined;
}

const isCount = ({ count, start }: CountReading) => Number.isFinite(count) && Number.isFinite(start);

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}

const mapValues = <V, W>(map: ReadonlyMap<string, V>, change: (value: V) => W): ReadonlyMap<string, W> =>
  new Map([...map].map(([key, value]) => [key, change(value)]));

/** Points by their key, in one pass. */
function groupBy<P, Q>(
  points: readonly P[],
  keyOf: (point: P) => string,
  partOf: (point: P) => Q,
): ReadonlyMap<string, Q[]> {
  const groups = new Map<string, Q[]>();
  for (const point of points) entryOf(groups, keyOf(point), () => []).push(partOf(point));
  return groups;
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

interface Kept {
  readonly levels: LevelReading[];
  readonly counts: CountReading[];
  readonly work: WorkSpan[];
}

function instanceState(report: InstanceReport, kept: Kept): InstanceState {
  const levels = groupBy(
    kept.levels,
    ({ role, metric, part }) => levelKey(role, scrubbed(metric), scrubbed(part)),
    ({ time, value }): LevelPoint => ({ time: Math.round(time), value }),
  );
  const work = groupBy(
    kept.work,
    ({ unit, status, weight }) =>
      tallyKey({ unit: unitName(unit), status: scrubbed(status), weighted: weight !== undefined }),
    (span) => [Math.floor(endOf(span) / 1000), weightOf(span)] as const,
  );
  const seen = seenIn(kept);
  return {
    ...emptyInstance,
    facts: new Map(factsOf(report).map(([name, value]) => [factKey(name, value), seen])),
    levels: mapValues(levels, levelsOf),
    counts: mapValues(groupBy(kept.counts, keyOfCount, counterPoint), countersOf),
    work: boundedTallies(mapValues(work, tallyOf)),
  };
}

function seenIn({ levels, counts, work }: Kept) {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const see = (time: EpochMs) => {
    first = Math.min(first, Math.round(time));
    last = Math.max(last, Math.round(time));
  };
  for (const { time } of levels) see(time);
  for (const { time } of counts) see(time);
  for (const span of work) see(endOf(span));
  return { first, last };
}

function factsOf({ instance }: InstanceReport): [string, string][] {
  const facts: [string, string | undefined][] = [
    ['version', scrubVersion(instance.version ?? '')],
    ['source', instance.source],
    ['language', instance.language],
    ['sdk', instance.sdk],
  ];
  return [...told(facts), ...joinFacts(instance)];
}

const keyOfCount = (reading: CountReading) =>
  countKey({
    role: reading.role,
    unit: reading.unit === undefined ? '' : unitName(reading.unit),
    status: scrubbed(reading.status),
    metric: scrubbed(reading.metric),
    stream: reading.stream,
    temporality: reading.temporality,
    bounds: bucketsOf(reading)?.boundsUs.join(',') ?? '',
  });

/** Buckets that can be read: one count more than bounds, all of them numbers. Others leave the count alone. */
function bucketsOf({ buckets }: CountReading): CountReading['buckets'] {
  if (buckets === undefined || buckets.counts.length !== buckets.boundsUs.length + 1) return undefined;
  return [...buckets.boundsUs, ...buckets.counts].every(Number.isFinite) ? buckets : undefined;
}

/** A sum of durations that was not sent. */
export const NO_SUM = -1;

function counterPoint(reading: CountReading): CounterPoint {
  const { time, start, count, sumUs } = reading;
  const sum =
    sumUs === undefined || !(sumUs >= 0 && sumUs < Number.POSITIVE_INFINITY) ? NO_SUM : Math.round(sumUs);
  return {
    time: Math.round(time),
    start: Math.round(start),
    cells: [count, sum, ...(bucketsOf(reading)?.counts ?? [])],
  };
}

/** Requests that one span may stand for: beyond it the sender's sampling rate is a mistake, and sums would overflow. */
const WEIGHT_MAX = 1e6;
const weightOf = (span: WorkSpan) => Math.round(Math.min(span.weight ?? 1, WEIGHT_MAX) * ONE);

interface Gathered {
  readonly durations: [us: number, weight: number][];
  failures: number;
  count: number;
  sum: bigint;
  examples: readonly Example[];
  slowest: readonly Example[];
}

function latencies(id: UploadId, { instance }: InstanceReport, spans: readonly WorkSpan[]) {
  const units = new Map<string, Gathered>();
  for (const span of spans) {
    const weight = weightOf(span);
    const durationUs = Math.max(0, Math.round(span.durationUs));
    const example = {
      hash: shortHash(`${id} ${span.spanId}`),
      traceId: span.traceId,
      durationUs,
      time: Math.round(span.start),
    };
    const unit = entryOf(units, unitName(span.unit), noSpans);
    unit.durations.push([durationUs, weight]);
    unit.count += weight;
    unit.failures += span.failed ? weight : 0;
    unit.sum += BigInt(durationUs) * BigInt(weight);
    unit.examples = keepExample(unit.examples, example, byHash);
    unit.slowest = keepExample(unit.slowest, example, bySlowness);
  }
  const version = scrubVersion(instance.version ?? '');
  return new Map(
    [...units].map(([unit, { durations, ...rest }]): [string, UnitLatency] => [
      latencyKey(unit, version),
      { ...rest, sketch: sketchOf(durations) },
    ]),
  );
}

const noSpans = (): Gathered => ({
  durations: [],
  failures: 0,
  count: 0,
  sum: 0n,
  examples: [],
  slowest: [],
});
