import type { ApiTrace, ApiTraceFlamegraph, ApiTraceSpan } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { Part } from '../components/states.tsx';
import { FlameView, useFlameModel } from '../flame/flame-view.tsx';
import { count, milliseconds, percent } from '../format.ts';
import { useKeys } from '../keys.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { plural } from '../words.ts';
import { around } from './link.ts';
import { type ApiTraceGap, spanTitle } from './model.ts';

const FOCUS = { gap: 'Gap', span: 'Span', tree: 'Span and children', all: 'Whole request' } as const;
type Focus = keyof typeof FOCUS;

const US_PER_MS = 1000;

/** What the thread that ran the request did, in the chosen gap or span; `f` goes from one part to the next. */
export function TraceFlame({
  trace,
  gap,
  span,
}: {
  trace: ApiTrace;
  gap: ApiTraceGap | undefined;
  /** The chosen one, or that whose time the gap is. */
  span: ApiTraceSpan;
}) {
  const { query } = usePlace();
  const isParent = trace.spans.some(({ parent }) => parent === span.spanId);
  const parts: readonly Focus[] = [
    ...(gap ? (['gap'] as const) : []),
    ...(gap || !isParent ? (['span'] as const) : (['tree', 'span'] as const)),
    ...(gap && isParent ? (['tree'] as const) : []),
    'all',
  ];
  const focus = parts.find((one) => one === query.get('focus')) ?? parts[0] ?? 'all';
  const show = (one: Focus) => go(hrefWith({ focus: one === parts[0] ? null : one, frame: null }), 'replace');
  useKeys({ f: () => show(parts[(parts.indexOf(focus) + 1) % parts.length] ?? 'all') });
  const asked = new URLSearchParams({ service: trace.service, span: span.spanId, focus });
  for (const [key, value] of Object.entries(around(trace.start))) asked.set(key, String(value));
  if (focus === 'gap' && gap) asked.set('startUs', String(gap.startUs));
  const graph = useApi<ApiTraceFlamegraph>(
    `/traces/${encodeURIComponent(trace.traceId)}/flamegraph`,
    `?${asked}`,
  );
  return (
    <section id="trace-flame" class="near" aria-label="Flame graph">
      <div class="head">
        <h2 class="wrap">{titleOf(focus, span)}</h2>
        <fieldset class="seg wrap-s" aria-label="Part of the request">
          {parts.map((one) => (
            <button key={one} type="button" aria-pressed={one === focus} onClick={() => show(one)}>
              {FOCUS[one]}
            </button>
          ))}
        </fieldset>
        <kbd class="only-l">f</kbd>
      </div>
      <Part of={graph} what="the flame graph">
        {(data) => <Graph data={data} title={titleOf(focus, span)} />}
      </Part>
    </section>
  );
}

function titleOf(focus: Focus, span: ApiTraceSpan): string {
  if (focus === 'gap') return 'What ran in the gap';
  if (focus === 'all') return 'What ran in the whole request';
  const name = spanTitle(span);
  return `What ran in ${name.length > 80 ? `${name.slice(0, 80)}…` : name}${focus === 'tree' ? ' and its children' : ''}`;
}

function Graph({ data, title }: { data: ApiTraceFlamegraph; title: string }) {
  const { samples, coverage, intervals } = data;
  const model = useFlameModel(data);
  const us = intervals.reduce((sum, { durationUs }) => sum + durationUs, 0);
  if (samples === 0)
    return (
      <p class="lede">
        {us === 0
          ? 'No time is its own: its children cover all of it.'
          : 'No sample was taken in it: it is shorter than the distance between samples, or the profiler was off.'}
      </p>
    );
  return (
    <>
      <FlameView model={model} unit="microseconds" label={`${title}, roots on top.`} />
      <p class="note under">
        {count(samples)} {plural(samples, 'sample covers', 'samples cover')} {percent(coverage)} of{' '}
        {milliseconds(us / US_PER_MS)}
        {intervals.length > 1 && `, in ${count(intervals.length)} stretches`}. On an event loop the thread
        also shows what other requests ran meanwhile.
      </p>
    </>
  );
}
