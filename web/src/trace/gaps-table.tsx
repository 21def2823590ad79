import { useState } from 'preact/hooks';
import type { ApiGap, ApiGaps } from '../../../lib/http/trace-schemas.ts';
import { ShowAll } from '../components/show-all.tsx';
import { count, milliseconds, percent } from '../format.ts';
import { plural } from '../words.ts';
import { AsideButton } from './aside-button.tsx';
import { CauseBar } from './cause-bar.tsx';
import { causeText } from './causes.ts';
import { ExampleLinks } from './example-links.tsx';
import { unitHref } from './link.ts';
import { gapName } from './model.ts';
import { unitPath } from './types.ts';

const FIRST = 8;
const US_PER_MS = 1000;
const HEADS = ['Median', 'p95', 'Of requests', 'Of the time'] as const;

/** Time inside spans that no child covers, by what lies around it; what was set aside is one click away. */
export function GapsTable({ data, service, reload }: { data: ApiGaps; service: string; reload: () => void }) {
  const [all, setAll] = useState(false);
  const [withAside, setWithAside] = useState(false);
  const aside = data.gaps.filter(({ dismissed }) => dismissed).length;
  const open = data.gaps.filter(({ dismissed }) => withAside || !dismissed);
  const shown = all ? open : open.slice(0, FIRST);
  return (
    <section>
      <div class="head">
        <h2>Gaps</h2>
        <span class="note">
          time inside a span that no child covers
          {data.gaps.length > 0 &&
            `; causes from ${count(data.profiled)} profiled ${plural(data.profiled, 'request')}`}
        </span>
      </div>
      {data.gaps.length === 0 ? (
        <p class="note">
          {data.seen > 0
            ? 'None: spans account for the time of these requests.'
            : 'No spans of these requests arrived in this range.'}
        </p>
      ) : (
        <div class="scroll">
          <table class="stack gaps">
            <thead>
              <tr>
                <th scope="col" class="w25">
                  Between
                </th>
                {HEADS.map((word) => (
                  <th key={word} scope="col" class={word === 'Of requests' ? 'num only-xl' : 'num'}>
                    {word}
                  </th>
                ))}
                <th scope="col" class="w34">
                  What ran
                </th>
                <th scope="col">Examples</th>
                <th scope="col">
                  <span class="sr">Set aside</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((gap) => (
                <GapLine
                  key={JSON.stringify([gap.within, gap.after, gap.before])}
                  gap={gap}
                  data={data}
                  service={service}
                  reload={reload}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="note under">
        <ShowAll first={FIRST} count={open.length} {...{ all, setAll }} />{' '}
        {aside > 0 && (
          <button
            type="button"
            class="link"
            aria-pressed={withAside}
            onClick={() => setWithAside(!withAside)}
          >
            {withAside ? 'Hide' : 'Show'} {aside} set aside
          </button>
        )}
      </p>
    </section>
  );
}

function GapLine({
  gap,
  data,
  service,
  reload,
}: {
  gap: ApiGap;
  data: ApiGaps;
  service: string;
  reload: () => void;
}) {
  const between = `between ${gap.after ?? 'the start'} and ${gap.before ?? 'the end'}`;
  return (
    <tr data-row>
      <td>
        <span class="between-spans">
          <span class="dim">after</span>{' '}
          <span class="mono" title={gap.after ?? undefined}>
            {gap.after ?? 'start'}
          </span>
        </span>
        <span class="between-spans">
          <span class="dim">before</span>{' '}
          <span class="mono" title={gap.before ?? undefined}>
            {gap.before ?? 'end'}
          </span>
        </span>
        <span class="between-spans small dim">in {gap.within}</span>
      </td>
      <td class="num key c-gap strong">{milliseconds(gap.p50Ms)}</td>
      <td class="num" data-l="p95">
        {milliseconds(gap.p95Ms)}
      </td>
      <td class="num only-xl">{percent(Math.min(1, gap.frequency))}</td>
      <td class="num" data-l="of the time">
        {percent(gap.share)}
      </td>
      <td class="full">
        <Causes gap={gap} service={service} />
      </td>
      <td class="small" data-l="examples">
        <ExampleLinks
          service={service}
          examples={gap.examples}
          about={`the gap ${between}`}
          open={({ spanId, ms }) => ({ gap: gapName(spanId, ms * US_PER_MS) })}
        />
      </td>
      <td class="num">
        <AsideButton
          path={`${unitPath(service, data.unit)}/gaps/dismiss`}
          body={{ after: gap.after, before: gap.before }}
          flag="dismissed"
          aside={gap.dismissed !== null}
          words={{ set: 'Nothing is missing', back: 'Show again', about: between }}
          changed={reload}
        />
      </td>
    </tr>
  );
}

/** The largest cause in full, the next two in short, and how much of the gap they speak for. */
function Causes({ gap, service }: { gap: ApiGap; service: string }) {
  const [main, ...others] = gap.causes;
  if (!main) return <span class="small dim">not profiled</span>;
  const { name, rest, isCode } = causeText(main.kind, main.frame);
  const blockers = [
    ...new Map(gap.causes.flatMap(({ blockedBy: b }) => (b ? [[b.name, b] as const] : []))).values(),
  ];
  const short = others
    .slice(0, 2)
    .map((one) => `${percent(one.share)} ${causeText(one.kind, one.frame).name}`)
    .join(' · ');
  return (
    <>
      <CauseBar causes={gap.causes} />
      <span class="small span-name">
        <b class={isCode ? 'strong mono' : 'strong'}>{name}</b>{' '}
        <span class="mid">
          {percent(main.share)}
          {rest && `, ${rest}`}
        </span>
      </span>
      <span class="small dim between-spans">
        {short && `${short} · `}
        {percent(gap.coverage)} sampled
        {blockers.map((unit) => (
          <>
            {' · '}
            <a key={unit.name} href={unitHref(service, unit)}>
              {unit.name} held the loop
            </a>
          </>
        ))}
      </span>
    </>
  );
}
