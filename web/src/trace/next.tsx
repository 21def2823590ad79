import type { ApiGaps, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import type { Loaded } from '../api.ts';
import { Copy } from '../components/paste.tsx';
import { milliseconds } from '../format.ts';
import { href, servicePath } from '../router.ts';
import { isoTime } from '../time.ts';
import { AsideButton } from './aside-button.tsx';
import { causeText, ownCaller } from './causes.ts';
import { around, unitHref } from './link.ts';
import type { ApiTraceGap } from './model.ts';
import { sameGap } from './same-gap.ts';
import { unitPath } from './types.ts';

/** The flame graph of this unit in the hour before and after: profiles are kept by unit and time, not by request. */
export function flameHref({ service, unit, start }: ApiTrace, find: string | null): string {
  const { from, to } = around(start);
  return href(servicePath(service, 'flame'), {
    unit: `${unit.kind} ${unit.name}`,
    from: isoTime(from),
    to: isoTime(to),
    q: find,
  });
}

/** A span around what ran, in the words of the SDK that sent the trace. */
export function spanToPaste({ platform, source }: ApiTrace, name: string): string {
  const python = platform.startsWith('python');
  if (source === 'otlp')
    return python
      ? `with tracer.start_as_current_span("${name}"):\n    ...`
      : `await tracer.startActiveSpan("${name}", async (span) => {\n  try {\n    // …\n  } finally {\n    span.end();\n  }\n});`;
  return python
    ? `with sentry_sdk.start_span(op="function", name="${name}"):\n    ...`
    : `await Sentry.startSpan({ op: "function", name: "${name}" }, async () => {\n  // …\n});`;
}

/** What to do about the chosen gap, and about the nesting of the whole trace. */
export function NextForTrace({
  trace,
  gap,
  sum,
}: {
  trace: ApiTrace;
  gap: ApiTraceGap | undefined;
  sum: Loaded<ApiGaps>;
}) {
  return (
    <section>
      <div class="head">
        <h2>What to do next</h2>
      </div>
      <ol class="steps">
        {gap && <ForGap trace={trace} gap={gap} sum={sum} />}
        {trace.fix !== '' && (
          <li>
            <span>
              <b>Fix the nesting</b> for all traces of this service.
            </span>
            <span class="act">
              <a class="btn" href="#fix">
                Lines to paste
              </a>
            </span>
          </li>
        )}
        <li>
          <span>
            <b>See all requests</b> of <code class="wrap">{trace.unit.name}</code>: spans, gaps, functions.
          </span>
          <span class="act">
            <a class="btn" href={unitHref(trace.service, trace.unit)}>
              Open the unit
            </a>
            {!gap && trace.profiled && (
              <a class="btn" href={flameHref(trace, null)}>
                Flame graph
              </a>
            )}
          </span>
        </li>
      </ol>
    </section>
  );
}

function ForGap({ trace, gap, sum }: { trace: ApiTrace; gap: ApiTraceGap; sum: Loaded<ApiGaps> }) {
  const same = sum.data && sameGap(sum.data.gaps, trace, gap);
  const [main] = gap.causes;
  const text = main && causeText(main.kind, main.frame);
  const own = main ? ownCaller(main.kind, main.frame) : '';
  return (
    <>
      {text?.isCode && (
        <li>
          <span>
            <b>Make it less:</b> {own ? <code>{own}</code> : 'your code'}
            {own !== text.name && (
              <>
                {' '}
                calls <code class="wrap">{text.name}</code>
              </>
            )}
            .{same && ` Up to ${milliseconds(same.p50Ms)} of the median goes away.`}
          </span>
          <span class="act">
            <a class="btn primary" href={flameHref(trace, text.name)}>
              In all requests
            </a>
          </span>
        </li>
      )}
      {text?.isCode && (
        <li>
          <span>
            <b>Or name it:</b> add a span, so that it shows up by itself.
          </span>
          <span class="act">
            <Copy text={spanToPaste(trace, own || text.name)}>Copy span</Copy>
          </span>
        </li>
      )}
      {!trace.profiled && (
        <li>
          <span>
            <b>Profile it:</b> with profiles the gap tells what ran.{' '}
            <a href={href(servicePath(trace.service, 'health'))}>Lines that send them</a>
          </span>
        </li>
      )}
      {same && (
        <li>
          <span>
            {same.dismissed
              ? 'This gap was set aside: it is counted, but no longer shown among the gaps of the unit.'
              : 'Is nothing missing here, in any request?'}
          </span>
          <span class="act">
            <AsideButton
              path={`${unitPath(trace.service, trace.unit)}/gaps/dismiss`}
              body={{ after: same.after, before: same.before }}
              flag="dismissed"
              aside={same.dismissed !== null}
              words={{
                set: 'Nothing is missing',
                back: 'Show it again',
                about: `between ${same.after ?? 'the start'} and ${same.before ?? 'the end'}`,
              }}
              changed={sum.reload}
            />
          </span>
        </li>
      )}
    </>
  );
}
