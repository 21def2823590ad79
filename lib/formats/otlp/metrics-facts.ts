import type { ServiceName } from '../../model/service.ts';
import type {
  CountReading,
  InstanceReport,
  LevelReading,
  MachineFact,
  UploadFacts,
} from '../../model/telemetry.ts';
import { text } from '../work/attributes.ts';
import { CountReader } from './count-readings.ts';
import type { DecodedMetrics, Metric, ResourceMetrics, Scope } from './decoded.ts';
import { identify, type ResourceIdentity, serviceNamed } from './identity.ts';
import { LevelReader } from './level-readings.ts';
import { resourceMachineFacts } from './machine-facts.ts';
import { collectionRowOf, levelRowsOf, normalName, workRowOf } from './roles.ts';
import { Tally } from './tally.ts';

/** Finds the roles in an upload's metrics. Choosing between metrics that fill one role is left to the reader of a life. */
export function metricsFacts(decoded: DecodedMetrics): UploadFacts {
  const tally = new Tally();
  const reports: InstanceReport[] = [];
  const machines: MachineFact[] = [];
  for (const resource of decoded.resources) {
    const draft = new ReportDraft(resource, tally);
    draft.read();
    reports.push(...draft.reports());
    for (const fact of draft.machines) machines.push(fact);
  }
  const { unused, dropped, earliest, latest } = tally;
  return { reports, machines, unused, dropped, earliest, latest, points: decoded.points, spans: 0 };
}

class ReportDraft {
  readonly machines: MachineFact[] = [];
  readonly #resource: ResourceMetrics;
  readonly #tally: Tally;
  readonly #identity: ResourceIdentity;
  readonly #levels: LevelReading[] = [];
  readonly #counts: CountReading[] = [];
  /** Of a resource without a service: spanmetrics that name it on the point. */
  readonly #countsOfOthers = new Map<ServiceName, CountReading[]>();
  readonly #scopeOf: ReadonlyMap<string, string>;

  constructor(resource: ResourceMetrics, tally: Tally) {
    this.#resource = resource;
    this.#tally = tally;
    this.#identity = identify(resource.attributes);
    this.#scopeOf = scopesOfLevels(resource);
  }

  read(): void {
    let latest = 0;
    const levels = new LevelReader(this.#resource, this.#identity, this.#tally, this.#levels, this.machines);
    for (const { scope, metrics } of this.#resource.scopes) {
      for (const metric of metrics) {
        for (const { time } of metric.points) {
          this.#tally.see(time);
          if (time > latest) latest = time;
        }
        this.#readMetric(levels, scope, metric);
      }
    }
    if (latest > 0)
      resourceMachineFacts(this.#resource.attributes, this.#identity, latest, this.#levels, this.machines);
  }

  reports(): InstanceReport[] {
    const { service, instance } = this.#identity;
    const reports: InstanceReport[] = [];
    if (service !== undefined && this.#levels.length + this.#counts.length > 0) {
      reports.push({ service, instance, levels: this.#levels, counts: this.#counts, work: [] });
    }
    for (const [name, counts] of this.#countsOfOthers) {
      reports.push({
        service: name,
        instance: { key: 'unnamed', source: 'none', joins: {} },
        levels: [],
        counts,
        work: [],
      });
    }
    return reports;
  }

  #readMetric(levels: LevelReader, scope: Scope, metric: Metric): void {
    const normal = normalName(metric.name);
    const rows = levelRowsOf(normal);
    if (rows.length > 0) {
      if (this.#scopeOf.get(metric.name) !== scope.name) {
        for (const _ of metric.points) this.#tally.drop('level already sent by another scope');
      } else levels.read(rows, metric);
      return;
    }
    const collections = collectionRowOf(normal);
    const work = workRowOf(normal);
    if (collections === undefined && work === undefined) {
      this.#tally.leaveOut(metric.name, metric.points.length);
      return;
    }
    const counts = new CountReader(this.#resource.attributes, scope, metric, this.#tally);
    if (collections !== undefined) counts.collections(collections, this.#countsFor(undefined));
    else if (work !== undefined)
      counts.work(work, (point) => this.#countsFor(text(point.attributes, 'service.name')));
  }

  /** The reading goes to the resource's own service, or to the one that the point names when the resource names none. */
  #countsFor(service: string | undefined): CountReading[] {
    if (service === undefined || text(this.#resource.attributes, 'service.name') !== undefined)
      return this.#counts;
    const name = serviceNamed(this.#resource.attributes, service);
    const counts = this.#countsOfOthers.get(name) ?? [];
    this.#countsOfOthers.set(name, counts);
    return counts;
  }
}

/**
 * One scope per level: contrib's runtime package and an app's own code may send one name in one request, a sum and a
 * gauge with times that differ by microseconds. The first in name order is kept, so that every request chooses alike.
 */
function scopesOfLevels(resource: ResourceMetrics): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  for (const { scope, metrics } of resource.scopes) {
    for (const { name } of metrics) {
      const known = scopes.get(name);
      if (known === undefined || scope.name < known) scopes.set(name, scope.name);
    }
  }
  return scopes;
}
