import type { ComponentChildren } from 'preact';
import type { ApiTrace, ApiTraceSpan } from '../../../lib/http/trace-schemas.ts';
import { milliseconds, percent } from '../format.ts';
import { spanTitle } from './model.ts';
import { isOrphan, signalWord } from './waterfall-row.tsx';

const US_PER_MS = 1000;

/** One span: its times, where it was reported, and how sure its place is. */
export function ChosenSpan({ trace, span }: { trace: ApiTrace; span: ApiTraceSpan }) {
  const named = (id: string) => {
    const found = trace.spans.find(({ spanId }) => spanId === id);
    return found ? spanTitle(found) : undefined;
  };
  const moved = span.parent !== '' && span.parent !== span.reportedParent;
  const others = trace.ambiguous.find(({ spanIds }) => spanIds.includes(span.spanId));
  const patterns = trace.patterns.filter(({ spanIds }) => spanIds.includes(span.spanId));
  const self = span.durationUs > 0 ? Math.min(1, span.selfUs / span.durationUs) : 1;
  const facts: (readonly [string, ComponentChildren] | false)[] = [
    ['Total', milliseconds(span.durationUs / US_PER_MS)],
    ['Self', `${milliseconds(span.selfUs / US_PER_MS)}, ${percent(self)} of it`],
    Math.round(span.selfUs / US_PER_MS) !== Math.round(span.reportedSelfUs / US_PER_MS) && [
      'Self as reported',
      milliseconds(span.reportedSelfUs / US_PER_MS),
    ],
    ['Begins', `${milliseconds(span.startUs / US_PER_MS)} after the request`],
    moved && [
      'Reported under',
      span.reportedParent === '' ? 'no span' : (named(span.reportedParent) ?? 'a span that did not arrive'),
    ],
    moved && isOrphan(span) && span.certainty === 1
      ? ['Shown under', trace.transaction]
      : moved && [
          'Belongs under',
          `${named(span.parent) ?? trace.transaction}, certainty ${percent(span.certainty)}`,
        ],
    span.signals.length > 0 && !isOrphan(span) && ['Because it', signalWord(span)],
    others !== undefined && [
      'Ambiguous',
      `its times fit ${others.parentIds.map((id) => named(id) ?? id.slice(0, 8)).join(' or ')}`,
    ],
    span.status !== '' && ['Status', span.status],
    span.origin !== '' && ['Origin', <code key="origin">{span.origin}</code>],
    ...patterns.map(({ subject, evidence }) => ['Pattern', `${subject}: ${evidence}`] as const),
  ];
  return (
    <section class="near" aria-label="The chosen span">
      <div class="head">
        <h2 class="wrap">{spanTitle(span)}</h2>
        <span class="note">{span.op}</span>
      </div>
      <dl class="facts left">
        {facts
          .filter((fact) => fact !== false)
          .map(([name, value], i) => (
            <div key={`${i}${name}`}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
