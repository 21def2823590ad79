import { type ServiceName, serviceName } from '../../lib/model/service.ts';
import type {
  CountReading,
  InstanceReport,
  LevelReading,
  MachineFact,
  UploadFacts,
  WorkSpan,
} from '../../lib/model/telemetry.ts';
import type { UnitOfWork } from '../../lib/model/unit-of-work.ts';

// Facts of an upload with what a test does not care about left to defaults.

export const NOON = Date.UTC(2031, 4, 6, 12);
export const SHOP = serviceName({ name: 'shop' });
export const ORDERS: UnitOfWork = { kind: 'http', name: 'GET /orders/:id' };

export const level = (reading: Partial<LevelReading> = {}): LevelReading => ({
  role: 'heap_used',
  metric: 'v8js.memory.heap.used',
  part: '',
  time: NOON,
  value: 1000,
  ...reading,
});
export const count = (reading: Partial<CountReading> = {}): CountReading => ({
  unit: ORDERS,
  role: 'work',
  metric: 'http.server.request.duration',
  status: '2xx',
  stream: 'scope.1',
  temporality: 'cumulative',
  start: NOON - 60_000,
  time: NOON,
  count: 1,
  ...reading,
});
export const span = (work: Partial<WorkSpan> = {}): WorkSpan => ({
  unit: ORDERS,
  status: '2xx',
  failed: false,
  start: NOON,
  durationUs: 1500,
  weight: 1,
  traceId: 'trace',
  spanId: 'span',
  ...work,
});
export const machine = (fact: Partial<MachineFact> = {}): MachineFact => ({
  joins: { podUid: 'uid-1' },
  time: NOON,
  metric: 'k8s.container.memory_limit',
  kind: 'container_limit',
  value: 512,
  ...fact,
});

export const report = (
  parts: Partial<Pick<InstanceReport, 'levels' | 'counts' | 'work'>>,
  { key = 'pod-1', service = SHOP }: { key?: string; service?: ServiceName } = {},
): InstanceReport => ({
  service,
  instance: { key, source: 'service.instance.id', version: '1.0.0', joins: { pid: 7 } },
  levels: [],
  counts: [],
  work: [],
  ...parts,
});

export const factsOf = (
  reports: readonly InstanceReport[],
  rest: Partial<UploadFacts> = {},
): UploadFacts => ({
  reports,
  machines: [],
  unused: new Map(),
  dropped: new Map(),
  earliest: NOON,
  latest: NOON,
  points: reports.reduce((sum, { levels, counts }) => sum + levels.length + counts.length, 0),
  spans: reports.reduce((sum, { work }) => sum + work.length, 0),
  ...rest,
});
