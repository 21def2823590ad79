import { LIMIT_ROLES, type LimitRole, type SeriesRole } from '../../model/memory.ts';
import type { LevelReading, MachineFact } from '../../model/telemetry.ts';
import { MIB } from '../../model/units.ts';
import { type Attributes, first } from '../work/attributes.ts';
import type { Metric, Point, ResourceMetrics } from './decoded.ts';
import { joinKeys, namesMachine, type ResourceIdentity } from './identity.ts';
import type { LevelRow } from './role-table.ts';
import { levelRowFor, normalName } from './roles.ts';
import { shortHash } from './stream-hash.ts';
import type { Tally } from './tally.ts';
import { bytesFactor, microsecondsFactor } from './units.ts';

const MAX_PART_LENGTH = 200;
const MS_PER_S = 1000;
const US_PER_S = 1e6;
/** "No limit" is sent as zero, as −1, or as the largest integer less a page. */
const MAX_LIMIT_BYTES = 2 ** 53;
/** Percent; 100 by default. Off is −1 or the largest integer, depending on the library. */
const MAX_GOGC = 10_000;

/** Kinds of machine facts; the other machine roles only mean something to the process itself. */
const FACT_KINDS: ReadonlySet<string> = new Set<MachineFact['kind']>([
  'container_limit',
  'container_usage',
  'host_limit',
  'restarts',
  'oom_killed',
]);

/** Reads gauges and non-monotonic sums alike: senders disagree about which of the two a level is. */
export class LevelReader {
  readonly #resource: ResourceMetrics;
  readonly #identity: ResourceIdentity;
  readonly #tally: Tally;
  readonly #levels: LevelReading[];
  readonly #machines: MachineFact[];
  readonly #gogc: number | undefined;
  readonly #oldSpaceBytes: number;

  constructor(
    resource: ResourceMetrics,
    identity: ResourceIdentity,
    tally: Tally,
    levels: LevelReading[],
    machines: MachineFact[],
  ) {
    this.#resource = resource;
    this.#identity = identity;
    this.#tally = tally;
    this.#levels = levels;
    this.#machines = machines;
    this.#gogc = gogcOf(resource);
    this.#oldSpaceBytes = oldSpaceOf(resource.attributes);
  }

  read(rows: readonly LevelRow[], metric: Metric): void {
    if (metric.kind !== 'gauge' && metric.kind !== 'sum') {
      this.#tally.leaveOut(metric.name, metric.points.length);
      return;
    }
    let used = 0;
    for (const point of metric.points) {
      const row = levelRowFor(rows, metric.name, point.attributes);
      if (row === undefined) continue;
      used += 1;
      const reason = this.#readPoint(row, metric, point);
      if (reason !== undefined) this.#tally.drop(reason);
    }
    // States and types beside the wanted ones (free, cached, non-heap) are no surprise; a metric without any wanted is.
    if (used === 0) this.#tally.leaveOut(metric.name, metric.points.length);
  }

  /** @returns why the point was dropped */
  #readPoint(row: LevelRow, metric: Metric, point: Point): string | undefined {
    if (point.value === undefined || Number.isNaN(point.value)) return 'without a value';
    if (point.time <= 0) return 'without a time';
    if (point.attributes.get('otel.metric.overflow') === true) return 'otel.metric.overflow';
    if (metric.kind === 'sum' && metric.temporality === 'delta') return 'level sent as delta';
    const value = this.#convert(row, metric, point.value, point.time);
    if (value === undefined) return `unit "${metric.unit.slice(0, 20)}" not understood for ${row.role}`;
    if (!Number.isFinite(value)) return 'without a value';
    if (isLimit(row.role) && (value <= 0 || value >= MAX_LIMIT_BYTES)) return undefined; // no limit is no fact
    this.#emit(row, metric.name, point, value);
    return undefined;
  }

  #convert(row: LevelRow, metric: Metric, value: number, time: number): number | undefined {
    switch (row.unit) {
      case 'count':
        return value;
      case 'bytes': {
        const factor = bytesFactor(metric.unit);
        if (factor === undefined) return undefined;
        return row.role === 'heap_limit' ? Math.min(value * factor, this.#oldSpaceBytes) : value * factor;
      }
      case 'seconds':
      case 'start-time-seconds': {
        const factor = microsecondsFactor(metric.unit, metric.name, 's');
        if (factor === undefined) return undefined;
        const seconds = (value * factor) / US_PER_S;
        return row.unit === 'seconds' ? seconds : time / MS_PER_S - seconds;
      }
      case 'gc-goal': // goal = live × (1 + GOGC/100), less the share of stacks and globals
        return this.#gogc === undefined ? Number.NaN : value / (1 + this.#gogc / 100);
    }
  }

  #emit(row: LevelRow, metric: string, point: Point, value: number): void {
    const { role } = row;
    if (row.machine === true && FACT_KINDS.has(role))
      this.#emitFact(role as MachineFact['kind'], metric, point, value);
    if (role === 'oom_killed' || this.#identity.service === undefined) return;
    if (row.machine === true && namesMachine(point.attributes)) return; // an exporter's view of others, not of itself
    this.#levels.push({ role, metric, part: partOf(row, point.attributes), time: point.time, value });
  }

  #emitFact(kind: MachineFact['kind'], metric: string, point: Point, value: number): void {
    if (kind === 'oom_killed' && value <= 0) return; // one series per reason, 1 for the one that holds
    if (isPodTotal(metric, point.attributes)) return;
    const joins = joinKeys(this.#resource.attributes, point.attributes);
    if (Object.keys(joins).length === 0) {
      if (this.#identity.service === undefined)
        this.#tally.drop('machine fact without the name of a machine');
      return;
    }
    this.#machines.push({ joins, time: point.time, metric, kind, value });
  }
}

const isLimit = (role: SeriesRole | 'oom_killed'): boolean => LIMIT_ROLES.includes(role as LimitRole);

/** cAdvisor's rows without a container name (the pod's sum) and those of the pause container repeat what the others say. */
const isPodTotal = (metric: string, attributes: Attributes): boolean =>
  metric.startsWith('container_') &&
  attributes.has('pod') &&
  (!attributes.get('container') || attributes.get('container') === 'POD');

/** The part's name; what else tells series apart follows in braces, so that sums over parts stay complete. */
function partOf(row: LevelRow, attributes: Attributes): string {
  if (attributes.size === 0) return '';
  const name = row.part === undefined ? undefined : first(attributes, row.part);
  const rest: string[] = [];
  for (const [key, value] of attributes) {
    if (!row.part?.includes(key) && !row.where?.keys.includes(key)) rest.push(`${key}=${value}`);
  }
  if (rest.length === 0) return name ?? '';
  const text = rest.sort().join(',');
  return `${name ?? ''}{${text.length > MAX_PART_LENGTH ? shortHash(text) : text}}`;
}

function gogcOf(resource: ResourceMetrics): number | undefined {
  for (const { metrics } of resource.scopes) {
    for (const metric of metrics) {
      if (!metric.name.includes('gogc') || normalName(metric.name) !== 'go.config.gogc') continue;
      const value = metric.points.at(-1)?.value;
      if (value !== undefined && value >= 1 && value <= MAX_GOGC) return value;
    }
  }
  return undefined;
}

/**
 * What `--max-old-space-size` among the arguments of a Node process allows, in bytes; infinite without it. V8 aborts when the old
 * generation is full, and tells a limit that has the young one in it: 288 MiB of 96 in Node 24.
 */
function oldSpaceOf(resource: Attributes): number {
  const command = first(resource, ['process.command_args', 'process.command_line']) ?? '';
  const size = /(?:^|[\s[,])--max[-_]old[-_]space[-_]size=(\d+)/.exec(command)?.[1];
  return size === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Number(size)) * MIB;
}
