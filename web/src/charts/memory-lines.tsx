import type { ApiMemorySeries } from '../../../lib/http/schemas.ts';
import type { Frame } from './frame.tsx';
import type { Forecast } from './memory-model.ts';
import { type Point, pathOf, runs, thin } from './reduce.ts';

/** Raw points thin and grey, the floor over them; what comes after the last confirmed low is dotted. */
export function MemoryLines({
  series,
  points,
  floor,
  frame: { x, y },
}: {
  series: ApiMemorySeries;
  points: readonly Point[];
  floor: readonly Point[];
  frame: Frame;
}) {
  const starts = series.lives.map((life) => life.from);
  const sure = series.confirmedUntil ?? Number.POSITIVE_INFINITY;
  return (
    <>
      {runs(points, starts).map((run) => (
        <path
          key={run[0]?.[0]}
          class="raw"
          d={pathOf(thin(run, x), x, y)}
          fill="none"
          stroke="var(--raw)"
          stroke-width=".75"
          stroke-linejoin="round"
        />
      ))}
      {runs(floor, starts, Number.POSITIVE_INFINITY).map((run) => {
        const cut = run.findIndex(([t]) => t > sure);
        const solid = cut < 0 ? run : run.slice(0, cut);
        const tail = cut < 0 ? [] : run.slice(Math.max(0, cut - 1));
        return (
          <g key={run[0]?.[0]} class="floor" fill="none" stroke="var(--floor-mark)" stroke-linejoin="round">
            <path d={pathOf(solid, x, y)} stroke-width="2" />
            <path d={pathOf(tail, x, y)} stroke-width="1.6" stroke-dasharray="1.5 2.5" />
          </g>
        );
      })}
    </>
  );
}

/** The floor's way to the limit, with the wedge of its interval; `clip` names the plot. */
export function ForecastWedge({
  of,
  limit,
  frame: { x, y, right },
  clip,
}: {
  of: Forecast;
  limit: number;
  frame: Frame;
  clip: string;
}) {
  const start = `M${x(of.t)} ${y(of.v)}`;
  return (
    <>
      <g class="forecast" clip-path={`url(#${clip})`}>
        <path
          d={`${start}L${x(of.low)} ${y(limit)}L${x(of.high)} ${y(limit)}Z`}
          fill="var(--growth-mark)"
          opacity=".14"
        />
        <path
          d={`${start}L${x(of.at)} ${y(limit)}`}
          stroke="var(--growth-mark)"
          stroke-width="1.6"
          stroke-dasharray="5 4"
          fill="none"
        />
      </g>
      {x(of.at) <= right && (
        <circle
          cx={x(of.at)}
          cy={y(limit)}
          r="3.5"
          fill="var(--paper)"
          stroke="var(--growth-mark)"
          stroke-width="1.8"
        />
      )}
    </>
  );
}
