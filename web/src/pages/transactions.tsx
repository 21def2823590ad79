import type { ApiTransaction } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { SortHead, sorted, useSort } from '../components/sort-head.tsx';
import { Spark } from '../components/spark.tsx';
import { Empty, Part } from '../components/states.tsx';
import { Share } from '../components/tag.tsx';
import { useCountRange } from '../default-range.ts';
import { milliseconds, percent, perSecond, UNKNOWN, unbroken } from '../format.ts';
import { go, href, hrefWith, RANGE_KEYS, servicePath, usePlace } from '../router.ts';
import { ShiftTag } from '../trace/comparison-line.tsx';
import { traceHref } from '../trace/link.ts';
import type { TransactionList } from '../types.ts';
import { serviceWords } from '../words.ts';

const KEYS: Record<string, (row: ApiTransaction) => number | string | null> = {
  unit: (row) => row.unit.name,
  rate: (row) => row.perSecond,
  failed: (row) => row.failures / Math.max(1, row.count),
  p50: (row) => row.p50Ms,
  p75: (row) => row.p75Ms,
  p95: (row) => row.p95Ms,
  p99: (row) => row.p99Ms,
  total: (row) => row.totalMs,
};

const ms = (value: number | null) =>
  value === null ? <span class="dim">{UNKNOWN}</span> : milliseconds(value);

/** What is slow: the units of a service, ranked by where the time goes. */
export function TransactionsPage({ service }: { service: string }) {
  const counted = useCountRange(service);
  const { query } = usePlace();
  const filter = query.get('q') ?? '';
  const sort = useSort('-total');
  const list = useApi<TransactionList>(
    counted.ready ? `/services/${encodeURIComponent(service)}/transactions` : undefined,
    counted.key,
    counted.query,
  );
  const { name } = serviceWords(service);
  return (
    <>
      <ServiceBar service={service} tab="transactions" shown={counted.shown} />
      <Page title={`Transactions of ${name}`} service={service}>
        <Part of={list} what={`the transactions of ${name}`} chart={false}>
          {({ items: rows, cursor }) => {
            const total = rows.reduce((sum, row) => sum + row.totalMs, 0);
            const shown = sorted(
              rows.filter((row) => row.unit.name.toLowerCase().includes(filter.toLowerCase())),
              KEYS[sort.by] ?? KEYS.total!,
              sort.down,
            );
            if (rows.length === 0) {
              return (
                <>
                  <h1 class="say">
                    <b>{name}</b> sent no durations in this range.
                  </h1>
                  <p class="lede after-say">
                    Durations come from spans or from a duration histogram.{' '}
                    <a href={href(servicePath(service, 'health'))}>Lines that send them</a>, or{' '}
                    <a href={hrefWith({ from: null, to: null })}>show all there is</a>.
                  </p>
                </>
              );
            }
            return (
              <section>
                <div class="head">
                  <h1 class="say">
                    <Busiest rows={rows} total={total} />
                  </h1>
                  <span class="grow" />
                  {rows.length > 6 && (
                    <input
                      class="field only-l"
                      placeholder="Filter"
                      aria-label="Filter units"
                      value={filter}
                      onInput={(event) => go(hrefWith({ q: event.currentTarget.value || null }), 'replace')}
                    />
                  )}
                </div>
                <div class="scroll">
                  <table class="stack" id="transactions">
                    <thead>
                      <tr>
                        <SortHead by="unit" sort={sort}>
                          Unit
                        </SortHead>
                        <SortHead by="rate" sort={sort} num>
                          Per second
                        </SortHead>
                        <SortHead by="failed" sort={sort} num>
                          Failed
                        </SortHead>
                        <SortHead by="p50" sort={sort} num>
                          p50
                        </SortHead>
                        <SortHead by="p75" sort={sort} num className="only-xl">
                          p75
                        </SortHead>
                        <SortHead by="p95" sort={sort} num>
                          p95
                        </SortHead>
                        <SortHead by="p99" sort={sort} num>
                          p99
                        </SortHead>
                        <th scope="col" class="spk">
                          p95 over time
                        </th>
                        <SortHead by="total" sort={sort}>
                          Share of time
                        </SortHead>
                        <th scope="col" class="only-xl">
                          Example
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {shown.map((row) => (
                        <Row
                          key={`${row.unit.kind} ${row.unit.name}`}
                          row={row}
                          total={total}
                          service={service}
                        />
                      ))}
                    </tbody>
                  </table>
                </div>
                {shown.length === 0 && (
                  <Empty>
                    {cursor ? `None of these ${rows.length.toLocaleString('en')} units is` : 'No unit is'}{' '}
                    called “{filter}”. <a href={hrefWith({ q: null })}>Show all {rows.length}</a>
                  </Empty>
                )}
                {cursor && (
                  <p class="note under">
                    These {rows.length.toLocaleString('en')} units took the most time: order and shares are
                    among them. Others are in the API, from cursor {cursor}.
                  </p>
                )}
                <p class="note under">
                  Share of time is the sum of durations: it ranks where the time goes, not what is slowest.
                </p>
              </section>
            );
          }}
        </Part>
      </Page>
    </>
  );
}

function Busiest({ rows, total }: { rows: readonly ApiTransaction[]; total: number }) {
  const top = rows.reduce((a, b) => (b.totalMs > a.totalMs ? b : a));
  return (
    <>
      <code>{top.unit.name}</code> takes <b class="nb">{percent(total > 0 ? top.totalMs / total : 0)}</b> of
      the time
      {top.p95Ms !== null && (
        <>
          , <b class="nb">{milliseconds(top.p95Ms)}</b> at p95
        </>
      )}
      .
    </>
  );
}

function Row({ row, total, service }: { row: ApiTransaction; total: number; service: string }) {
  const example = row.examples[0];
  const share = total > 0 ? row.totalMs / total : 0;
  return (
    <tr data-row>
      <td>
        <a
          class="quiet mono"
          href={href(
            servicePath(service, `t/${row.unit.kind}/${encodeURIComponent(row.unit.name)}`),
            {},
            RANGE_KEYS,
          )}
        >
          {row.unit.name}
        </a>{' '}
        {row.unit.kind !== 'http' && <span class="chip">{row.unit.kind}</span>}{' '}
        {row.unit.guessed && <span class="chip">guessed</span>}
        {row.change && (
          <div class="shift small mid">
            <ShiftTag isSlower={row.change.isSlower} /> {unbroken(row.change.sentence.split(': ')[0] ?? '')}
          </div>
        )}
      </td>
      <td class="num" data-l="rate" title={`${row.count.toLocaleString('en')} in this range`}>
        {perSecond(row.perSecond)}
      </td>
      <td class="num mid" data-l="failed">
        {percent(row.failures / Math.max(1, row.count))}
      </td>
      <td class="num" data-l="p50">
        {ms(row.p50Ms)}
      </td>
      <td class="num only-xl">{ms(row.p75Ms)}</td>
      <td class="num key">
        <span class="only-s dim">p95 </span>
        {ms(row.p95Ms)}
      </td>
      <td class="num only-l">{ms(row.p99Ms)}</td>
      <td class="spk only-l">
        <Spark points={row.history.map(([t, , p95]) => [t, p95] as const)} colour="--bar" />
      </td>
      <td data-l="of time">
        <Share of={share} text={percent(share)} />
      </td>
      <td class="only-xl small dim">
        {example ? (
          <a
            class="quiet mono"
            href={traceHref(service, example.traceId, example.at)}
            title={`trace ${example.traceId}, ${milliseconds(example.durationMs)}`}
          >
            {example.traceId.slice(0, 8)}
          </a>
        ) : (
          UNKNOWN
        )}
      </td>
    </tr>
  );
}
