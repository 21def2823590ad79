import { useState } from 'preact/hooks';
import { useApi } from '../api.ts';
import { useCountRange } from '../default-range.ts';
import { count, percent } from '../format.ts';
import { href, RANGE_KEYS, servicePath } from '../router.ts';
import type { UnitList } from '../types.ts';
import { ShowAll } from './show-all.tsx';
import { Spark } from './spark.tsx';
import { Empty, Part } from './states.tsx';

const FIRST = 12;

/** What the service did in this range: counts are what memory is compared with. */
export function UnitsOfWork({ service }: { service: string }) {
  const counted = useCountRange(service);
  const [all, setAll] = useState(false);
  const units = useApi<UnitList>(
    counted.ready ? `/services/${encodeURIComponent(service)}/units` : undefined,
    counted.key,
    counted.query,
  );
  return (
    <section>
      <div class="head">
        <h2>Work in this range</h2>
        <span class="note">growth is compared with each of these counts</span>
      </div>
      <Part of={units} what="the units of work" chart={false}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              No counts of work in this range, so growth can be seen but no unit named.{' '}
              <a href={href(servicePath(service, 'health'))}>Lines that send them</a>
            </Empty>
          ) : (
            <>
              <div class="scroll">
                <table class="stack">
                  <thead>
                    <tr>
                      <th scope="col">Unit</th>
                      <th scope="col" class="num">
                        Count
                      </th>
                      <th scope="col" class="num">
                        Failed
                      </th>
                      <th scope="col" class="num only-xl">
                        Running now
                      </th>
                      <th scope="col" class="spk">
                        Count over time
                      </th>
                      <th scope="col">Counted by</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.slice(0, all ? undefined : FIRST).map((item) => (
                      <tr key={`${item.unit.kind} ${item.unit.name}`} data-row>
                        <td>
                          <a
                            class="quiet mono"
                            href={href(
                              servicePath(
                                service,
                                `t/${item.unit.kind}/${encodeURIComponent(item.unit.name)}`,
                              ),
                              {},
                              RANGE_KEYS,
                            )}
                          >
                            {item.unit.name}
                          </a>{' '}
                          {item.unit.kind !== 'http' && <span class="chip">{item.unit.kind}</span>}{' '}
                          {item.unit.guessed && <span class="chip">guessed</span>}
                        </td>
                        <td class="num key">{count(item.count)}</td>
                        <td class="num mid" data-l="failed">
                          {item.failures
                            ? `${count(item.failures)} (${percent(item.failures / Math.max(1, item.count))})`
                            : '0'}
                        </td>
                        <td class="num mid only-xl">{item.active === null ? '–' : count(item.active)}</td>
                        <td class="spk only-l">
                          <Spark points={item.history} colour="--bar" />
                        </td>
                        <td class="dim small">
                          <span class="mono">{item.source}</span>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <ShowAll class="link under" first={FIRST} count={items.length} {...{ all, setAll }} />
            </>
          )
        }
      </Part>
    </section>
  );
}
