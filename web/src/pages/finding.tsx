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
import { Standing } from '../finding/standing.tsx';
import { UnitsTable } from '../finding/units-table.tsx';
import { percent, seconds } from '../format.ts';
import { useKeys } from '../keys.ts';
import { go, href, hrefWith, usePlace } from '../router.ts';
import { dayTime, rangeQuery } from '../time.ts';
import type { UnitList } from '../types.ts';
import { useView } from '../view.ts';
import { FINDING_TAGS, STATE_WORDS } from '../words.ts';

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
  return <Known finding={finding} loaded={loaded} />;
}

/** When, which unit, which line, how long, what now: the page of one finding. */
function Known({ finding, loaded }: { finding: ApiFinding; loaded: Loaded<ApiFinding> }) {
  const { query } = usePlace();
  const { range, now } = useView();
  const { evidence, service } = finding;
  const chosen = range.from !== null || range.to !== null;
  const role = query.get('role') ?? evidence.role;
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

  const open = query.get('evidence') === '1';
  const show = (on: boolean) => go(hrefWith({ evidence: on ? 1 : null }), 'replace');
  useKeys({ e: () => show(true) });
  const [kind, word] = FINDING_TAGS[finding.kind];
  const metric =
    memory.data && pickSeries(memory.data, role, query.get('instance'), evidence.instances).series?.metric;
  const left = evidence.timeToLimitS ? evidence.to + evidence.timeToLimitS.value * 1000 - now : undefined;

  return (
    <>
      <ServiceBar
        service={service}
        tab="memory"
        shown={{
          from: evidence.from,
          to: finding.state === 'firing' || finding.state === 'snoozed' ? now : evidence.to,
        }}
      />
      <Page title={finding.title} service={service}>
        {loaded.problem && <Failed what="the finding" problem={loaded.problem} retry={loaded.reload} old />}
        <div class="two">
          <div>
            <section>
              <StateLine finding={finding} />
              <div class="eyebrow">
                <Tag kind={kind}>{word}</Tag>
                <Since finding={finding} />
                {finding.kind === 'leak' && <span>confidence {percent(evidence.confidence)}</span>}
                {left !== undefined && left > 0 && finding.state === 'firing' && (
                  <span>{seconds(left / 1000)} left</span>
                )}
                <span class="pair">
                  <button type="button" class="link" onClick={() => show(true)}>
                    Evidence
                  </button>
                  <kbd class="only-l">e</kbd>
                </span>
              </div>
              <h1 class="say">
                <Sentence parts={finding.sentence} service={service} />
              </h1>
            </section>
            <section class="near">
              <Part of={memory} what="the memory series">
                {(data) => (
                  <MemorySection memory={data} role={role} prefer={evidence.instances} chosen={chosen} />
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
          <UnitsTable service={service} suspects={finding.suspects} cleared={evidence.cleared} seen={seen} />
        )}
        {open && <Evidence finding={finding} metric={metric} close={() => show(false)} />}
      </Page>
    </>
  );
}

/** The window that was judged; an open finding is shown up to now. */
function memoryQuery({ evidence, state }: ApiFinding, role: string, chosen: string, at: number): string {
  const query = new URLSearchParams(chosen);
  if (chosen === '') {
    // The API reads at most 31 days at once.
    query.set('from', String(Math.floor(Math.max(evidence.from, at - RANGE_MAX_MS))));
    if (state !== 'firing' && state !== 'snoozed') query.set('to', String(Math.ceil(evidence.to)));
  }
  query.set('role', role);
  return `?${query}`;
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
