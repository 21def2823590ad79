import type { LookState } from '../../leaks/index.ts';
import { VERDICTS } from '../../model/leak.ts';
import type { MemoryRole } from '../../model/memory.ts';
import { MACHINES } from '../../model/partition.ts';
import { emptySketch, mergeSketches, quantileUs } from '../../model/sketch.ts';
import { MINUTE_MS } from '../../model/units.ts';
import { listNamedServices } from '../../records/aliases.ts';
import { listScans, type ScanRecord } from '../../records/scans.ts';
import type { ServiceRecord } from '../../records/services.ts';
import type { JobContext } from '../context.ts';
import { loadService } from '../load-service.ts';
import { bucketQuantileUs } from './bucket-quantile.ts';
import { workByUnit } from './units.ts';

/** Rates and percentiles of the list are those of the last minutes that a service sent. */
const RECENT_MS = 10 * MINUTE_MS;

/** Every service of a project: when it was last seen, what it sends, how its memory stands. */
export async function servicesAnswer(context: JobContext, project: string) {
  const services = (await listNamedServices(context.records, project)).filter(
    ({ service }) => service !== MACHINES,
  );
  const open = (await context.findings.list(project)).filter(({ state }) => state === 'firing');
  const items = await Promise.all(
    services.map(async (record) => ({
      service: record.service,
      lastSeen: record.lastSeen,
      signals: Object.keys(record.signals) as (keyof ServiceRecord['signals'])[],
      findings: open.filter(({ service }) => service === record.service).length,
      ...(await memoryOf(context, project, record)),
      ...(await recentWork(context, project, record)),
    })),
  );
  return items.sort((a, b) => b.findings - a.findings || b.lastSeen - a.lastSeen);
}

/** Roles whose verdict speaks for a service, the most telling first: what surrounds the heap says less than the heap. */
const SPEAKING: readonly string[] = ['heap_after_gc', 'heap_used', 'rss', 'container_usage'];
const telling = ({ role }: ScanRecord<LookState>) => {
  const at = SPEAKING.indexOf(role);
  return at === -1 ? SPEAKING.length : at;
};
const fired = ({ look }: ScanRecord<LookState>) => (look.fired ? 0 : 1);

/** Of one role, the gravest verdict of the last scan. */
const GRAVITY = [
  'leak',
  'exhausted',
  'growth-unconfirmed',
  'mixed-writers',
  'step',
  'load-proportional',
  'warm-up',
];
const gravity = ({ result }: ScanRecord<LookState>) => {
  const at = GRAVITY.indexOf(result.verdict);
  return at === -1 ? GRAVITY.length + VERDICTS.indexOf(result.verdict) : at;
};

async function memoryOf({ records }: JobContext, project: string, { service }: ServiceRecord) {
  const scans = await listScans<LookState>(records, project, service);
  const newest = Math.max(0, ...scans.map(({ at }) => at));
  const current = scans
    .filter(({ at }) => newest - at < RECENT_MS)
    .sort((a, b) => fired(a) - fired(b) || telling(a) - telling(b) || gravity(a) - gravity(b))[0];
  return {
    instances: current?.instances ?? 0,
    verdict: current?.result.verdict ?? null,
    verdictReason: current?.result.reason ?? null,
    floor: (current?.floor ?? []).map(([time, value]): [number, number] => [time, value]),
    role: (current?.role ?? null) as MemoryRole | null,
    limitBytes: current?.limitBytes ?? null,
  };
}

async function recentWork(context: JobContext, project: string, { service, lastData }: ServiceRecord) {
  const from = lastData - RECENT_MS;
  const loaded = await loadService(context, project, service, from, lastData + 1);
  const parts = [...workByUnit(loaded).values()].flat();
  const times = parts.flatMap(({ increments }) => [...increments.times]);
  const count = parts.reduce((sum, { increments }) => sum + increments.counts.reduce((a, b) => a + b, 0), 0);
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), 0);
  const spans = await context.reader.range('latency', {
    project,
    service,
    from,
    to: lastData + 1,
  });
  const sketch = spans
    .flatMap(({ state }) => [...state.units.values()])
    .reduce((sum, unit) => mergeSketches(sum, unit.sketch), emptySketch);
  const p95Us = bucketQuantileUs(parts, 0.95) ?? quantileUs(sketch, 0.95);
  return {
    unitsPerSecond: last > first ? (count * 1000) / (last - first) : null,
    p95Ms: p95Us === undefined ? null : p95Us / 1000,
  };
}
