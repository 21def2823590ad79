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
  // A label that would be cut off at either end says nothing.
  const whole = ({ t, label, midnight }: Tick) => {
    const half = (label.length * LETTER_PX) / 2;
    return midnight
      ? frame.x(t) + 5 + 2 * half <= frame.width
      : frame.x(t) - half >= 0 && frame.x(t) + half <= frame.width;
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
      {ticks.filter(whole).map(({ t, label, midnight }) => (
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
