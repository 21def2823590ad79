import { useState } from 'preact/hooks';
import type { ApiFunction } from '../../../lib/http/flame-schemas.ts';
import { bySpread, PERCENTILES, PercentileCells, SpreadCell } from '../components/percentile-cells.tsx';
import { ShowAllLine } from '../components/show-all.tsx';
import { SortHead, sorted, useSort } from '../components/sort-head.tsx';
import { count, milliseconds } from '../format.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { throughput } from './amount.ts';
import { ProfileLinks } from './profile-links.tsx';

const FIRST = 10;

const KEYS: Readonly<Record<string, (row: ApiFunction) => number | string>> = {
  function: (row) => row.name,
  rate: (row) => row.perSecond,
  p50: (row) => row.total.p50Ms,
  p75: (row) => row.total.p75Ms,
  p95: (row) => row.total.p95Ms,
  p99: (row) => row.total.p99Ms,
  sum: (row) => row.total.sumMs,
};

/** Functions by the spread of their time over pieces of work; those that are slow only sometimes come first. */
export function WorkFunctions({ rows, service }: { rows: readonly ApiFunction[]; service: string }) {
  const [all, setAll] = useState(false);
  const { query } = usePlace();
  const sort = useSort('');
  const key = KEYS[sort.by];
  const ranked = key ? sorted(rows, key, sort.down) : [...rows].sort(bySpread);
  const libraries = query.get('libraries') === 'shown';
  const oneUnit = query.get('unit') !== null;
  return (
    <section class="work-functions">
      <div class="head">
        <h2>How long functions take</h2>
        <span class="note">{basisWords(rows)}, with what they call</span>
        <span class="grow" />
        <button
          type="button"
          class="btn"
          aria-pressed={libraries}
          onClick={() => go(hrefWith({ libraries: libraries ? null : 'shown' }), 'replace')}
        >
          Libraries too
        </button>
      </div>
      {rows.length === 0 ? (
        <p class="note">
          No function of {libraries ? 'these profiles' : 'your own code'} is known in this range: percentiles
          need profiles of wall or CPU time.
        </p>
      ) : (
        <div class="scroll">
          <table class="stack" id="functions">
            <thead>
              <tr>
                <SortHead by="function" sort={sort}>
                  Function
                </SortHead>
                {!oneUnit && <th scope="col">Unit</th>}
                <th scope="col">Spread</th>
                <SortHead by="rate" sort={sort} num>
                  Seen
                </SortHead>
                {PERCENTILES.map((word) => (
                  <SortHead key={word} by={word} sort={sort} num className={word === 'p75' ? 'only-xl' : ''}>
                    {word}
                  </SortHead>
                ))}
                <SortHead by="sum" sort={sort} num className="only-xl">
                  Sum
                </SortHead>
                <th scope="col">Longest</th>
              </tr>
            </thead>
            <tbody>
              {ranked.slice(0, all ? undefined : FIRST).map((row) => (
                <Row
                  key={[row.name, row.file, row.unit?.kind, row.unit?.name, row.basis].join('\n')}
                  row={row}
                  service={service}
                  oneUnit={oneUnit}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ShowAllLine first={FIRST} count={rows.length} {...{ all, setAll }} />
    </section>
  );
}

function Row({ row, service, oneUnit }: { row: ApiFunction; service: string; oneUnit: boolean }) {
  const { unit, total } = row;
  return (
    <tr data-row>
      <td class="span-name">
        <a
          class="quiet mono strong"
          href={hrefWith({ q: row.name, frame: null, ...(unit && { unit: `${unit.kind} ${unit.name}` }) })}
          aria-label={`${row.name} in the flame graph`}
          onClick={() => scrollTo(0, 0)}
        >
          {row.name}
        </a>{' '}
        <span class="small dim">{row.file}</span>
      </td>
      {!oneUnit && (
        <td class="small full">
          {unit ? <span class="mono">{unit.name}</span> : <span class="dim">whole profiles</span>}
        </td>
      )}
      <SpreadCell spread={row.spread} />
      <td class="num" data-l="seen" title={`${count(row.seen)} of ${count(row.known)} ${row.basis}s`}>
        {throughput(row.perSecond)}
      </td>
      <PercentileCells of={total} />
      <td class="num only-xl">{milliseconds(total.sumMs)}</td>
      <td class="small" data-l="longest">
        <ProfileLinks service={service} examples={row.examples} about={row.name} />
      </td>
    </tr>
  );
}

/** What a time in the table is of. */
export function basisWords(rows: readonly ApiFunction[]): string {
  const bases = new Set(rows.map(({ basis }) => basis));
  if (bases.size === 2) return 'time per transaction, or per profile where those name none';
  return bases.has('profile') ? 'time per profile' : 'time per transaction';
}
