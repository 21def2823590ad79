import type { Estimate } from '../format.ts';
import { digits, type Scale } from '../format.ts';
import { useWidth } from './use-width.ts';

export interface IntervalAxis {
  readonly min: number;
  readonly max: number;
  readonly scale: Scale;
  readonly ticks: readonly number[];
}

const PAD = 6;
const HEIGHT = 22;

/** One axis for all rows. A whisker may run out of it: a wild row must not press the others to a dot. */
export function intervalAxis(rows: readonly Estimate[], scaleFor: (v: number) => Scale): IntervalAxis {
  const biggest = Math.max(1, ...rows.map((row) => Math.abs(row.value)));
  const room = biggest * 1.15;
  const clip = (v: number) => Math.max(-room, Math.min(room, v));
  const min = Math.min(0, ...rows.map((row) => clip(row.low)));
  const max = Math.max(0, ...rows.map((row) => clip(row.high)));
  const scale = scaleFor(biggest);
  const span = (max - min) / scale.size;
  const step =
    [1, 2, 5]
      .map((n) => n * 10 ** Math.floor(Math.log10(span || 1)))
      .flatMap((n) => [n / 10, n])
      .sort((a, b) => a - b)
      .find((size) => span / size <= 6) ?? 1;
  const ticks: number[] = [];
  for (let v = Math.ceil(min / scale.size / step) * step; v <= max / scale.size; v += step)
    ticks.push(v * scale.size);
  return { min, max, scale, ticks };
}

const place = (axis: IntervalAxis, width: number) => (v: number) =>
  PAD + ((v - axis.min) / (axis.max - axis.min || 1)) * (width - 2 * PAD);

export function IntervalHead({ axis }: { axis: IntervalAxis }) {
  const [box, width] = useWidth(200);
  const x = place(axis, width);
  return (
    <div class="chart" ref={box}>
      <svg width={width} height="16" aria-hidden="true">
        {axis.ticks.map((v) => (
          <text key={v} x={x(v)} y="12" text-anchor="middle">
            {v === 0 ? `0 ${axis.scale.unit}` : digits(v / axis.scale.size)}
          </text>
        ))}
      </svg>
    </div>
  );
}

/** Point, whiskers and the zero line; orange only if the whole interval is above zero and it is named as a suspect. */
export function IntervalPlot({ of, axis, named }: { of: Estimate; axis: IntervalAxis; named: boolean }) {
  const [box, width] = useWidth(200);
  const x = place(axis, width);
  const middle = HEIGHT / 2;
  const colour = named && of.low > 0 ? 'var(--growth-mark)' : 'var(--bar)';
  const [low, high] = [Math.max(of.low, axis.min), Math.min(of.high, axis.max)];
  return (
    <div class="chart" ref={box}>
      <svg
        class={`interval${named && of.low > 0 ? ' above' : ''}`}
        width={width}
        height={HEIGHT}
        aria-hidden="true"
      >
        <path d={`M${x(0)} -9V${HEIGHT + 9}`} stroke="var(--line-strong)" />
        <path d={`M${x(low)} ${middle}H${x(high)}`} stroke={colour} stroke-width="2" />
        {low === of.low && <path d={`M${x(low)} ${middle - 4}v8`} stroke={colour} stroke-width="1.4" />}
        {high === of.high && <path d={`M${x(high)} ${middle - 4}v8`} stroke={colour} stroke-width="1.4" />}
        <circle cx={x(of.value)} cy={middle} r="3.8" fill={colour} stroke="var(--paper)" stroke-width="1.5" />
      </svg>
    </div>
  );
}
