import type { ApiGap, ApiGaps, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import type { Loaded } from '../api.ts';
import { count, digits, milliseconds, percent } from '../format.ts';
import { CauseBar } from './cause-bar.tsx';
import { causeText } from './causes.ts';
import { unitHref } from './link.ts';
import type { ApiTraceGap } from './model.ts';
import { sameGap, sidesOf } from './same-gap.ts';

const US_PER_MS = 1000;
const wholeMs = (us: number) => digits(Math.round(us / US_PER_MS));

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
            {gap.causes.map(({ kind, frame, us }) => {
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
