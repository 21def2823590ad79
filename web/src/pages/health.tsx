import type { ApiHealth } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Paste } from '../components/paste.tsx';
import { RunningCost } from '../components/running-cost.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Part } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { capital, count, seconds, UNKNOWN } from '../format.ts';
import { href } from '../router.ts';
import { NestingVerdicts } from '../trace/nesting-verdicts.tsx';
import { useView } from '../view.ts';
import { serviceWords } from '../words.ts';

const FIRST_UNUSED = 12;

/** What arrives, what is missing, and the exact lines that would send it. */
export function HealthPage({ service }: { service: string }) {
  const health = useApi<ApiHealth>(`/health/services/${encodeURIComponent(service)}`);
  const { name } = serviceWords(service);
  return (
    <>
      <ServiceBar service={service} tab="health" ranged={false} />
      <Page title={`Data health of ${name}`} service={service}>
        <Part of={health} what={`the data health of ${name}`} chart={false}>
          {(data) => (
            <>
              <h1 class="say">{data.sentence}</h1>
              <Arrives arrives={data.arrives} />
              <NestingVerdicts service={service} />
              <section class="two">
                <Missing missing={data.missing} />
                <Unused metrics={data.unusedMetrics} />
              </section>
              <RunningCost />
            </>
          )}
        </Part>
      </Page>
    </>
  );
}

function Arrives({ arrives }: { arrives: ApiHealth['arrives'] }) {
  const { now } = useView();
  return (
    <section class="near">
      <div class="head">
        <h2>What arrives</h2>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col">State</th>
              <th scope="col">From</th>
              <th scope="col" class="num">
                Points
              </th>
              <th scope="col" class="num">
                Every
              </th>
              <th scope="col" class="num">
                Last
              </th>
              <th scope="col">What it is good for</th>
            </tr>
          </thead>
          <tbody>
            {arrives.map((row) => {
              const stale =
                row.last !== null && row.intervalS !== null && now - row.last > 3000 * row.intervalS + 30_000;
              return (
                <tr key={row.signal}>
                  <td class="strong">{capital(row.signal)}</td>
                  <td class="key">
                    {row.last === null ? (
                      <Tag kind="none">Missing</Tag>
                    ) : stale ? (
                      <Tag kind="gap">Stopped</Tag>
                    ) : (
                      <Tag kind="ok">Arrives</Tag>
                    )}
                  </td>
                  <td class="full small mid from">{row.from || <span class="dim">nothing seen</span>}</td>
                  <td class="num" data-l="points">
                    {count(row.points)}
                  </td>
                  <td class="num" data-l="every">
                    {row.intervalS === null ? UNKNOWN : seconds(row.intervalS)}
                  </td>
                  <td class="num dim" data-l="last">
                    {row.last === null ? UNKNOWN : `${seconds(Math.max(1, (now - row.last) / 1000))} ago`}
                  </td>
                  <td class="why full small">{row.goodFor}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Missing({ missing }: { missing: ApiHealth['missing'] }) {
  return (
    <div>
      <div class="head">
        <h2>{missing.length ? 'What is missing, most useful first' : 'Nothing is missing'}</h2>
      </div>
      {missing.length === 0 && <p class="lede">Every signal that Tidemark can use arrives.</p>}
      <ol class="need">
        {missing.map((fact) => (
          <li key={fact.what}>
            <h3>{capital(fact.what)}</h3>
            <p class="lede">{capital(fact.why)}</p>
            {fact.lines && <Paste lines={fact.lines} label={fact.what} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Unused({ metrics }: { metrics: ApiHealth['unusedMetrics'] }) {
  return (
    <aside aria-label="Metrics without a use">
      <div class="head">
        <h2>Received, not used</h2>
      </div>
      {metrics.length === 0 ? (
        <p class="note">Every metric that arrives is used.</p>
      ) : (
        <>
          <dl class="facts counts">
            {metrics.slice(0, FIRST_UNUSED).map((metric) => (
              <div key={metric.name}>
                <dt class="mono small">{metric.name}</dt>
                <dd>{count(metric.points)}</dd>
              </div>
            ))}
          </dl>
          <p class="note under">
            {metrics.length > FIRST_UNUSED && `And ${metrics.length - FIRST_UNUSED} more. `}Stored as they
            came; no analysis reads them.
          </p>
        </>
      )}
      <p class="note under">
        What was refused stands under <a href={href('/uploads')}>Uploads</a>; lines for another sender under{' '}
        <a href={href('/setup')}>Set-up</a>.
      </p>
    </aside>
  );
}
