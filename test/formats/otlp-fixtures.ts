import { readdirSync, readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { decompress } from '../../lib/formats/decompress.ts';
import type { Encoding } from '../../lib/formats/otlp/index.ts';
import { decodeMetrics, decodeTraces, metricsFacts, tracesFacts } from '../../lib/formats/otlp/index.ts';
import type { CountReading, LevelReading, UploadFacts } from '../../lib/model/telemetry.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';
import { OTLP_PROTO } from './otlp-proto.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);

const { root } = protobuf.parse(OTLP_PROTO);
export const metricsRequest = root.lookupType('otlp.ExportMetricsServiceRequest');
export const tracesRequest = root.lookupType('otlp.ExportTraceServiceRequest');
export const logsRequest = root.lookupType('otlp.ExportLogsServiceRequest');
export const metricsResponse = root.lookupType('otlp.ExportMetricsServiceResponse');
export const statusMessage = root.lookupType('otlp.Status');

export const encode = (type: protobuf.Type, request: object): Uint8Array =>
  type.encode(type.fromObject(request)).finish();
export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** What protobufjs reads from a body, as OTLP/JSON: ids in hex, 64-bit integers as text, NaN as a word. */
export function asJson(type: protobuf.Type, body: Uint8Array): Uint8Array {
  const object = type.toObject(type.decode(body), { longs: String, bytes: String, json: true });
  return jsonBytes(withHexIds(object));
}

function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const isId = /^(traceId|spanId|parentSpanId)$/.test(key) && typeof inner === 'string';
    copy[key] = isId ? Buffer.from(inner, 'base64').toString('hex') : withHexIds(inner);
  }
  return copy;
}

export interface ManifestEntry {
  readonly file: string;
  readonly kind: 'metrics' | 'traces';
  readonly tier: 'must' | 'reject';
  readonly pair?: string;
  readonly facts: {
    readonly services: readonly string[];
    readonly resources: number;
    readonly firstTime: number;
    readonly lastTime: number;
    readonly metrics: number;
    readonly dataPoints: number;
    readonly dataPointsByKind: Readonly<Record<string, number>>;
    readonly byName: Readonly<Record<string, ManifestMetric>>;
    readonly spans: number;
    readonly traces: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly errors: number;
    readonly routes: Readonly<Record<string, number>>;
    readonly totalDurationNs: number;
    readonly firstStart: number;
  };
}
interface ManifestMetric {
  readonly kind: string;
  readonly unit: string;
  readonly points: number;
  readonly sum: number;
  readonly temporality: number;
  readonly monotonic: boolean;
}

export const sample = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`otlp/${file}`, FIXTURES)));
export const encodingOfFile = (file: string): Encoding => (file.endsWith('.json') ? 'json' : 'protobuf');
export const manifest = (): readonly ManifestEntry[] =>
  (JSON.parse(new TextDecoder().decode(sample('manifest.json'))) as { files: ManifestEntry[] }).files;

export interface CaptureRequest {
  readonly signal: 'metrics' | 'traces';
  readonly path: string;
  readonly encoding: Encoding;
  readonly body: Uint8Array;
}
export interface Capture {
  readonly requests: readonly CaptureRequest[];
  readonly truth: {
    readonly requests?: Readonly<Record<string, number>>;
    readonly lives?: readonly {
      readonly pid: number;
      readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
    }[];
  };
}

interface CaptureFile {
  readonly requests: readonly {
    readonly file: string;
    readonly path: string;
    readonly contentType: string;
    readonly contentEncoding?: string;
  }[];
  readonly truth: Capture['truth'];
}

/** Requests of a recorded run, unpacked, in the order in which they came. */
export function capture(run: string): Capture {
  const folder = new URL(`captures/${run}/`, FIXTURES);
  const { requests, truth } = JSON.parse(
    readFileSync(new URL('capture.json', folder), 'utf8'),
  ) as CaptureFile;
  return {
    truth,
    requests: requests.map(({ file, path, contentType, contentEncoding }) => ({
      signal: path.endsWith('metrics') ? 'metrics' : 'traces',
      path,
      encoding: contentType === 'application/json' ? 'json' : 'protobuf',
      body: decompress(new Uint8Array(readFileSync(new URL(file, folder))), contentEncoding ?? '', {
        maxBytes: 1 << 26,
        maxRatio: 200,
      }),
    })),
  };
}

export const captureNames = (): readonly string[] =>
  readdirSync(new URL('captures/', FIXTURES), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

export const factsOf = ({ signal, encoding, body }: CaptureRequest): UploadFacts =>
  signal === 'metrics'
    ? metricsFacts(decodeMetrics(body, encoding))
    : tracesFacts(decodeTraces(body, encoding));

export const levelsOf = (facts: UploadFacts): readonly LevelReading[] =>
  facts.reports.flatMap(({ levels }) => levels);
export const countsOf = (facts: UploadFacts): readonly CountReading[] =>
  facts.reports.flatMap(({ counts }) => counts);

/** Work by `pid unit status` at the end: last value of cumulative series, sum of delta ones. */
export function finalCounts(
  requests: readonly CaptureRequest[],
  metric: string,
): Readonly<Record<string, number>> {
  const series = new Map<string, { readonly key: string; value: number }>();
  for (const request of requests) {
    for (const { instance, counts } of factsOf(request).reports) {
      for (const { unit, status, stream, temporality, count, ...reading } of counts) {
        if (unit === undefined || reading.metric !== metric) continue;
        const key = [instance.joins.pid ?? instance.key, unitKey(unit), status].join(' ');
        const known = series.get(`${key} ${stream}`)?.value ?? 0;
        series.set(`${key} ${stream}`, { key, value: temporality === 'delta' ? known + count : count });
      }
    }
  }
  const totals: Record<string, number> = {};
  for (const { key, value } of series.values()) totals[key] = (totals[key] ?? 0) + value;
  return totals;
}

export function finalSpans(requests: readonly CaptureRequest[]): Readonly<Record<string, number>> {
  const totals: Record<string, number> = {};
  for (const request of requests) {
    for (const { instance, work } of factsOf(request).reports) {
      for (const { unit, status } of work) {
        const key = [instance.joins.pid ?? instance.key, unitKey(unit), status].join(' ');
        totals[key] = (totals[key] ?? 0) + 1;
      }
    }
  }
  return totals;
}

/** The service's own counts in the same form, status classes added up. */
export function trueCounts({ truth }: Capture): Readonly<Record<string, number>> {
  const totals: Record<string, number> = {};
  for (const { pid, requests } of truth.lives ?? []) {
    for (const [route, byStatus] of Object.entries(requests)) {
      for (const [status, count] of Object.entries(byStatus)) {
        const key = `${pid} http ${route} ${status[0]}xx`;
        totals[key] = (totals[key] ?? 0) + count;
      }
    }
  }
  return totals;
}
