import type { ApiFinding, ApiMemory, ApiTransaction } from '../../../lib/http/schemas.ts';
import type { ApiComparison } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { Percentiles } from '../charts/percentiles.tsx';
import { Dimmed } from '../components/estimate.tsx';
import { Page } from '../components/page.tsx';
import { Copy } from '../components/paste.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Part } from '../components/states.tsx';
import { useCountRange } from '../default-range.ts';
import { count, keptEstimate, measureOf, milliseconds, percent, perSecond } from '../format.ts';
import { href, hrefWith, RANGE_KEYS, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import { ByRelease } from '../trace/by-release.tsx';
import { ComparisonLine } from '../trace/comparison-line.tsx';
import { traceHref } from '../trace/link.ts';
import { unitPath } from '../trace/types.ts';
import { WhereTimeGoes } from '../trace/where-time-goes.tsx';
import type { DeployList, FindingList, TransactionList } from '../types.ts';
import { useView } from '../view.ts';
import { serviceWords } from '../words.ts';

interface Unit {
  readonly kind: string;
  readonly name: string;
}
const same = (a: Unit, b: Unit) => a.kind === b.kind && a.name === b.name;

/** One unit of work: how long it takes, since which release, with examples; and what it keeps, if a finding names it. */
export function TransactionPage({ service, kind, name }: { service: string; kind: string; name: string }) {
  const unit = { kind, name };
  const counted = useCountRange(service);
  const base = `/services/${encodeURIComponent(service)}`;
  const list = useApi<TransactionList>(
    counted.ready ? `${base}/transactions` : undefined,
    `${counted.key} ${kind} ${name}`,
    (now) => `${counted.query(now) || '?'}&unit=${encodeURIComponent(`${kind} ${name}`)}`,
  );
  const findings =
    useApi<FindingList>(`/findings?state=firing&service=${encodeURIComponent(service)}`).data?.items ?? [];
  const deploys = useApi<DeployList>(`/deploys?service=${encodeURIComponent(service)}`).data?.items ?? [];
  const comparison = useApi<ApiComparison>(
    counted.ready ? `${unitPath(service, unit)}/comparison` : undefined,
    counted.key,
    counted.query,
  ).data;
  return (
    <>
      <ServiceBar service={service} tab="transactions" shown={counted.shown} />
      <Page title={`${name} of ${serviceWords(service).name}`} service={service}>
        <div class="eyebrow">
          <a href={href(servicePath(service, 'transactions'), {}, RANGE_KEYS)}>All transactions</a>
        </div>
        <Part of={list} what={`the durations of ${name}`}>
          {({ items }) => {
            const row = items.find((one) => same(one.unit, unit));
            return row ? (
              <>
                <Known row={row} deploys={deploys} comparison={comparison} />
                <WhereTimeGoes service={service} unit={unit} range={counted} comparison={comparison}>
                  <Examples row={row} service={service} />
                </WhereTimeGoes>
              </>
            ) : (
              <>
                <h1 class="say">
                  <code>{name}</code> sent no durations in this range.
                </h1>
                <p class="lede after-say">
                  <a href={hrefWith({ from: null, to: null })}>Show all there is</a>, or see{' '}
                  <a href={href(servicePath(service, 'health'))}>what arrives</a>.
                </p>
              </>
            );
          }}
        </Part>
        <Kept findings={findings} unit={unit} />
      </Page>
    </>
  );
}

function Known({
  row,
  deploys,
  comparison,
}: {
  row: ApiTransaction;
  deploys: ApiMemory['deploys'];
  comparison: ApiComparison | undefined;
}) {
  const apdex = comparison?.right.apdex ?? null;
  const figures: [string, string][] = [
    ['p50', row.p50Ms === null ? '–' : milliseconds(row.p50Ms)],
    ['p75', row.p75Ms === null ? '–' : milliseconds(row.p75Ms)],
    ['p95', row.p95Ms === null ? '–' : milliseconds(row.p95Ms)],
    ['p99', row.p99Ms === null ? '–' : milliseconds(row.p99Ms)],
    ['Throughput', perSecond(row.perSecond)],
    ['Count', count(row.count)],
    ['Failed', percent(row.failures / Math.max(1, row.count))],
    ...(apdex === null ? [] : [['Apdex', apdex.toFixed(2)] as [string, string]]),
  ];
  return (
    <>
      <h1 class="say">
        <code>{row.unit.name}</code>
        {row.p50Ms === null ? (
          <>
            {' '}
            ran <b class="nb">{count(row.count)}</b> times; no durations arrive.
          </>
        ) : (
          <>
            {' '}
            takes <b class="nb">{milliseconds(row.p50Ms)}</b> at the median
            {row.p99Ms !== null && (
              <>
                , <b class="nb">{milliseconds(row.p99Ms)}</b> for the slowest in a hundred
              </>
            )}
            .
          </>
        )}
      </h1>
      <ComparisonLine data={comparison} />
      <dl class="kpi">
        {figures.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {row.history.length > 1 && <Percentiles row={row} deploys={deploys} />}
      <ByRelease versions={row.versions} />
    </>
  );
}

/** Trace ids that came with durations: here where the trace was kept, else to be looked up where all traces are. */
function Examples({ row, service }: { row: ApiTransaction; service: string }) {
  const { zone } = useView();
  return (
    <section>
      <div class="head">
        <h2>Example requests</h2>
        <span class="note">by their trace ids</span>
      </div>
      {row.examples.length === 0 ? (
        <p class="note">None: durations come from {row.source}, which carries no trace ids.</p>
      ) : (
        <div class="scroll">
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">Trace</th>
                <th scope="col" class="num">
                  Duration
                </th>
                <th scope="col">When</th>
                <th scope="col">
                  <span class="sr">Copy</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {row.examples.map((example) => (
                <tr key={example.traceId} data-row>
                  <td>
                    <a class="mono" href={traceHref(service, example.traceId, example.at)}>
                      {example.traceId}
                    </a>
                  </td>
                  <td class="num key">{milliseconds(example.durationMs)}</td>
                  <td class="mid">{dayTime(example.at, zone)}</td>
                  <td class="num">
                    <Copy
                      text={example.traceId}
                      label={`Copy trace id ${example.traceId.slice(0, 8)}`}
                      className="btn bare"
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What open findings say about this unit, whether it was named or cleared. */
function Kept({ findings, unit }: { findings: readonly ApiFinding[]; unit: Unit }) {
  const rows = findings.flatMap((finding) => {
    const suspect = finding.suspects.find(
      (one) => one.cause === 'unit' && one.units.some((other) => same(other, unit)),
    );
    const cleared = finding.evidence.cleared.find((one) => same(one.unit, unit));
    const row = suspect ?? cleared;
    return row
      ? [{ finding, kept: row.bytesPerUnit, named: suspect !== undefined, why: cleared?.reason }]
      : [];
  });
  if (rows.length === 0) return null;
  return (
    <section>
      <div class="head">
        <h2>Memory</h2>
      </div>
      {rows.map(({ finding, kept, named, why }) => {
        const text = kept && keptEstimate(kept, measureOf(finding.evidence.role));
        return (
          <div key={finding.id} class={`msg ${named ? 'err' : 'plain'}`}>
            <span aria-hidden="true" />
            <p>
              {named ? 'Named' : 'Cleared'} in <b>{finding.title}</b>
              {text && (
                <>
                  : keeps <Dimmed text={text} className="pm" /> each
                </>
              )}
              {why && `; ${why}`}.
            </p>
            <a class="btn" href={href(`/findings/${encodeURIComponent(finding.id)}`)}>
              Open the finding
            </a>
          </div>
        );
      })}
    </section>
  );
}
