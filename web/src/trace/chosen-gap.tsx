import type { ApiGap, ApiGaps, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import type { Loaded } from '../api.ts';
import { count, digits, milliseconds, percent } from '../format.ts';
import { CauseBar } from './cause-bar.tsx';
import { causeText } from './causes.ts';
import { unitHref } from './link.ts';
import { type ApiTraceGap, spanName } from './model.ts';

const US_PER_MS = 1000;
const wholeMs = (us: number) => digits(Math.round(us / US_PER_MS));

/** What a gap lies between, in the words by which it is added up over requests. */
function sidesOf(trace: ApiTrace, gap: ApiTraceGap) {
  const named = (id: string | null) => {
    const span = trace.spans.find(({ spanId }) => spanId === id);
    return span ? spanName(trace, span) : null;
  };
  return { within: named(gap.spanId), after: named(gap.afterSpan), before: named(gap.beforeSpan) };
}

/** The same gap over many requests. */
export function sameGap(gaps: readonly ApiGap[], trace: ApiTrace, gap: ApiTraceGap): ApiGap | undefined {
  const { within, after, before } = sidesOf(trace, gap);
  return gaps.find(
    (one) => isSame(one.within, within) && isSame(one.after, after) && isSame(one.before, before),
  );
}

/** Long names are cut at the server, in sums at another place than in traces, where qualified names are kept whole. */
const CUT_FROM = 150;
const unqualified = (name: string) => name.replaceAll(/(?:\?|"[^"]*")\./g, '');
function isSame(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b;
  const [left, right] = [unqualified(a), unqualified(b)];
  const isCut = Math.min(a.length, b.length) >= CUT_FROM;
  return left === right || (isCut && (left.startsWith(right) || right.startsWith(left)));
}

/** Causes in full: the sum over requests holds the words that were cut off in the trace. */
export const fullCauses = (gap: ApiTraceGap, same: ApiGap | undefined): ApiTraceGap['causes'] =>
  gap.causes.map((cause) => {
    const whole = same?.causes.find(
      ({ kind, frame }) =>
        kind === cause.kind && cause.frame.length >= CUT_FROM && frame.startsWith(cause.frame),
    );
    return whole ? { ...cause, frame: whole.frame } : cause;
  });

export function ChosenGap({ trace, gap, sum }: { trace: ApiTrace; gap: ApiTraceGap; sum: Loaded<ApiGaps> }) {
  const { within, after, before } = sidesOf(trace, gap);
  const explained = gap.causes.reduce((all, { us }) => all + us, 0);
  const same = sum.data && sameGap(sum.data.gaps, trace, gap);
  const end = gap.startUs + gap.durationUs;
  return (
    <section class="near" aria-label="The chosen gap">
      <div class="head">
        <h2 class="c-gap">The gap of {milliseconds(gap.durationUs / US_PER_MS)}</h2>
        <span class="note wrap">
          {wholeMs(gap.startUs)}–{wholeMs(end)} ms, inside {within ?? 'the transaction'}
          {after && `, after ${after}`}
          {before && `, before ${before}`}
        </span>
      </div>
      {gap.causes.length === 0 ? (
        <p class="lede">
          {trace.profiled
            ? 'No sample was taken in it: what ran there is not known.'
            : 'This request was not profiled: what ran there is not known.'}
        </p>
      ) : (
        <>
          <CauseBar
            causes={gap.causes.map(({ kind, us }) => ({ kind, share: us / Math.max(1, explained) }))}
          />
          <dl class="facts left causes">
            {fullCauses(gap, same).map(({ kind, frame, us }) => {
              const { name, rest, isCode } = causeText(kind, frame);
              const blocker = kind === 'foreign' ? blockerOf(same, frame) : undefined;
              return (
                <div key={`${kind} ${frame}`}>
                  <dt class="num">{milliseconds(us / US_PER_MS)}</dt>
                  <dd>
                    <b class={isCode ? 'mono strong' : 'strong'}>{name}</b>
                    {rest && <span class="mid">: {rest}</span>}
                    {blocker && (
                      <>
                        {' '}
                        <a href={unitHref(trace.service, blocker)}>See {blocker.name}</a>
                      </>
                    )}
                  </dd>
                </div>
              );
            })}
          </dl>
        </>
      )}
      <p class="note under">
        {gap.causes.length > 0 && `Samples cover ${percent(gap.coverage)} of it. `}
        {same &&
          `The same gap takes ${milliseconds(same.p50Ms)} at the median, in ${percent(Math.min(1, same.frequency))} of ${count(
            Math.round(sum.data?.requests ?? 0),
          )} requests.`}
      </p>
    </section>
  );
}

const blockerOf = (same: ApiGap | undefined, frame: string) =>
  same?.causes.find(({ blockedBy }) => blockedBy && frame.startsWith(`blocked by ${blockedBy.name}`))
    ?.blockedBy ?? undefined;
