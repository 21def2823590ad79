import { useWidth } from '../charts/use-width.ts';

export type Points = readonly (readonly [number, number])[];

/**
 * The floor, small: what comes after the onset takes the colour of growth, the limit is a dotted line. Zero is on the
 * axis. A limit far above the data is left out, since it would press the line flat.
 */
export function Spark({
  points,
  height = 26,
  limit,
  onset,
  releases = [],
  label,
  colour = '--floor-mark',
}: {
  points: Points;
  height?: number;
  limit?: number | null;
  onset?: number | null;
  releases?: readonly number[];
  label?: string;
  colour?: string;
}) {
  const [box, width] = useWidth(120);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return <span class="small dim">too few points</span>;
  const top = Math.max(...points.map(([, v]) => v));
  const ceiling = limit && limit < top * 2.5 ? Math.max(limit, top) : top * 1.12 || 1;
  const x = (t: number) => 2 + ((t - first[0]) / (last[0] - first[0] || 1)) * (width - 6);
  const y = (v: number) => height - 3 - (v / ceiling) * (height - 7);
  const path = (part: Points) =>
    part.map(([t, v], i) => `${i ? 'L' : 'M'}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join('');
  const turn = onset && onset < last[0] ? points.findIndex(([t]) => t >= onset) : -1;
  const grows = turn >= 0;
  return (
    <div class="chart" ref={box}>
      <svg
        width={width}
        height={height}
        role={label ? 'img' : 'presentation'}
        aria-label={label}
        aria-hidden={label ? undefined : 'true'}
      >
        {ceiling === limit && (
          <path d={`M0 ${y(limit)}H${width}`} stroke="var(--ink-3)" stroke-dasharray="1 3" />
        )}
        {releases
          .filter((t) => t > first[0] && t < last[0])
          .map((t) => (
            <path key={t} d={`M${x(t)} 2V${height}`} stroke="var(--deploy-mark)" stroke-width="1.2" />
          ))}
        <path
          d={path(grows ? points.slice(0, turn + 1) : points)}
          fill="none"
          stroke={`var(${colour})`}
          stroke-width="1.5"
          stroke-linejoin="round"
        />
        {grows && (
          <path
            d={path(points.slice(turn))}
            fill="none"
            stroke="var(--growth-mark)"
            stroke-width="1.8"
            stroke-linejoin="round"
          />
        )}
        <circle
          cx={x(last[0])}
          cy={y(last[1])}
          r="2.4"
          fill={grows ? 'var(--growth-mark)' : `var(${colour})`}
        />
      </svg>
    </div>
  );
}
