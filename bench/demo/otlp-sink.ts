import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

// A collector of just what the leak analysis reads, for recording the demo without our own server. The field numbers are
// those of opentelemetry-proto v1 (metrics.proto, common.proto).
const METRICS_PROTO = `
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message Gauge { repeated NumberPoint data_points = 1; }
message Sum { repeated NumberPoint data_points = 1; }
message Histogram { repeated HistogramPoint data_points = 1; }
message NumberPoint { fixed64 time_unix_nano = 3; double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message HistogramPoint { fixed64 time_unix_nano = 3; fixed64 count = 4; repeated KeyValue attributes = 9; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { string string_value = 1; int64 int_value = 3; }
`;

export interface SinkPoint {
  readonly metric: string;
  readonly timeMs: number;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

interface WirePoint {
  timeUnixNano: number;
  asDouble?: number;
  asInt?: number;
  count?: number;
  attributes?: { key: string; value?: { stringValue?: string; intValue?: number } }[];
}
interface WireMetric {
  name: string;
  gauge?: { dataPoints?: WirePoint[] };
  sum?: { dataPoints?: WirePoint[] };
  histogram?: { dataPoints?: WirePoint[] };
}
interface WireRequest {
  resourceMetrics?: { scopeMetrics?: { metrics?: WireMetric[] }[] }[];
}

const requestType = protobuf.parse(METRICS_PROTO).root.lookupType('Request');

function pointsOf(body: Uint8Array): SinkPoint[] {
  const wire = requestType.toObject(requestType.decode(body), { longs: Number }) as WireRequest;
  const metrics = (wire.resourceMetrics ?? []).flatMap((r) =>
    (r.scopeMetrics ?? []).flatMap((s) => s.metrics ?? []),
  );
  return metrics.flatMap((metric) => {
    const points = (metric.gauge ?? metric.sum ?? metric.histogram)?.dataPoints ?? [];
    return points.map((point) => ({
      metric: metric.name,
      timeMs: point.timeUnixNano / 1e6,
      value: point.count ?? point.asDouble ?? point.asInt ?? 0,
      attributes: Object.fromEntries(
        (point.attributes ?? []).map(({ key, value }) => [
          key,
          value?.stringValue ?? String(value?.intValue),
        ]),
      ),
    }));
  });
}

/** Accepts OTLP/HTTP protobuf on a free port; hands over the points of every metrics request, counts the rest. */
export async function startSink(onPoints: (points: SinkPoint[]) => void) {
  const server = createServer((req, res) => {
    const chunks: Uint8Array[] = [];
    req.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      if (req.url === '/v1/metrics')
        onPoints(pointsOf(req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
      res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sink has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
