import type { CountReading } from '../../model/telemetry.ts';
import type { UnitOfWork } from '../../model/unit-of-work.ts';
import { type Attributes, text } from '../work/attributes.ts';
import { faasUnit, httpUnit, isHttp, messageUnit, named, rpcUnit, statusClass } from '../work/work-units.ts';
import type { Buckets, Metric, Point, Scope } from './decoded.ts';
import type { CollectionRow, WorkRow } from './role-table.ts';
import { collectionRoleOf } from './roles.ts';
import { streamOf } from './stream-hash.ts';
import type { Tally } from './tally.ts';
import { microsecondsFactor } from './units.ts';

/** Reads the counters of one metric: counts of histograms and summaries, monotonic sums. Differences are taken later. */
export class CountReader {
  readonly #resource: Attributes;
  readonly #scope: Scope;
  readonly #metric: Metric;
  readonly #tally: Tally;
  #lastBounds: { readonly sent: readonly number[]; readonly us: readonly number[] } | undefined;

  constructor(resource: Attributes, scope: Scope, metric: Metric, tally: Tally) {
    this.#resource = resource;
    this.#scope = scope;
    this.#metric = metric;
    this.#tally = tally;
  }

  collections(row: CollectionRow, into: CountReading[]): void {
    for (const point of this.#countable()) {
      const role = collectionRoleOf(row, point.attributes);
      if (role !== undefined) into.push(this.#reading(role, undefined, '', point, undefined));
    }
  }

  work(row: WorkRow, into: (point: Point) => CountReading[]): void {
    const factor =
      row.unit === 'none' ? undefined : microsecondsFactor(this.#metric.unit, this.#metric.name, row.unit);
    let used = 0;
    for (const point of this.#countable()) {
      const unit = this.#unitOf(row, point.attributes);
      if (unit === undefined) continue;
      used += 1;
      into(point).push(this.#reading('work', unit, this.#statusOf(row, point.attributes), point, factor));
    }
    if (used === 0) this.#tally.leaveOut(this.#metric.name, this.#metric.points.length);
  }

  *#countable(): Generator<Point> {
    const { kind, temporality, monotonic, name, points } = this.#metric;
    if (kind === 'none' || kind === 'gauge' || (kind === 'sum' && !monotonic)) {
      this.#tally.leaveOut(name, points.length);
      return;
    }
    for (const point of points) {
      const count = kind === 'sum' ? point.value : point.count;
      if (point.stale || count === undefined || Number.isNaN(count)) this.#tally.drop('without a value');
      else if (point.time <= 0) this.#tally.drop('without a time');
      else if (count < 0) this.#tally.drop('counter below zero');
      else if (temporality === 'unspecified' && kind !== 'summary') this.#tally.drop('without a temporality');
      else if (point.attributes.get('otel.metric.overflow') === true)
        this.#tally.drop('otel.metric.overflow');
      else yield point;
    }
  }

  #reading(
    role: CountReading['role'],
    unit: UnitOfWork | undefined,
    status: string,
    point: Point,
    factor: number | undefined,
  ): CountReading {
    const { kind, temporality, name } = this.#metric;
    const buckets = factor === undefined ? undefined : this.#bucketsUs(point.buckets, factor);
    return {
      unit,
      role,
      metric: name,
      status,
      stream: streamOf(this.#scope, point.attributes),
      temporality: temporality === 'delta' ? 'delta' : 'cumulative',
      start: point.start,
      time: point.time,
      count: kind === 'sum' ? (point.value ?? 0) : point.count,
      ...(factor !== undefined && point.sum !== undefined && { sumUs: Math.round(point.sum * factor) }),
      ...(buckets !== undefined && { buckets }),
    };
  }

  #bucketsUs(buckets: Buckets | undefined, factor: number): CountReading['buckets'] | undefined {
    if (buckets === undefined) return undefined;
    const { bounds, counts } = buckets;
    let last = this.#lastBounds;
    if (last === undefined || !sameNumbers(last.sent, bounds)) {
      // Seconds in binary times a million leave dust behind the comma.
      last = { sent: bounds, us: bounds.map((bound) => Number((bound * factor).toPrecision(12))) };
      this.#lastBounds = last;
    }
    return { boundsUs: last.us, counts };
  }

  #unitOf(row: WorkRow, attributes: Attributes): UnitOfWork | undefined {
    switch (row.kind) {
      case 'http':
        return httpUnit(attributes, {
          targetIsRoute: text(this.#resource, 'telemetry.sdk.language') === 'python',
        });
      case 'rpc':
        return rpcUnit(attributes);
      case 'message':
        return messageUnit(attributes);
      case 'faas':
        return faasUnit(attributes, this.#resource);
      case 'spanmetrics':
        return spanmetricsUnit(attributes);
    }
  }

  #statusOf(row: WorkRow, attributes: Attributes): string {
    const status = statusClass(attributes);
    if (row.kind !== 'spanmetrics' || /^\dxx$/.test(status)) return status;
    const code = text(attributes, 'status.code') ?? text(attributes, 'status_code') ?? '';
    return code.endsWith('ERROR') ? 'error' : 'ok';
  }
}

/** The Collector's spanmetrics connector: one series per service, span name, kind and status, plus chosen dimensions. */
function spanmetricsUnit(attributes: Attributes): UnitOfWork | undefined {
  const kind = text(attributes, 'span.kind') ?? text(attributes, 'span_kind') ?? '';
  const spanName = text(attributes, 'span.name') ?? text(attributes, 'span_name') ?? '';
  if (kind.endsWith('CONSUMER')) return messageUnit(attributes, spanName);
  if (!kind.endsWith('SERVER')) return undefined;
  if (attributes.has('rpc.method') || attributes.has('rpc.service')) return rpcUnit(attributes, spanName);
  if (isHttp(attributes) || /^[A-Z]+( \/|$)/.test(spanName)) return httpUnit(attributes, { spanName });
  return named('rpc', spanName === '' ? '(no name)' : spanName);
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
