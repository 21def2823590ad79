import { isCountRole, type MemoryRole } from '../../model/memory.ts';
import type { ServiceName } from '../../model/service.ts';
import { HOUR_MS } from '../../model/units.ts';
import type { SenderClock } from '../../records/clocks.ts';
import { readService } from '../../records/services.ts';
import type { JobContext } from '../context.ts';
import { NO_CLOCKS } from '../correct-clocks.ts';
import { SPANS, workOf } from '../lives/counts.ts';
import { valuesOfFact } from '../lives/facts.ts';
import { medianStep } from '../lives/index.ts';
import { seriesOfRole } from '../lives/levels.ts';
import { limitOf, machineValues } from '../lives/limits.ts';
import { type LoadedService, loadService, rolesSent } from '../load-service.ts';

const WINDOW_MS = HOUR_MS;

/** What a service sent in its last hour, what each part is good for, and what is missing for a verdict. */
export async function healthAnswer(context: JobContext, project: string, service: ServiceName) {
  const record = await readService(context.records, project, service);
  const to = (record?.lastData ?? context.clock.now()) + 1;
  const loaded = await loadService(context, project, service, to - WINDOW_MS, to);
  const arrives = [...memoryRows(loaded), ...workRows(loaded)];
  const missing = missingFacts(loaded, context.settings.publicUrl);
  const unreadable = (context.reader.unreadable?.(project) ?? []).filter(
    (bucket) => bucket.service === service,
  );
  const clocks = [...((await context.clocks?.of(project)) ?? NO_CLOCKS).values()].flatMap((sender) =>
    clockRow(sender, service),
  );
  return {
    service,
    clocks,
    sentence: `${unreadableText(unreadable)}${sentenceOf(service, arrives.length, missing)}`,
    unreadable: unreadable.map(({ start, step, segments, why }) => ({ start, step, segments, why })),
    arrives,
    missing,
    unusedMetrics: [...loaded.state.unused]
      .map(([name, points]) => ({ name, points }))
      .sort((a, b) => b.points - a.points || (a.name < b.name ? -1 : 1)),
  };
}

function clockRow(sender: SenderClock, service: string) {
  const era = sender.eras.at(-1);
  if (sender.service !== service || era === undefined || era.offsetMs === 0) return [];
  return [{ instance: sender.instance, aheadMs: era.offsetMs, correctedSince: era.since }];
}

/** Answers that lie in such buckets hold less than was received. */
function unreadableText(buckets: readonly { readonly segments: number }[]): string {
  const segments = buckets.reduce((sum, bucket) => sum + bucket.segments, 0);
  if (segments === 0) return '';
  return `${segments} stored ${segments === 1 ? 'segment' : 'segments'} cannot be read, and answers go without: a replay restores them. `;
}

function sentenceOf(service: string, arriving: number, missing: readonly { what: string }[]): string {
  if (arriving === 0) return `Nothing that ${service} sent in its last hour can be used.`;
  const [first] = missing;
  if (first === undefined) return `${service} sends all that a verdict on its memory needs.`;
  const more = missing.length > 1 ? `, and ${missing.length - 1} more` : '';
  return `${service} is heard; missing: ${first.what}${more}.`;
}

function memoryRows(loaded: LoadedService) {
  return rolesSent(loaded).flatMap((role) => {
    const curves = instancesOf(loaded).flatMap((instance) => seriesOfRole(instance, role).slice(0, 1));
    const points = curves.reduce((sum, { times }) => sum + times.length, 0);
    if (points === 0) return [];
    return [
      {
        signal: ROLE_NAMES[role] ?? role.replaceAll('_', ' '),
        from: [...new Set(curves.map(({ metric }) => metric))].sort().join(', '),
        last: Math.max(...curves.map(({ times }) => times.at(-1) ?? 0)),
        points,
        intervalS: medianStep(curves[0]?.times ?? []) / 1000,
        goodFor: goodFor(role),
      },
    ];
  });
}

const ROLE_NAMES: Partial<Record<MemoryRole, string>> = {
  heap_used: 'heap in use',
  heap_after_gc: 'heap after collection',
  heap_total: 'heap reserved',
  rss: 'resident memory',
  container_usage: 'container memory',
};

function goodFor(role: MemoryRole): string {
  if (role === 'heap_used' || role === 'heap_after_gc') return 'verdict, onset, bytes per unit of work';
  if (role === 'rss' || role === 'container_usage')
    return 'verdict outside of the heap, distance to the limit';
  return isCountRole(role) ? 'verdict on the number of them' : 'context';
}

function workRows(loaded: LoadedService) {
  const sources = new Map<
    string,
    { times: number[]; units: Set<string>; points: number; complete: boolean }
  >();
  for (const instance of instancesOf(loaded)) {
    for (const { source, unit, complete, increments } of workOf(instance, loaded.from, loaded.to)) {
      const row = sources.get(source) ?? { times: [], units: new Set(), points: 0, complete: true };
      for (const time of increments.times) row.times.push(time);
      row.units.add(unit);
      row.points += increments.times.length;
      sources.set(source, { ...row, complete: row.complete && complete });
    }
  }
  return [...sources].map(([source, { times, units, points, complete }]) => ({
    signal: source === SPANS ? 'finished work, from spans' : 'finished work',
    from: source === SPANS ? 'SERVER and CONSUMER spans' : source,
    last: times.reduce((a, b) => Math.max(a, b), 0),
    points,
    intervalS: medianStep([...new Set(times)].sort((a, b) => a - b)) / 1000,
    goodFor: complete
      ? `which of ${units.size} units keeps memory, and how much each`
      : `ranks of ${units.size} units; sampled at an unknown rate, so no bytes per unit`,
  }));
}

const instancesOf = (loaded: LoadedService) => [...loaded.state.instances.values()];

interface Missing {
  readonly what: string;
  readonly why: string;
  readonly lines: string;
  readonly language: string;
}

/** The most useful first. */
function missingFacts(loaded: LoadedService, endpoint: string): Missing[] {
  const roles = rolesSent(loaded);
  const instances = instancesOf(loaded);
  if (instances.length === 0) return [];
  const languages = new Set(
    instances.flatMap((instance) => valuesOfFact(instance, 'language').map(({ value }) => value)),
  );
  const language = [...languages][0] ?? '';
  const missing: Missing[] = [];
  if (!roles.includes('heap_used') && !roles.includes('heap_after_gc')) {
    missing.push({
      ...(HEAP[language] ?? HEAP_ANY),
      what: 'the heap in use',
      why: 'without it, growth cannot be told from caches of the allocator',
    });
  }
  if (!instances.some((instance) => workOf(instance, loaded.from, loaded.to).length > 0)) {
    missing.push({
      ...(WORK[language] ?? WORK_ANY),
      what: 'finished work per route',
      why: 'without it, no unit of work can be named',
    });
  }
  if (!instances.some((instance) => hasLimit(instance, loaded)))
    missing.push(limitLine(loaded.service, endpoint));
  if (!roles.includes('rss') && !roles.includes('container_usage')) {
    missing.push({
      ...(RSS[language] ?? RSS_ANY),
      what: 'the resident size',
      why: 'without it, growth outside of the heap is not seen',
    });
  }
  const sources = new Set(
    instances.flatMap((instance) => valuesOfFact(instance, 'source').map(({ value }) => value)),
  );
  if (sources.has('none') || sources.has('host.name')) missing.push(INSTANCE_ID);
  return missing;
}

const hasLimit = (
  instance: Parameters<typeof limitOf>[1],
  { facts, from, to, limitSetting }: LoadedService,
) => {
  const machines = machineValues(instance, facts, from, to);
  return (['heap_used', 'rss'] as const).some(
    (role) => limitOf(role, instance, machines, limitSetting, to) !== undefined,
  );
};

type Lines = Pick<Missing, 'lines' | 'language'>;
const sh = (lines: string): Lines => ({ lines, language: 'sh' });

const HEAP_ANY = sh('');
const HEAP: Readonly<Record<string, Lines>> = {
  nodejs: sh('npm install @opentelemetry/instrumentation-runtime-node'),
  go: sh('export OTEL_GO_X_DEPRECATED_RUNTIME_METRICS=true'),
  python: {
    lines: 'SystemMetricsInstrumentor().instrument()  # resident size; Python has no heap metric',
    language: 'python',
  },
  java: sh('java -javaagent:opentelemetry-javaagent.jar -jar app.jar'),
};
const WORK_ANY = sh('');
const WORK: Readonly<Record<string, Lines>> = {
  nodejs: sh('npm install @opentelemetry/instrumentation-http @opentelemetry/instrumentation-express'),
  python: sh('export OTEL_SEMCONV_STABILITY_OPT_IN=http'),
  go: { lines: 'http.ListenAndServe(addr, otelhttp.NewHandler(mux, "server"))', language: 'go' },
};
const RSS_ANY = sh('');
const RSS: Readonly<Record<string, Lines>> = {
  nodejs: {
    lines: 'new HostMetrics({ meterProvider }).start()  // @opentelemetry/host-metrics',
    language: 'js',
  },
  python: sh('pip install opentelemetry-instrumentation-system-metrics'),
};
const limitLine = (service: ServiceName, endpoint: string): Missing => ({
  what: 'a memory limit',
  why: 'without it, nobody can say when the service will run full',
  lines: `curl -X PUT ${endpoint}/api/v1/services/${encodeURIComponent(service)}/settings --json '{"limitBytes": 536870912}'`,
  language: 'sh',
});
const INSTANCE_ID: Missing = {
  what: 'an id per process',
  why: 'processes on one host cannot be told apart, and their curves are mixed',
  lines: 'export OTEL_RESOURCE_ATTRIBUTES="service.instance.id=$(uuidgen)"',
  language: 'sh',
};
