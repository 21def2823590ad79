import type { ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { nearest } from '../charts/reduce.ts';
import { amount } from '../format.ts';
import { day, hourMinuteSecond, zoneName } from '../time.ts';
import { useView } from '../view.ts';

const MOST = 120;

/** The chart's points as rows, for those who read rather than look; every n-th one when there are many. */
export function PointsTable({ series }: { series: ApiMemorySeries }) {
  const { zone } = useView();
  const step = Math.ceil(series.points.length / MOST) || 1;
  const rows = series.points.filter((_, i) => i % step === 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="scroll points" tabIndex={0} aria-label="Points of the chart">
      <table>
        <thead>
          <tr>
            <th scope="col">Time, {zoneName(zone)}</th>
            <th scope="col" class="num">
              Raw
            </th>
            <th scope="col" class="num">
              Floor
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([t, v]) => (
            <tr key={t}>
              <td>
                {day(t, zone)} {hourMinuteSecond(t, zone)}
              </td>
              <td class="num">{amount(v, series.unit)}</td>
              <td class="num">
                {series.floor.length ? amount(series.floor[nearest(series.floor, t)]![1], series.unit) : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {step > 1 && (
        <p class="note">
          Every {step}th of {series.points.length} points.
        </p>
      )}
    </section>
  );
}
