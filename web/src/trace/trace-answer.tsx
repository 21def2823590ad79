import type { ApiTrace } from '../../../lib/http/trace-schemas.ts';
import { digits, milliseconds, percent } from '../format.ts';
import { plural } from '../words.ts';
import { causeText, ownCaller } from './causes.ts';
import { gapUs, largestGap, type Nesting, spanTitle } from './model.ts';

const US_PER_MS = 1000;
const whole = (us: number) => digits(Math.round(us / US_PER_MS));

/** A sentence names a span by its first words; the row below has all of them. */
const MAX_NAME = 60;
const cut = (text: string) => (text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text);

/** What the page says first. */
export function TraceAnswer({ trace, nesting, moved }: { trace: ApiTrace; nesting: Nesting; moved: number }) {
  if (nesting === 'reported' && moved > 0) {
    return (
      <h1 class="say">
        As reported, <b>{moved}</b> {plural(moved, 'span hangs', 'spans hang')} under the wrong parent, so
        self times are wrong.
      </h1>
    );
  }
  const gap = largestGap(trace.gaps);
  return <h1 class="say">{gap ? <Gaps trace={trace} gap={gap} /> : <Busiest trace={trace} />}</h1>;
}

function Gaps({ trace, gap }: { trace: ApiTrace; gap: ApiTrace['gaps'][number] }) {
  const [main] = gap.causes;
  const which =
    trace.gaps.length === 1 ? 'The gap' : trace.gaps.length === 2 ? 'The larger gap' : 'The largest';
  const text = main && causeText(main.kind, main.frame);
  const caller = main ? ownCaller(main.kind, main.frame) : '';
  return (
    <>
      <b class="nb">
        {whole(gapUs(trace.gaps))} of {whole(trace.durationUs)} ms
      </b>{' '}
      {trace.gaps.length === 1 ? 'has' : 'have'} no span.{' '}
      {main && text ? (
        <>
          {which}{' '}
          {text.isCode ? (
            <>
              ran <code>{text.name}</code>
            </>
          ) : (
            `was ${text.name}`
          )}{' '}
          for <span class="nb">{milliseconds(main.us / US_PER_MS)}</span>
          {main.kind === 'library' && caller && (
            <>
              , called by <code>{caller}</code>
            </>
          )}
          .
        </>
      ) : (
        'No profile says what ran there.'
      )}
    </>
  );
}

function Busiest({ trace }: { trace: ApiTrace }) {
  const busiest = [...trace.spans].sort((a, b) => b.selfUs - a.selfUs)[0];
  return (
    <>
      <code>{trace.transaction}</code> took <b class="nb">{milliseconds(trace.durationUs / US_PER_MS)}</b>
      {busiest && trace.spans.length > 1 && trace.durationUs > 0 && (
        <>
          , <b class="nb">{percent(Math.min(1, busiest.selfUs / trace.durationUs))}</b> of it in{' '}
          <code>{cut(spanTitle(busiest))}</code>
        </>
      )}
      . No time is missing.
    </>
  );
}
