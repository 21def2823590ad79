import type { ApiCohort, ApiMemory } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Part } from '../components/states.tsx';
import { VerdictTag } from '../components/tag.tsx';
import { UnitsOfWork } from '../components/units-of-work.tsx';
import { MemorySection, pickSeries } from '../finding/memory-section.tsx';
import { diffAround } from '../flame/around.ts';
import { amount, count, measureOf, percent, slopeEstimate, UNKNOWN, unbroken } from '../format.ts';
import { href, servicePath, usePlace } from '../router.ts';
import { between, dayTime, rangeQuery } from '../time.ts';
import type { FindingList } from '../types.ts';
import { useView } from '../view.ts';
import { plural, roleWord, serviceWords } from '../words.ts';
import type { ProfileTypeList } from './flame.tsx';

/** How its memory behaves: the verdict with its reason, the chart, every release of the range, and the work done. */
export function MemoryPage({ service }: { service: string }) {
  const { query } = usePlace();
  const { range } = useView();
  const role = query.get('role');
  const base = `/services/${encodeURIComponent(service)}`;
  const memory = useApi<ApiMemory>(`${base}/memory`, [role, range.from, range.to].join('|'), (now) => {
    const asked = new URLSearchParams(rangeQuery(range, now));
    if (role) asked.set('role', role);
    return asked.size ? `?${asked}` : '';
  });
  const { name } = serviceWords(service);
  const first = Math.min(
    ...(memory.data?.series ?? []).map((series) => series.points[0]?.[0] ?? Number.POSITIVE_INFINITY),
  );
  const shown = memory.data && Number.isFinite(first) ? { from: first, to: memory.data.to } : undefined;
  const chosen = range.from !== null || range.to !== null;
  return (
    <>
      <ServiceBar service={service} tab="memory" shown={shown} />
      <Page title={`Memory of ${name}`} service={service}>
        <OpenFindings service={service} />
        <Part of={memory} what={`the memory of ${name}`}>
          {(data) => (
            <>
              <Answer memory={data} role={role} name={name} />
              <section class="near">
                <MemorySection memory={data} role={role} chosen={chosen} />
              </section>
              <Cohorts memory={data} role={role} />
            </>
          )}
        </Part>
        <UnitsOfWork service={service} />
      </Page>
    </>
  );
}

/** A finding in force is the better page; it is one line away. */
function OpenFindings({ service }: { service: string }) {
  const findings = useApi<FindingList>(`/findings?state=firing&service=${encodeURIComponent(service)}`);
  const open = findings.data?.items.filter((finding) => finding.service === service) ?? [];
  return (
    <>
      {open.map((finding) => (
        <div key={finding.id} class="msg err state-line">
          <span aria-hidden="true" />
          <p>
            <b>{finding.title}</b>
          </p>
          <a class="btn" href={href(`/findings/${encodeURIComponent(finding.id)}`)}>
            Open the finding
          </a>
        </div>
      ))}
    </>
  );
}

function Answer({ memory, role, name }: { memory: ApiMemory; role: string | null; name: string }) {
  const { query } = usePlace();
  const { zone } = useView();
  const { series } = pickSeries(memory, role, query.get('instance'));
  if (!series) {
    return (
      <h1 class="say">
        <b>{name}</b> sent no memory in this range.
      </h1>
    );
  }
  const cohort = cohortOf(memory, series.role);
  const judged = cohort ?? series;
  return (
    <section>
      <div class="eyebrow">
        <VerdictTag verdict={judged.verdict} />
        <span>{roleWord(series.role)}</span>
        {cohort && cohort.confidence > 0 && <span>confidence {percent(cohort.confidence)}</span>}
        {judged.onset && (
          <span>
            grows since {dayTime(judged.onset.t, zone)}{' '}
            <span class="dim">({between(judged.onset.low, judged.onset.high, zone)})</span>
          </span>
        )}
      </div>
      <h1 class="say">
        <b>{name}</b>: {lowerFirst(unbroken(judged.reason))}
      </h1>
    </section>
  );
}

const lowerFirst = (text: string) =>
  /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;

/** The cohort that the page speaks of: the newest release's, which is the one running. */
function cohortOf(memory: ApiMemory, role: string): ApiCohort | undefined {
  const cohorts = memory.cohorts.filter((cohort) => cohort.role === role);
  const newest = memory.deploys.reduce<string | undefined>(
    (found, deploy) => (cohorts.some((c) => c.version === deploy.version) ? deploy.version : found),
    undefined,
  );
  return cohorts.find((cohort) => cohort.version === newest) ?? cohorts.at(-1);
}

function Cohorts({ memory, role }: { memory: ApiMemory; role: string | null }) {
  const { now } = useView();
  const base = `/services/${encodeURIComponent(memory.service)}`;
  const types = useApi<ProfileTypeList>(`${base}/profiles`).data?.items ?? [];
  const diffOf = (version: string | null) => {
    const deploy = memory.deploys.find((one) => one.version === version);
    return deploy && diffAround(memory.service, { low: deploy.at, high: deploy.at }, now, types, 'memory');
  };
  const wanted = role ?? memory.roles[0];
  const cohorts = memory.cohorts.filter((cohort) => cohort.role === wanted);
  if (cohorts.length === 0) return null;
  const unit = measureOf(wanted);
  return (
    <section>
      <div class="head">
        <h2>By release</h2>
        <span class="note">instances of one version are judged together</span>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Verdict</th>
              <th scope="col" class="num">
                Instances
              </th>
              <th scope="col" class="num">
                Lives
              </th>
              <th scope="col" class="num">
                Floor
              </th>
              <th scope="col" class="num">
                Slope
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort) => (
              <tr key={cohort.version} class={cohort.verdict === 'leak' ? 'pick' : ''}>
                <td class="strong">{cohort.version ?? <span class="dim">no version sent</span>}</td>
                <td class="key">
                  <VerdictTag verdict={cohort.verdict} />
                </td>
                <td class="num" data-l={plural(cohort.instances, 'instance')}>
                  {count(cohort.instances)}
                </td>
                <td class="num" data-l={plural(cohort.lives, 'life', 'lives')}>
                  {count(cohort.lives)}
                </td>
                <td class="num" data-l="floor">
                  {cohort.floor
                    ? `${amount(cohort.floor.start, unit)} → ${amount(cohort.floor.end, unit)}`
                    : UNKNOWN}
                </td>
                <td class="num" data-l="slope">
                  {cohort.slopeBytesPerHour ? slopeEstimate(cohort.slopeBytesPerHour, unit) : UNKNOWN}
                </td>
                <td class="why full small">
                  {cohort.reason} <DiffLink to={diffOf(cohort.version)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note under">
        Releases come from <code>service.version</code> or POST /v1/deploys.{' '}
        <a href={href(servicePath(memory.service, 'health'))}>What arrives</a>
      </p>
    </section>
  );
}

const DiffLink = ({ to }: { to: string | undefined }) =>
  to === undefined ? null : <a href={to}>Profiles before and after it</a>;
