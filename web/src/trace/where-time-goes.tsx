import './trace.css';
import type { ComponentChildren } from 'preact';
import type { ApiComparison, ApiGaps, ApiSuspects } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { Part } from '../components/states.tsx';
import { milliseconds, percent } from '../format.ts';
import { href, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';
import { FunctionsTable } from './functions-table.tsx';
import { GapsTable } from './gaps-table.tsx';
import { traceHref } from './link.ts';
import { PatternsTable } from './patterns-table.tsx';
import { SuspectsTable } from './suspects-table.tsx';
import { TimeBudget } from './time-budget.tsx';
import { unitPath } from './types.ts';

const WHY_KEPT = { slow: 'among the slowest', misnested: 'reported with wrong nesting', any: 'typical' };

/** What spans and profiles say of one unit: gaps, spans, functions, patterns, and the requests behind them. */
export function WhereTimeGoes({
  service,
  unit,
  range,
  comparison,
  children,
}: {
  service: string;
  unit: { readonly kind: string; readonly name: string };
  range: { readonly ready: boolean; readonly key: string; readonly query: (now: number) => string };
  comparison: ApiComparison | undefined;
  /** What stands for requests where none is kept. */
  children: ComponentChildren;
}) {
  const base = range.ready ? unitPath(service, unit) : undefined;
  const suspects = useApi<ApiSuspects>(base && `${base}/suspects`, range.key, range.query);
  const gaps = useApi<ApiGaps>(base && `${base}/gaps`, range.key, range.query);
  return (
    <div class="time-parts">
      {suspects.data && gaps.data && (
        <TimeBudget {...{ service, comparison, range }} suspects={suspects.data} gaps={gaps.data} />
      )}
      <Part of={suspects} what={`the spans of ${unit.name}`} chart={false}>
        {(data) => <NestingNote data={data} service={service} />}
      </Part>
      <Part of={gaps} what={`the gaps of ${unit.name}`} chart={false}>
        {(data) => <GapsTable data={data} service={service} reload={gaps.reload} />}
      </Part>
      {suspects.data && (
        <>
          <SuspectsTable data={suspects.data} service={service} />
          <FunctionsTable data={suspects.data} service={service} />
          <PatternsTable data={suspects.data} service={service} reload={suspects.reload} />
          {suspects.data.examples.length > 0 ? <Kept data={suspects.data} service={service} /> : children}
        </>
      )}
    </div>
  );
}

/** How many of the traces were put right before anything here was computed. */
function NestingNote({ data, service }: { data: ApiSuspects; service: string }) {
  if (data.misnested === 0) return null;
  const wrong = data.examples.find(({ why }) => why === 'misnested') ?? data.examples[0];
  return (
    <section>
      <div class="msg">
        <span aria-hidden="true" />
        <p>
          <b>{percent(data.misnested / Math.max(1, data.seen))} of these traces</b> arrive with spans under
          the wrong parent. Everything on this page is computed on the repaired tree.
        </p>
        <span class="row">
          {wrong && (
            <a class="btn" href={traceHref(service, wrong.traceId, wrong.at, { nesting: 'reported' })}>
              See it reported
            </a>
          )}
          <a class="btn" href={`${href(servicePath(service, 'health'))}#nesting`}>
            Fix it
          </a>
        </span>
      </div>
    </section>
  );
}

function Kept({ data, service }: { data: ApiSuspects; service: string }) {
  const { zone } = useView();
  return (
    <section>
      <div class="head">
        <h2>Kept requests</h2>
        <span class="note">with all their spans</span>
      </div>
      <div class="scroll">
        <table class="stack" id="kept">
          <thead>
            <tr>
              <th scope="col">Trace</th>
              <th scope="col">Why kept</th>
              <th scope="col" class="num">
                Duration
              </th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {data.examples.map(({ traceId, spanId, at, ms, why }) => (
              <tr key={`${traceId} ${spanId} ${ms} ${why}`} data-row>
                <td>
                  <a
                    class="mono"
                    href={traceHref(service, traceId, at, why === 'misnested' ? { nesting: 'reported' } : {})}
                  >
                    {traceId.slice(0, 12)}
                  </a>
                </td>
                <td class="mid">{WHY_KEPT[why]}</td>
                <td class="num key">{milliseconds(ms)}</td>
                <td class="mid">{dayTime(at, zone)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
