import { useState } from 'preact/hooks';
import type { ApiSuspects } from '../../../lib/http/trace-schemas.ts';
import { bySpread, PERCENTILES, PercentileCells, SpreadCell } from '../components/percentile-cells.tsx';
import { ShowAllLine } from '../components/show-all.tsx';
import { percent } from '../format.ts';
import { href, RANGE_KEYS, servicePath } from '../router.ts';

const FIRST = 8;

/** The team's own functions by their time in a request; those that are slow only sometimes come first. */
export function FunctionsTable({ data, service }: { data: ApiSuspects; service: string }) {
  const [all, setAll] = useState(false);
  const { functions, unit } = data;
  if (functions.length === 0) return null;
  const rows = [...functions].sort((a, b) => bySpread(a, b) || b.sumMs - a.sumMs);
  return (
    <section>
      <div class="head">
        <h2>Functions</h2>
        <span class="note">their time in a request, from profiles</span>
      </div>
      <div class="scroll">
        <table class="stack" id="unit-functions">
          <thead>
            <tr>
              <th scope="col" class="w25">
                Function
              </th>
              <th scope="col">Spread</th>
              <th scope="col" class="num">
                Seen in
              </th>
              {PERCENTILES.map((word) => (
                <th key={word} scope="col" class={word === 'p75' ? 'num only-xl' : 'num'}>
                  {word}
                </th>
              ))}
              <th scope="col">
                <span class="sr">Flame graph</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, FIRST)).map((row) => (
              <tr key={`${row.name} ${row.file}`} data-row>
                <td class="span-name">
                  <span class="mono strong">{row.name}</span> <span class="small dim">{row.file}</span>
                </td>
                <SpreadCell spread={row.spread} />
                <td class="num" data-l="seen in">
                  {percent(row.requests > 0 ? row.seen / row.requests : 0)}
                </td>
                <PercentileCells of={row} />
                <td class="num small">
                  <a
                    href={href(
                      servicePath(service, 'flame'),
                      { unit: `${unit.kind} ${unit.name}`, q: row.name },
                      RANGE_KEYS,
                    )}
                    aria-label={`Flame graph of ${row.name}`}
                  >
                    Flame graph
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ShowAllLine first={FIRST} count={rows.length} {...{ all, setAll }} />
    </section>
  );
}
