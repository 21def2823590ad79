import '../flame/flame.css';
import '../trace/trace.css';
import type { ApiGaps, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Copy, Fix } from '../components/paste.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Failed, Skeleton } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { useKeys } from '../keys.ts';
import { go, href, hrefWith, servicePath, usePlace } from '../router.ts';
import { dayTime, resolveTime, zoneName } from '../time.ts';
import { ChosenGap } from '../trace/chosen-gap.tsx';
import { ChosenSpan } from '../trace/chosen-span.tsx';
import { around, unitHref } from '../trace/link.ts';
import { findGap, gapId, largestGap, type Nesting, type Row } from '../trace/model.ts';
import { NextForTrace } from '../trace/next.tsx';
import { TraceAnswer } from '../trace/trace-answer.tsx';
import { TraceFlame } from '../trace/trace-flame.tsx';
import { type TraceList, unitPath } from '../trace/types.ts';
import { Waterfall } from '../trace/waterfall.tsx';
import { useView } from '../view.ts';
import { CAUSE_WORDS, plural } from '../words.ts';

const DAY_MS = 86_400_000;

/** What happened in this request. */
export function TracePage({ id }: { id: string }) {
  const { query } = usePlace();
  const { now } = useView();
  const service = query.get('service') ?? undefined;
  const at = resolveTime(query.get('at'), now);
  const asked = new URLSearchParams(service === undefined ? [] : [['service', service]]);
  if (at !== undefined) for (const [key, value] of Object.entries(around(at))) asked.set(key, String(value));
  const list = useApi<TraceList>(`/traces/${encodeURIComponent(id)}`, asked.size > 0 ? `?${asked}` : '');
  const items = list.data?.items ?? [];
  const spanId = query.get('span') ?? query.get('gap')?.split(':')[0];
  const trace = items.find(({ spans }) => spans.some((span) => span.spanId === spanId)) ?? items[0];
  const shown = trace?.service ?? service;
  return (
    <>
      {shown !== undefined && <ServiceBar service={shown} tab="transactions" ranged={false} />}
      <Page title={`Trace ${id.slice(0, 12)}`} service={shown}>
        {trace ? (
          <Known key={trace.spans[0]?.spanId} trace={trace} all={items} />
        ) : list.problem ? (
          <>
            <h1 class="say">
              {list.problem.status === 404
                ? 'This trace is not retained.'
                : 'This trace cannot be shown now.'}
            </h1>
            <p class="lede after-say">
              Only examples are kept: slow, badly nested and typical requests of every unit.{' '}
              {shown !== undefined && (
                <a href={href(servicePath(shown, 'transactions'))}>Transactions and their examples</a>
              )}
            </p>
            <Failed what={`trace ${id.slice(0, 32)}`} problem={list.problem} retry={list.reload} />
          </>
        ) : (
          <Skeleton />
        )}
      </Page>
    </>
  );
}

function Known({ trace, all }: { trace: ApiTrace; all: readonly ApiTrace[] }) {
  const { query } = usePlace();
  const nesting: Nesting = query.get('nesting') === 'reported' ? 'reported' : 'repaired';
  const show = (to: Nesting) => go(hrefWith({ nesting: to === 'reported' ? to : null }), 'replace');
  useKeys({ n: () => show(nesting === 'repaired' ? 'reported' : 'repaired') });
  const known = new Set(trace.spans.map(({ spanId }) => spanId));
  const moved = trace.spans.filter(
    ({ parent, reportedParent }) => parent !== reportedParent && known.has(reportedParent),
  ).length;
  const span = trace.spans.find(({ spanId }) => spanId === query.get('span'));
  const gap = span ? undefined : (findGap(trace.gaps, query.get('gap')) ?? largestGap(trace.gaps));
  const picked = span ?? (gap ? undefined : trace.spans[0]);
  // Gaps of all requests of the unit say who blocked whom, and how much each gap takes at the median.
  const sum = useApi<ApiGaps>(
    trace.gaps.length > 0 ? `${unitPath(trace.service, trace.unit)}/gaps` : undefined,
    `?from=${Math.floor(trace.start - DAY_MS)}&to=${around(trace.start).to}`,
  );
  const flameSpan = picked ?? trace.spans.find(({ spanId }) => spanId === gap?.spanId);
  const choose = (row: Row) => {
    const chosen = row.kind === 'gap' ? { gap: row.id, span: null } : { span: row.id, gap: null };
    go(hrefWith({ ...chosen, focus: null, frame: null, q: null }), 'replace');
  };
  return (
    <>
      <section>
        <Eyebrow trace={trace} />
        <TraceAnswer trace={trace} nesting={nesting} moved={moved} />
        <Others trace={trace} all={all} />
      </section>
      <section class="near" aria-label="Waterfall">
        <div class="row wide wf-tools">
          <fieldset class="seg" aria-label="Nesting">
            {(['repaired', 'reported'] as const).map((one) => (
              <button key={one} type="button" aria-pressed={one === nesting} onClick={() => show(one)}>
                {one === 'repaired' ? 'Repaired' : 'As reported'}
              </button>
            ))}
          </fieldset>
          <kbd class="only-l">n</kbd>
          <span class="note">
            <NestingNote trace={trace} nesting={nesting} moved={moved} />
          </span>
          <div class="keys only-l">
            <span>
              <i class="key-self" />
              self time
            </span>
            <span>
              <i class="key-total" />
              in children
            </span>
            <span>
              <i class="gapfill" />
              gap: no span
            </span>
          </div>
        </div>
        <Waterfall
          trace={trace}
          nesting={nesting}
          chosen={gap ? gapId(gap) : picked?.spanId}
          choose={choose}
        />
        {trace.leftOut > 0 && (
          <p class="note under">
            {trace.leftOut.toLocaleString('en')} more {plural(trace.leftOut, 'span was', 'spans were')} sent
            and {plural(trace.leftOut, 'is', 'are')} not kept.
          </p>
        )}
      </section>
      {trace.samples > 0 && flameSpan && <TraceFlame trace={trace} gap={gap} span={flameSpan} />}
      <div class="two below">
        <div>
          {gap && <ChosenGap trace={trace} gap={gap} sum={sum} />}
          {picked && <ChosenSpan trace={trace} span={picked} />}
          <Patterns trace={trace} />
          {trace.fix !== '' && (
            <section id="fix" class="near">
              <div class="head">
                <h2>Fix the nesting</h2>
                <span class="note">{trace.cause ? (CAUSE_WORDS[trace.cause] ?? trace.cause) : ''}</span>
              </div>
              <Fix text={trace.fix} label="the fix of the nesting" />
            </section>
          )}
        </div>
        <aside class="side" aria-label="What now">
          <NextForTrace trace={trace} gap={gap} sum={sum} />
        </aside>
      </div>
    </>
  );
}

function Eyebrow({ trace }: { trace: ApiTrace }) {
  const { zone } = useView();
  return (
    <div class="eyebrow">
      <a class="quiet mono wrap" href={unitHref(trace.service, trace.unit)}>
        {trace.unit.name}
      </a>
      <Copy text={trace.traceId} label={`Copy trace id ${trace.traceId}`} className="link mono">
        {trace.traceId.slice(0, 12)}
      </Copy>
      <span>
        {dayTime(trace.start, zone)}:{new Date(trace.start).toISOString().slice(17, 23)} {zoneName(zone)}
      </span>
      {trace.version !== '' && <Tag kind="deploy">{trace.version}</Tag>}
      {trace.failed && <Tag kind="death">failed{trace.status && `: ${trace.status}`}</Tag>}
      {trace.host !== '' && <span>{trace.host}</span>}
      {trace.verdict === 'misnested' && <Tag kind="gap">wrong nesting</Tag>}
    </div>
  );
}

function NestingNote({ trace, nesting, moved }: { trace: ApiTrace; nesting: Nesting; moved: number }) {
  if (moved === 0)
    return (
      <>
        {trace.detached
          ? 'Some work ends after its parent; nothing was moved.'
          : 'Sound as reported: nothing was moved.'}
      </>
    );
  if (nesting === 'repaired')
    return (
      <>
        {moved} of {trace.spans.length} spans were reported under the wrong parent and have been moved; the
        stored trace is unchanged.
      </>
    );
  return <>Outlined: not where it belongs. {trace.reason && `${trace.reason}.`}</>;
}

/** Other units of work with the same trace id. */
function Others({ trace, all }: { trace: ApiTrace; all: readonly ApiTrace[] }) {
  const others = all.filter((one) => one !== trace);
  if (others.length === 0) return null;
  return (
    <p class="lede after-say small">
      Also in this trace:{' '}
      {others.map((one, i) => (
        <>
          {i > 0 && ', '}
          <a key={one.spans[0]?.spanId} href={hrefWith({ span: one.spans[0]?.spanId ?? null, gap: null })}>
            {one.unit.name}
          </a>
        </>
      ))}
    </p>
  );
}

function Patterns({ trace }: { trace: ApiTrace }) {
  if (trace.patterns.length === 0) return null;
  return (
    <section class="near">
      <div class="head">
        <h2>Patterns</h2>
      </div>
      <ul class="examples">
        {trace.patterns.map(({ kind, subject, evidence, spanIds }) => (
          <li key={`${kind} ${subject}`} class="wrap">
            <a class="mono" href={hrefWith({ span: spanIds[0] ?? null, gap: null })}>
              {subject}
            </a>{' '}
            <span class="mid">{evidence}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
