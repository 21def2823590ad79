import type { ComponentChildren } from 'preact';
import type { ApiFinding, ApiMemory } from '../../../lib/http/schemas.ts';
import { type Loaded, useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Sentence } from '../components/sentence.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Failed, Part, Skeleton } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { Evidence } from '../finding/evidence.tsx';
import { MemorySection, pickSeries } from '../finding/memory-section.tsx';
import { NextSteps } from '../finding/next-steps.tsx';
import { PostMortems } from '../finding/post-mortems.tsx';
import { ReleasesTable } from '../finding/releases-table.tsx';
import { Standing } from '../finding/standing.tsx';
import { TraceFacts } from '../finding/trace-facts.tsx';
import { UnitsTable } from '../finding/units-table.tsx';
import { Compared, WhereItGrew } from '../finding/where-it-grew.tsx';
import { measureOf, percent, seconds } from '../format.ts';
import { useKeys } from '../keys.ts';
import { go, href, hrefWith, usePlace } from '../router.ts';
import { dayTime, rangeQuery } from '../time.ts';
import type { UnitList } from '../types.ts';
import { useView } from '../view.ts';
import { findingTag, STATE_WORDS } from '../words.ts';

const DAY_MS = 86_400_000;
const RANGE_MAX_MS = 30 * DAY_MS;

export function FindingPage({ id }: { id: string }) {
  const loaded = useApi<ApiFinding>(`/findings/${encodeURIComponent(id)}`);
  const finding = loaded.data;
  if (!finding) {
    return (
      <Page title="Finding">
        {loaded.problem ? (
          <>
            <h1 class="say">
              {loaded.problem.status === 404
                ? 'There is no such finding.'
                : 'This finding cannot be shown now.'}
            </h1>
            <p class="lede after-say">
              <a href={href('/findings')}>All findings</a>
            </p>
            <Failed what={`finding ${id}`} problem={loaded.problem} retry={loaded.reload} />
          </>
        ) : (
          <Skeleton />
        )}
      </Page>
    );
  }
  return finding.evidence.role === null ? (
    <OfTraces finding={finding} loaded={loaded} />
  ) : (
    <OfMemory finding={finding} loaded={loaded} memoryRole={finding.evidence.role} />
  );
}

interface Known {
  readonly finding: ApiFinding;
  readonly loaded: Loaded<ApiFinding>;
}

/** What traces show has no memory chart: its cause, the lines that put it right, what changed, and requests to look at. */
function OfTraces({ finding, loaded }: Known) {
  const { open, show } = useEvidence();
  const { service, kind } = finding;
  const aboutSetUp = kind === 'nesting' || kind === 'fragmented';
  return (
    <>
      <ServiceBar service={service} tab={aboutSetUp ? 'health' : 'transactions'} ranged={false} />
      <Page title={finding.title} service={service}>
        {loaded.problem && <Failed what="the finding" problem={loaded.problem} retry={loaded.reload} old />}
        <div class="two">
          <div>
            <Heading finding={finding} show={show} />
            <TraceFacts finding={finding} />
          </div>
          <aside class="side" aria-label="What now">
            <NextSteps finding={finding} deploys={[]} />
            <Standing finding={finding} changed={loaded.reload} />
          </aside>
        </div>
        {open && <Evidence finding={finding} metric={undefined} close={() => show(false)} />}
      </Page>
    </>
  );
}

/** The drawer with where every number comes from: its own URL, its own key. */
function useEvidence() {
  const open = usePlace().query.get('evidence') === '1';
  const show = (on: boolean) => go(hrefWith({ evidence: on ? 1 : null }), 'replace');
  useKeys({ e: () => show(true) });
  return { open, show };
}

/** When, which unit, which line, how long, what now: the page of a finding about memory. */
function OfMemory({ finding, loaded, memoryRole }: Known & { memoryRole: string }) {
  const { query } = usePlace();
  const { range, now } = useView();
  const { evidence, service } = finding;
  const chosen = range.from !== null || range.to !== null;
  const role = query.get('role') ?? memoryRole;
  const key = [role, range.from, range.to, finding.state].join('|');
  const memory = useApi<ApiMemory>(`/services/${encodeURIComponent(service)}/memory`, key, (at) =>
    memoryQuery(finding, role, chosen ? rangeQuery(range, at) : '', at),
  );

  // Since the onset, as the table says; a day at most, since counts are only what is missing here.
  const since = Math.max(Math.floor(evidence.onset?.t ?? evidence.from), evidence.to - DAY_MS);
  const counted = useApi<UnitList>(
    finding.kind === 'leak' ? `/services/${encodeURIComponent(service)}/units` : undefined,
    'since-onset',
    () => `?from=${Math.floor(since)}&to=${Math.ceil(evidence.to)}`,
  );
  const seen = counted.data?.items ?? [];

  const { open, show } = useEvidence();
  const measure = measureOf(evidence.role);
  const metric =
    memory.data && pickSeries(memory.data, role, query.get('instance'), evidence.instances).series?.metric;
  const left = evidence.timeToLimitS ? evidence.to + evidence.timeToLimitS.value * 1000 - now : undefined;

  return (
    <>
      <ServiceBar
        service={service}
        tab="memory"
        shown={{
          from: shownFrom(evidence),
          to: finding.state === 'firing' || finding.state === 'snoozed' ? now : evidence.to,
        }}
      />
      <Page title={finding.title} service={service}>
        {loaded.problem && <Failed what="the finding" problem={loaded.problem} retry={loaded.reload} old />}
        <div class="two">
          <div>
            <Heading finding={finding} show={show}>
              {left !== undefined && left > 0 && finding.state === 'firing' && (
                <span>{seconds(left / 1000)} left</span>
              )}
            </Heading>
            <section class="near">
              <Part of={memory} what="the memory series">
                {(data) => (
                  <MemorySection
                    memory={evidence.explained?.together ? asOneOfMany(data) : data}
                    role={role}
                    prefer={evidence.instances}
                    chosen={chosen}
                  />
                )}
              </Part>
            </section>
          </div>
          <aside class="side" aria-label="What now">
            <NextSteps finding={finding} deploys={memory.data?.deploys ?? []} />
            <Standing finding={finding} changed={loaded.reload} />
          </aside>
        </div>
        {(finding.suspects.length > 0 || evidence.cleared.length > 0 || finding.kind === 'leak') && (
          <UnitsTable
            {...{ service, measure, seen }}
            suspects={finding.suspects}
            cleared={evidence.cleared}
          />
        )}
        {evidence.explained && <WhereItGrew explained={evidence.explained} measure={measure} />}
        {evidence.explained?.releases && (
          <ReleasesTable releases={evidence.explained.releases} measure={measure} />
        )}
        {evidence.explained && <Compared compared={evidence.explained.compared} />}
        {evidence.deaths && <PostMortems deaths={evidence.deaths} />}
        {open && <Evidence finding={finding} metric={metric} close={() => show(false)} />}
      </Page>
    </>
  );
}

/** Tag, since when, and the sentence. */
function Heading({
  finding,
  show,
  children,
}: {
  finding: ApiFinding;
  show: (on: boolean) => void;
  children?: ComponentChildren;
}) {
  const [kind, word] = findingTag(finding);
  return (
    <section>
      <StateLine finding={finding} />
      <div class="eyebrow">
        <Tag kind={kind}>{word}</Tag>
        <Since finding={finding} />
        {finding.kind === 'leak' && <span>confidence {percent(finding.evidence.confidence)}</span>}
        {children}
        <span class="pair">
          <button type="button" class="link" onClick={() => show(true)}>
            Evidence
          </button>
          <kbd class="only-l">e</kbd>
        </span>
      </div>
      <h1 class="say">
        <Sentence parts={finding.sentence} service={finding.service} />
      </h1>
    </section>
  );
}

/** Where only many lives together tell of growth, one of them has neither an onset nor a forecast of its own. */
const asOneOfMany = (memory: ApiMemory): ApiMemory => ({
  ...memory,
  series: memory.series.map((one) => ({ ...one, onset: null, timeToLimitS: null })),
});

/** An open finding is shown up to now. */
function memoryQuery({ evidence, state }: ApiFinding, role: string, chosen: string, at: number): string {
  const query = new URLSearchParams(chosen);
  if (chosen === '') {
    // The API reads at most 31 days at once.
    query.set('from', String(Math.floor(Math.max(shownFrom(evidence), at - RANGE_MAX_MS))));
    if (state !== 'firing' && state !== 'snoozed') query.set('to', String(Math.ceil(evidence.to)));
  }
  query.set('role', role);
  return `?${query}`;
}

/**
 * As long before the onset as after it, also where the version that grows began at the onset: what was flat before is half of the
 * proof. Of deaths, the lives that they ended. Else the window that was judged.
 */
function shownFrom({ from, to, onset, deaths = [] }: ApiFinding['evidence']): number {
  const lives = deaths.map(({ at, lifeMs }) => at - lifeMs);
  if (lives.length > 0) return Math.min(...lives);
  return onset === null ? from : onset.low - Math.max(0, to - onset.low);
}

function Since({ finding }: { finding: ApiFinding }) {
  const { zone } = useView();
  const word = finding.state === 'firing' ? 'firing' : STATE_WORDS[finding.state].toLowerCase();
  const at = finding.state === 'resolved' && finding.resolvedAt !== null ? finding.resolvedAt : finding.since;
  return (
    <span>
      {word} {finding.state === 'firing' || finding.state === 'resolved' ? 'since' : '· began'}{' '}
      {dayTime(at, zone)}
    </span>
  );
}

/** Snoozed, dismissed and resolved findings keep their page, with this line on top. */
function StateLine({ finding }: { finding: ApiFinding }) {
  const { zone } = useView();
  const text =
    finding.state === 'snoozed' && finding.snoozedUntil !== null
      ? `Snoozed until ${dayTime(finding.snoozedUntil, zone)}; it comes back by itself.`
      : finding.state === 'dismissed' && finding.dismissed
        ? `Dismissed ${dayTime(finding.dismissed.at, zone)}: ${finding.dismissed.reason}`
        : finding.state === 'resolved' && finding.resolvedAt !== null
          ? `Resolved ${dayTime(finding.resolvedAt, zone)}.`
          : '';
  return text ? (
    <div class="msg plain state-line">
      <span aria-hidden="true" />
      <p>{text}</p>
    </div>
  ) : null;
}
