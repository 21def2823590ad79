import type { ApiTrace, ApiTraceFlamegraph } from '../../lib/http/trace-schemas.ts';
import { flamegraphOf } from './fixture-flame.ts';

const NS_PER_US = 1000;
/** What ran in some part of a trace: another picture for each part. */
export function traceFlamegraphOf(trace: ApiTrace, query: URLSearchParams): ApiTraceFlamegraph | undefined {
  const spanId = query.get('span') ?? trace.spans[0]?.spanId ?? '';
  const focus = (query.get('focus') ?? 'tree') as ApiTraceFlamegraph['focus'];
  const span = trace.spans.find((one) => one.spanId === spanId);
  const gap = trace.gaps.find((one) => one.startUs === Number(query.get('startUs')));
  const part = focus === 'all' ? trace.spans[0] : focus === 'gap' ? gap : span;
  if (part === undefined || trace.samples === 0) return undefined;
  const { startUs, durationUs } = part;
  const { flamebearer, frames, parents, version, timeline, groups, heatmap } = flamegraphOf(
    40,
    startUs + durationUs,
  );
  const inUs = (value: number | string) => Math.round(Number(value) / NS_PER_US);
  return {
    ...{ version, timeline, groups, heatmap, frames, parents, spanId, focus },
    traceId: trace.traceId,
    flamebearer: {
      names: flamebearer.names,
      levels: flamebearer.levels.map((row) => row.map((value, i) => (i % 4 === 3 ? value : inUs(value)))),
      numTicks: inUs(flamebearer.numTicks),
      maxSelf: inUs(flamebearer.maxSelf),
    },
    metadata: { format: 'single', spyName: '', sampleRate: 1e6, units: 'samples', name: 'wall' },
    intervals: [{ startUs, durationUs }],
    unit: 'microseconds',
    total: inUs(flamebearer.numTicks),
    samples: Math.round(durationUs / 10_000),
    coverage: 0.92,
  };
}
