import { useState } from 'preact/hooks';
import type { ApiSuspectSpan, ApiSuspects } from '../../../lib/http/trace-schemas.ts';
import { PERCENTILES, PercentileCells } from '../components/percentile-cells.tsx';
import { ShowAllLine } from '../components/show-all.tsx';
import { Share } from '../components/tag.tsx';
import { count, digits, percent } from '../format.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { ExampleLinks } from './example-links.tsx';

const FIRST = 12;

/** Spans of a unit by what they are, ranked by the time they take themselves. */
export function SuspectsTable({ data, service }: { data: ApiSuspects; service: string }) {
  const [all, setAll] = useState(false);
  const by = usePlace().query.get('by') === 'total' ? 'total' : 'self';
  const rows = by === 'total' ? [...data.spans].sort((a, b) => b.total.sumMs - a.total.sumMs) : data.spans;
  if (rows.length === 0) return null;
  return (
    <section>
      <div class="head">
        <h2>Suspect spans</h2>
        <span class="note">ranked by the sum of their {by} time</span>
        <span class="grow" />
        <fieldset class="seg" aria-label="Time of spans">
          {(['self', 'total'] as const).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === by}
              onClick={() => go(hrefWith({ by: one === 'total' ? one : null }), 'replace')}
            >
              {one === 'self' ? 'Self' : 'Total'}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="scroll">
        <table class="stack" id="suspects">
          <thead>
            <tr>
              <th scope="col" class="w25">
                Span
              </th>
              <th scope="col" class="num only-xl">
                Count
              </th>
              <th scope="col" class="num">
                Per request
              </th>
              <th scope="col" class="num only-xl">
                Of requests
              </th>
              {PERCENTILES.map((word) => (
                <th key={word} scope="col" class={word === 'p75' || word === 'p99' ? 'num only-xl' : 'num'}>
                  {word}
                </th>
              ))}
              <th scope="col">Share, self</th>
              <th scope="col">Examples</th>
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, FIRST)).map((row) => (
              <SuspectRow key={`${row.op} ${row.group}`} row={row} times={row[by]} service={service} />
            ))}
          </tbody>
        </table>
      </div>
      <ShowAllLine first={FIRST} count={rows.length} {...{ all, setAll }} />
    </section>
  );
}

function SuspectRow({
  row,
  times,
  service,
}: {
  row: ApiSuspectSpan;
  times: ApiSuspectSpan['self'];
  service: string;
}) {
  return (
    <tr data-row>
      <td class="span-name">
        <span class="between-spans">
          <span class="dim">{row.op}</span>{' '}
          <span class="mono" title={row.group}>
            {row.group}
          </span>
        </span>
      </td>
      <td class="num only-xl">{count(Math.round(row.count))}</td>
      <td class="num" data-l="per request">
        {digits(Math.round(row.perRequest * 10) / 10)}
      </td>
      <td class="num only-xl">{percent(Math.min(1, row.frequency))}</td>
      <PercentileCells of={times} spare />
      <td>
        <Share of={row.share} text={percent(row.share)} />
      </td>
      <td class="small" data-l="examples">
        <ExampleLinks
          service={service}
          examples={row.examples}
          about={`${row.op} ${row.group}`}
          open={({ spanId }) => ({ span: spanId })}
        />
      </td>
    </tr>
  );
}
