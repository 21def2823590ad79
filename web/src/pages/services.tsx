import type { ApiService, ApiUploads } from '../../../lib/http/schemas.ts';
import { remember, useApi } from '../api.ts';
import { FindingRow } from '../components/finding-row.tsx';
import { Page } from '../components/page.tsx';
import { ServicesTable } from '../components/services-table.tsx';
import { Failed, Part, Skeleton } from '../components/states.tsx';
import { lazy } from '../lazy.tsx';
import { href, usePlace } from '../router.ts';
import { useReception } from '../status.ts';
import type { FindingList, ServiceList } from '../types.ts';
import { leftMs, urgentFirst } from '../urgency.ts';
import { useView } from '../view.ts';
import { numberWord, plural } from '../words.ts';

const FirstRun = lazy(async () => (await import('./first-run.tsx')).FirstRun);
const URGENT_MS = 86_400_000;

/** What needs attention: open findings first, the most urgent on top, then every service. */
export function ServicesPage() {
  const services = useApi<ServiceList>('/services');
  const findings = useApi<FindingList>('/findings?state=firing');
  const { status } = useReception();
  const { now } = useView();
  const { query } = usePlace();

  const items = services.data?.items;
  if (items?.length === 0 && (status?.services ?? 0) === 0) return <FirstRun />;
  const open = findings.data?.items ?? [];
  for (const finding of open) remember(`/findings/${encodeURIComponent(finding.id)}`, finding);
  const urgent = open.filter(
    (finding) => (leftMs(finding, now) ?? Number.POSITIVE_INFINITY) < URGENT_MS,
  ).length;
  return (
    <Page title={open.length ? `${open.length} need attention` : 'Services'}>
      {services.problem && items && (
        <Failed what="the services" problem={services.problem} retry={services.reload} old />
      )}
      <section>
        <div class="head">
          <h1 class="say">
            {items && findings.data ? (
              <Summary open={open.length} urgent={urgent} services={items} />
            ) : (
              'Services'
            )}
          </h1>
          <span class="grow" />
          <a class="small" href={href('/findings')}>
            All findings
          </a>
        </div>
        <Part of={findings} what="the findings" chart={false}>
          {(list) => (
            <div class="finds">
              {urgentFirst(list.items, now).map((finding) => (
                <FindingRow
                  key={finding.id}
                  finding={finding}
                  service={items?.find((one) => one.service === finding.service)}
                />
              ))}
            </div>
          )}
        </Part>
      </section>
      <section>
        {items ? (
          <ServicesTable services={items} findings={open} filter={query.get('q') ?? ''} />
        ) : services.problem ? (
          <Failed what="the services" problem={services.problem} retry={services.reload} />
        ) : (
          <Skeleton chart={false} />
        )}
      </section>
      <Balance />
    </Page>
  );
}

function Summary({
  open,
  urgent,
  services,
}: {
  open: number;
  urgent: number;
  services: readonly ApiService[];
}) {
  if (open > 0) {
    return (
      <>
        {numberWord(open)} {plural(open, 'finding is', 'findings are')} open
        {urgent > 0 ? '; ' : '.'}
        {urgent > 0 && (
          <b>
            {urgent === open && open === 1
              ? 'it is'
              : `${numberWord(urgent).toLowerCase()} ${urgent === 1 ? 'is' : 'are'}`}{' '}
            urgent
          </b>
        )}
        {urgent > 0 && '.'}
      </>
    );
  }
  const blind = services.filter(
    (one) => one.verdict === null || ['insufficient-data', 'mixed-writers'].includes(one.verdict),
  ).length;
  return (
    <>
      Nothing needs attention. {numberWord(services.length)} {plural(services.length, 'service')}
      {blind > 0
        ? `, ${blind === services.length ? 'none' : services.length - blind} with a verdict so far.`
        : `, ${services.length === 1 ? 'with a verdict' : 'all with a verdict'}.`}
    </>
  );
}

function Balance() {
  const uploads = useApi<ApiUploads>('/uploads');
  const balance = uploads.data?.balance;
  if (!balance) return null;
  const missing = balance.received - balance.done - balance.rejected - balance.poison - balance.pending;
  const refused = uploads.data?.refused.reduce((sum, row) => sum + row.count, 0) ?? 0;
  const parts: [number, string][] = [
    [balance.received, 'received'],
    [balance.done, 'analysed'],
    [balance.rejected + balance.poison, 'rejected'],
    [balance.pending, 'waiting'],
    [missing, 'unaccounted for'],
    [refused, 'refused at the door'],
  ];
  return (
    <section>
      <div class="head">
        <h2>Uploads</h2>
        <a class="small quiet" href={href('/uploads')}>
          Open
        </a>
      </div>
      <div class="strip">
        {parts.map(([n, word]) => (
          <span key={word}>
            <b>{n.toLocaleString('en')}</b> {word}
          </span>
        ))}
        <span class="dim">received = analysed + rejected + waiting</span>
      </div>
    </section>
  );
}
