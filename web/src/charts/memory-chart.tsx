import { useId, useState } from 'preact/hooks';
import { seconds } from '../format.ts';
import { go, hrefWith } from '../router.ts';
import { dayTime, isoTime, timeTicks } from '../time.ts';
import { useView } from '../view.ts';
import { Axes, type Frame, frameOf } from './frame.tsx';
import { placeLabels } from './labels.ts';
import { Lives } from './lives.tsx';
import { labelsOf, nowTop } from './memory-labels.ts';
import { ForecastWedge, MemoryLines } from './memory-lines.tsx';
import { ceilingOf, describe, domainOf, forecastOf, type MemoryInput } from './memory-model.ts';
import { MemoryTip } from './memory-tip.tsx';
import { nearest } from './reduce.ts';
import { valueAxis } from './scale.ts';
import { useBrush } from './use-brush.ts';
import { useWidth } from './use-width.ts';

const MIN_BAND_PX = 7;
const STALE_INTERVALS = 3;

/** Memory of one instance: raw points, floor, lives, onset, releases, limit, forecast. */
export function MemoryChart(input: MemoryInput) {
  const { series, deploys, now } = input;
  const { zone } = useView();
  const [box, width] = useWidth(900);
  const [at, setAt] = useState<number | undefined>();
  const stripes = useId();

  const narrow = width < 620;
  const domain = domainOf(input);
  const { max, limit } = ceilingOf(input, domain.from);
  const axis = valueAxis(max, series.unit);
  const margins = narrow
    ? { left: 32, right: 8, top: 40, bottom: 52 }
    : { left: 44, right: 24, top: 44, bottom: 52 };
  const frame = frameOf({ width, height: narrow ? 286 : 352 }, margins, domain, axis.top);
  const { x, y, left, right, top, bottom } = frame;
  const brush = useBrush(frame, (from, to) => go(hrefWith({ from: isoTime(from), to: isoTime(to) })));

  const points = series.points.filter(([t]) => t >= domain.from && t <= domain.to);
  const floor = series.floor.filter(([t]) => t >= domain.from && t <= domain.to);
  const forecast = limit === undefined ? undefined : forecastOf(input);
  const onset =
    series.onset && series.onset.t >= domain.from && series.onset.t <= domain.to ? series.onset : undefined;
  const band = onset && bandOf(x(onset.low), x(onset.high), left, right);
  const releases = deploys.filter((deploy) => deploy.at >= domain.from && deploy.at <= domain.to);
  const labels = placeLabels(
    labelsOf(input, frame, { limit, forecast, zone, narrow, band }),
    width,
    uprights(frame, band, releases),
  );
  const last = points.at(-1);
  const every = points.length > 2 ? (points.at(-1)![0] - points[0]![0]) / (points.length - 1) : 0;
  const staleFrom =
    last && every > 0 && domain.measuredTo - last[0] > STALE_INTERVALS * every ? last[0] : undefined;

  const cursor = at === undefined ? undefined : points[Math.min(at, points.length - 1)];
  const floorAt = cursor && floor.length ? floor[nearest(floor, cursor[0])] : undefined;

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') setAt(undefined);
    if (!step || points.length === 0) return;
    event.preventDefault();
    const by = step * (event.shiftKey ? 10 : 1);
    setAt(Math.max(0, Math.min(points.length - 1, (at ?? points.length - 1) + by)));
  };
  return (
    <div class="chart" ref={box}>
      <svg
        height={frame.height}
        viewBox={`0 0 ${width} ${frame.height}`}
        role="img"
        aria-label={describe(input, zone)}
        tabindex={0}
        class={brush.dragging ? 'dragging' : ''}
        onKeyDown={onKey}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        onPointerMove={(event) => {
          brush.move(event);
          const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
          setAt(points.length && px >= left && px <= right ? nearest(points, frame.timeAt(px)) : undefined);
        }}
        onPointerDown={brush.start}
        onPointerUp={brush.end}
        onPointerCancel={brush.cancel}
        onDblClick={() => go(hrefWith({ from: null, to: null }))}
      >
        <defs>
          <pattern
            id={stripes}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <path d="M0 0V6" stroke="var(--gap-mark)" stroke-width="3" opacity=".35" />
          </pattern>
          <clipPath id={`${stripes}c`}>
            <rect x={left} y="0" width={Math.max(0, right - left)} height={bottom} />
          </clipPath>
        </defs>
        <Axes
          frame={frame}
          axis={axis}
          ticks={timeTicks(domain.from, domain.to, (right - left) / (narrow ? 70 : 95), zone)}
          unitY={top - 28}
        />
        {staleFrom !== undefined && (
          <rect
            x={x(staleFrom)}
            y={top}
            width={Math.max(0, x(Math.min(domain.measuredTo, now)) - x(staleFrom))}
            height={bottom - top}
            fill={`url(#${stripes})`}
          />
        )}
        {band && (
          <rect
            class="onset-band"
            x={band[0]}
            y={top - 6}
            width={band[1] - band[0]}
            height={bottom - top + 6}
            fill="var(--growth-mark)"
            opacity=".22"
          />
        )}
        {limit !== undefined && (
          <path
            class="limit"
            d={`M${left} ${y(limit)}H${right}`}
            stroke="var(--ink)"
            stroke-dasharray="1 3"
          />
        )}
        <MemoryLines series={series} points={points} floor={floor} frame={frame} />
        {forecast && limit !== undefined && (
          <ForecastWedge of={forecast} limit={limit} frame={frame} clip={`${stripes}c`} />
        )}
        {x(now) > left && x(now) < right - 2 && (
          <path d={`M${x(now)} ${nowTop(input, frame)}V${bottom}`} stroke="var(--line-strong)" />
        )}
        {releases.map((deploy) => (
          <g key={deploy.at} class="release">
            <title>{`${deploy.version}, ${dayTime(deploy.at, zone)}`}</title>
            <path
              d={`M${x(deploy.at)} ${top - 14}V${bottom}`}
              stroke="var(--deploy-mark)"
              stroke-width="1.2"
            />
            <path d={`M${x(deploy.at)} ${top - 20}l4.5 4.5l-4.5 4.5l-4.5 -4.5z`} fill="var(--deploy-mark)" />
          </g>
        ))}
        <Lives lives={series.lives} frame={frame} points={points} />
        {labels.map((label) => (
          <text key={label.text} x={label.x} y={label.y} text-anchor={label.anchor} class={label.className}>
            {label.text}
          </text>
        ))}
        {brush.span && (
          <g>
            <rect
              x={brush.span[0]}
              y={top}
              width={brush.span[1] - brush.span[0]}
              height={bottom - top}
              fill="var(--ink)"
              opacity=".1"
            />
            <text
              class="l t-ink halo"
              x={(brush.span[0] + brush.span[1]) / 2}
              y={top + 16}
              text-anchor="middle"
            >
              {seconds((frame.timeAt(brush.span[1]) - frame.timeAt(brush.span[0])) / 1000)}
            </text>
          </g>
        )}
        {cursor && (
          <g pointer-events="none">
            <path d={`M${x(cursor[0])} ${top}V${bottom}`} stroke="var(--ink)" />
            <circle cx={x(cursor[0])} cy={y(cursor[1])} r="2.5" fill="var(--raw)" />
            {floorAt && (
              <circle
                cx={x(cursor[0])}
                cy={y(floorAt[1])}
                r="3.5"
                fill="var(--floor-mark)"
                stroke="var(--paper)"
                stroke-width="1.5"
              />
            )}
          </g>
        )}
      </svg>
      {cursor && !brush.dragging && (
        <MemoryTip
          series={series}
          cursor={cursor}
          floorAt={floorAt}
          px={x(cursor[0])}
          top={top + 44}
          width={width}
        />
      )}
    </div>
  );
}

/** Upright marks that a label about something else must not cross. */
const uprights = (frame: Frame, band: [number, number] | undefined, releases: readonly { at: number }[]) => {
  const upright = (from: number, to: number) => ({
    left: from - 1,
    right: to + 1,
    top: frame.top,
    bottom: frame.bottom,
  });
  return [
    ...(band ? [upright(...band)] : []),
    ...releases.map(({ at }) => upright(frame.x(at), frame.x(at))),
  ];
};

function bandOf(low: number, high: number, left: number, right: number): [number, number] {
  const spare = Math.max(0, MIN_BAND_PX - (high - low)) / 2;
  return [Math.max(left, low - spare), Math.min(right, Math.max(high + spare, left + MIN_BAND_PX))];
}
