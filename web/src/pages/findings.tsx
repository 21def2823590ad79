import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { remember, useApi } from '../api.ts';
import { FindingRow } from '../components/finding-row.tsx';
import { Page } from '../components/page.tsx';
import { Empty, Part } from '../components/states.tsx';
import { href, hrefWith, usePlace } from '../router.ts';
import type { FindingList, ServiceList } from '../types.ts';
import { urgentFirst } from '../urgency.ts';
import { useView } from '../view.ts';
import { numberWord, plural, STATE_WORDS } from '../words.ts';

const STATES = ['firing', 'snoozed', 'resolved', 'dismissed'] as const;

/** What was found, and what was said about it. */
export function FindingsPage() {
  const { query } = usePlace();
  const { now } = useView();
  const service = query.get('service');
  const path = service ? `/findings?service=${encodeURIComponent(service)}` : '/findings';
  const findings = useApi<FindingList>(path);
  const services = useApi<ServiceList>('/services').data?.items ?? [];
  for (const finding of findings.data?.items ?? [])
    remember(`/findings/${encodeURIComponent(finding.id)}`, finding);
  return (
    <Page title="Findings">
      <Part of={findings} what="the findings" chart={false}>
        {({ items, cursor }) => {
          const of = (state: ApiFinding['state']) => items.filter((finding) => finding.state === state);
          const asked = STATES.find((state) => state === query.get('state'));
          const state = asked ?? STATES.find((one) => of(one).length > 0) ?? 'firing';
          const shown =
            state === 'firing'
              ? urgentFirst(of(state), now)
              : of(state).sort((a, b) => b.updatedAt - a.updatedAt);
          const open = of('firing').length;
          return (
            <section>
              <div class="head">
                <h1 class="say">
                  {open === 0
                    ? 'No finding is open.'
                    : `${numberWord(open)} ${plural(open, 'finding is', 'findings are')} open.`}
                </h1>
                <span class="grow" />
                <nav class="seg wrap-s" aria-label="State">
                  {STATES.map((one) => (
                    <a
                      key={one}
                      href={hrefWith({ state: one })}
                      aria-current={one === state ? 'true' : undefined}
                    >
                      {STATE_WORDS[one]} {of(one).length}
                    </a>
                  ))}
                </nav>
              </div>
              {service && (
                <p class="note">
                  Of <span class="mono">{service}</span> only.{' '}
                  <a href={hrefWith({ service: null })}>Of all services</a>
                </p>
              )}
              <div class="finds">
                {shown.map((finding) => (
                  <FindingRow
                    key={finding.id}
                    finding={finding}
                    service={services.find((one) => one.service === finding.service)}
                  />
                ))}
              </div>
              {shown.length === 0 && (
                <Empty>
                  No finding is {STATE_WORDS[state].toLowerCase()}.{' '}
                  <a href={href('/')}>See how the services do</a>
                </Empty>
              )}
              {cursor && <p class="note under">Older findings are in the API, from cursor {cursor}.</p>}
            </section>
          );
        }}
      </Part>
    </Page>
  );
}
