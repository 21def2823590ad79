import type { Tick } from '../time.ts';
import type { ValueAxis } from './scale.ts';

export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: (t: number) => number;
  readonly y: (v: number) => number;
  readonly timeAt: (px: number) => number;
}

export function frameOf(
  size: { width: number; height: number },
  margins: Margins,
  domain: { from: number; to: number },
  top: number,
): Frame {
  const left = margins.left;
  const right = size.width - margins.right;
  const bottom = size.height - margins.bottom;
  const span = domain.to - domain.from || 1;
  return {
    ...size,
    left,
    right,
    top: margins.top,
    bottom,
    x: (t) => left + ((t - domain.from) / span) * (right - left),
    y: (v) => bottom - (v / top) * (bottom - margins.top),
    timeAt: (px) => domain.from + ((px - left) / (right - left)) * span,
  };
}

const LETTER_PX = 6.2;

/** Hairlines with their values, the unit once on top, days and hours below. No frame, no vertical lines. */
export function Axes({
  frame,
  axis,
  ticks,
  unitY,
}: {
  frame: Frame;
  axis: ValueAxis;
  ticks: readonly Tick[];
  unitY: number;
}) {
  const extent = ({ t, label, midnight }: Tick): [number, number] => {
    const long = label.length * LETTER_PX;
    const start = midnight ? frame.x(t) + 5 : frame.x(t) - long / 2;
    return [start, start + long];
  };
  // A label that would be cut off at either end says nothing; nor does an hour that runs into the name of a day.
  const isWhole = (tick: Tick) => {
    const [start, end] = extent(tick);
    return end <= frame.width && (tick.midnight || start >= 0);
  };
  const days = ticks.filter((tick) => tick.midnight && isWhole(tick)).map(extent);
  const isFree = (tick: Tick) => {
    const [start, end] = extent(tick);
    return tick.midnight || days.every(([from, to]) => end + LETTER_PX < from || start > to + LETTER_PX);
  };
  return (
    <g>
      {axis.ticks.map(({ value, label }) => (
        <g key={value}>
          <path class="g" d={`M${frame.left} ${frame.y(value)}H${frame.right}`} />
          <text x={frame.left - 7} y={frame.y(value) + 4} text-anchor="end">
            {label}
          </text>
        </g>
      ))}
      <text x={frame.left - 7} y={unitY} text-anchor={frame.left > 36 ? 'end' : 'middle'}>
        {axis.unit}
      </text>
      {ticks
        .filter((tick) => isWhole(tick) && isFree(tick))
        .map(({ t, label, midnight }) => (
          <g key={t}>
            <path class="g" d={`M${frame.x(t)} ${frame.bottom}v${midnight ? 6 : 4}`} />
            <text
              x={frame.x(t) + (midnight ? 5 : 0)}
              y={frame.bottom + 16}
              class={midnight ? 'l' : ''}
              text-anchor={midnight ? 'start' : 'middle'}
            >
              {label}
            </text>
          </g>
        ))}
    </g>
  );
}
