import type { ApiTransaction } from '../../../lib/http/schemas.ts';
import { PERCENTILES, PercentileCells } from '../components/percentile-cells.tsx';
import { count, percent } from '../format.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';

/** What requests took with each release, the newest first. Nothing where no sender names one. */
export function ByRelease({ versions }: Pick<ApiTransaction, 'versions'>) {
  const { zone } = useView();
  if (versions.every(({ version }) => version === '')) return null;
  return (
    <section id="by-release">
      <div class="head">
        <h2>By release</h2>
        <span class="note">as far as their durations came as spans</span>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Release</th>
              <th scope="col">First seen</th>
              {['Count', 'Failed'].map((word) => (
                <th key={word} scope="col" class="num">
                  {word}
                </th>
              ))}
              {PERCENTILES.map((word) => (
                <th key={word} scope="col" class={word === 'p75' ? 'num only-xl' : 'num'}>
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {versions.toReversed().map((one) => (
              <tr key={one.version}>
                <td class="mono strong">{one.version || 'without a name'}</td>
                <td class="mid" data-l="since">
                  {dayTime(one.firstAt, zone)}
                </td>
                <td class="num" data-l="count">
                  {count(Math.round(one.requests))}
                </td>
                <td class="num mid" data-l="failed">
                  {percent(one.failures / Math.max(1, one.requests))}
                </td>
                <PercentileCells of={one} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
