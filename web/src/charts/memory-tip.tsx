import type { ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { amount, seconds } from '../format.ts';
import { day, hourMinuteSecond, zoneName } from '../time.ts';
import { useView } from '../view.ts';
import type { Point } from './reduce.ts';

const ROOM_PX = 200;

/** The values at the cursor: time with its zone, raw, floor, life. Stands beside the point, never over it. */
export function MemoryTip({
  series,
  cursor: [t, raw],
  floorAt,
  px,
  top,
  width,
}: {
  series: ApiMemorySeries;
  cursor: Point;
  floorAt: Point | undefined;
  px: number;
  top: number;
  width: number;
}) {
  const { zone } = useView();
  const life = series.lives.find((one) => t >= one.from && t <= one.to);
  const doubtful = series.confirmedUntil !== null && t > series.confirmedUntil;
  const left = px > width - ROOM_PX ? Math.max(0, px - ROOM_PX + 22) : px + 12;
  return (
    <div class="tip" style={{ left: `${left}px`, top: `${top}px` }}>
      <b>
        {day(t, zone)} {hourMinuteSecond(t, zone)} {zoneName(zone)}
      </b>
      <dl>
        <dt>raw</dt>
        <dd>{amount(raw, series.unit)}</dd>
        {floorAt && (
          <>
            <dt>floor</dt>
            <dd>
              {amount(floorAt[1], series.unit)}
              {doubtful ? ', not confirmed' : ''}
            </dd>
          </>
        )}
        {life && (
          <>
            <dt>life</dt>
            <dd>
              {life.version ? `${life.version}, ` : ''}
              {seconds((t - (life.startedAt ?? life.from)) / 1000)}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}
