import type { ApiDeploy, ApiTransaction } from '../../../lib/http/schemas.ts';
import { milliseconds } from '../format.ts';
import { timeTicks, when } from '../time.ts';
import { useView } from '../view.ts';
import { Axes, frameOf } from './frame.tsx';
import { type Label, placeLabels } from './labels.ts';
import { type Point, pathOf, runs } from './reduce.ts';
import { valueAxis } from './scale.ts';
import { useWidth } from './use-width.ts';

/** p50 and p95 over time: p50 ink and 2 px, the tail lighter; each named with its value at the right end. */
export function Percentiles({ row, deploys }: { row: ApiTransaction; deploys: readonly ApiDeploy[] }) {
  const { zone, now } = useView();
  const [box, width] = useWidth(900);
  const narrow = width < 620;
  const first = row.history[0]?.[0] ?? 0;
  const last = row.history.at(-1)?.[0] ?? 1;
  const lines = [
    {
      name: 'p50',
      stroke: 'var(--ink)',
      strokeWidth: 2,
      className: 'l t-ink',
      points: row.history.map(([t, v]): Point => [t, v]),
    },
    {
      name: 'p95',
      stroke: 'var(--ink-3)',
      strokeWidth: 1.5,
      className: 'l',
      points: row.history.map(([t, , v]): Point => [t, v]),
    },
  ];
  const axis = valueAxis(Math.max(...row.history.map(([, , p95]) => p95)), 'ms');
  const margins = narrow
    ? { left: 34, right: 52, top: 34, bottom: 24 }
    : { left: 44, right: 84, top: 36, bottom: 24 };
  const frame = frameOf({ width, height: narrow ? 200 : 232 }, margins, { from: first, to: last }, axis.top);
  const { x, y, top, bottom, right } = frame;
  const shown = deploys.filter((deploy) => deploy.at > first && deploy.at < last);
  const labels: Label[] = [
    ...lines.flatMap(({ name, className, points }) => {
      const end = points.at(-1);
      if (!end) return [];
      const text = narrow ? name : `${name} ${milliseconds(end[1])}`;
      return [
        {
          text,
          className,
          needed: true,
          spots: [{ x: right + 7, y: y(end[1]) + 4, anchor: 'start' as const }],
        },
      ];
    }),
    ...shown.map((deploy) => ({
      text: narrow ? deploy.version : `${deploy.version} · ${when(deploy.at, now, zone)}`,
      className: 'l t-deploy halo',
      spots: [
        { x: x(deploy.at) - 9, y: top - 10, anchor: 'end' as const },
        { x: x(deploy.at) + 9, y: top - 10, anchor: 'start' as const },
      ],
    })),
  ];
  const label = `Durations of ${row.unit.name}: ${lines.map(({ name, points }) => `${name} from ${milliseconds(points[0]?.[1] ?? 0)} to ${milliseconds(points.at(-1)?.[1] ?? 0)}`).join(', ')}.`;
  return (
    <div class="chart percentiles" ref={box}>
      <svg height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
        <Axes
          frame={frame}
          axis={axis}
          ticks={timeTicks(first, last, (right - frame.left) / (narrow ? 70 : 95), zone)}
          unitY={top - 22}
        />
        {shown.map((deploy) => (
          <g key={deploy.at}>
            <path
              d={`M${x(deploy.at)} ${top - 12}V${bottom}`}
              stroke="var(--deploy-mark)"
              stroke-width="1.2"
            />
            <path d={`M${x(deploy.at)} ${top - 18}l4.5 4.5l-4.5 4.5l-4.5 -4.5z`} fill="var(--deploy-mark)" />
          </g>
        ))}
        {lines.flatMap(({ name, stroke, strokeWidth, points }) =>
          runs(points).map((run) => (
            <path
              key={`${name}${run[0]?.[0]}`}
              d={pathOf(run, x, y)}
              fill="none"
              stroke={stroke}
              stroke-width={strokeWidth}
              stroke-linejoin="round"
            />
          )),
        )}
        {placeLabels(labels, width).map((one) => (
          <text key={one.text} x={one.x} y={one.y} text-anchor={one.anchor} class={one.className}>
            {one.text}
          </text>
        ))}
      </svg>
    </div>
  );
}
