import { amount, bytes, percent, seconds, slopeEstimate } from '../format.ts';
import { between, onsetMoment, when, type Zone } from '../time.ts';
import { limitWord, roleWord } from '../words.ts';
import type { Frame } from './frame.tsx';
import { type Label, LETTER_PX, type Spot } from './labels.ts';
import type { Forecast, MemoryInput } from './memory-model.ts';
import type { Point } from './reduce.ts';

export interface Shown {
  readonly limit: number | undefined;
  readonly forecast: Forecast | undefined;
  readonly zone: Zone;
  readonly narrow: boolean;
  /** Left and right of the onset band, in pixels. */
  readonly band: readonly [number, number] | undefined;
}

/** Every text in the plot, the most important first. */
export const labelsOf = (input: MemoryInput, frame: Frame, shown: Shown): Label[] => [
  ...onsetLabel(input, frame, shown),
  ...forecastLabels(input, frame, shown),
  ...releaseLabels(input, frame, shown),
  ...limitLabel(input, frame, shown),
  ...nowLabel(input, frame),
  ...floorEndLabels(input, frame, shown),
  ...slopeLabel(input, frame, shown),
  ...floorLabel(input, frame, shown),
  ...rawLabel(input, frame, shown),
];

const HEAD_PX = 12; // labels of uprights stand this far above the plot

function onsetLabel(
  { series: { onset }, now }: MemoryInput,
  { top }: Frame,
  { band, narrow, zone }: Shown,
): Label[] {
  if (!band || !onset) return [];
  const long = `growth begins ${onsetMoment(onset, now, zone)} (${between(onset.low, onset.high, zone)})`;
  return [
    {
      text: narrow ? 'growth begins' : long,
      className: 'l t-growth halo',
      needed: true,
      spots: [
        { x: band[1] + 6, y: top - HEAD_PX, anchor: 'start' },
        { x: band[0] - 6, y: top - HEAD_PX, anchor: 'end' },
      ],
    },
  ];
}

function forecastLabels(
  { now }: MemoryInput,
  { x, y, right }: Frame,
  { limit, forecast, narrow, zone }: Shown,
): Label[] {
  if (limit === undefined || !forecast) return [];
  const px = Math.min(x(forecast.at), right);
  const spots = (lift: number): Spot[] => [
    { x: px, y: y(limit) - lift, anchor: 'middle' },
    { x: right, y: y(limit) - lift, anchor: 'end' },
  ];
  const text = `full ${when(forecast.at, now, zone)}${x(forecast.at) <= right ? '' : ' →'}`;
  const full: Label = { text, className: 'l t-growth halo', needed: true, spots: spots(narrow ? 8 : 22) };
  const interval: Label = {
    text: forecast.isOpen
      ? `${when(forecast.low, now, zone)} or later`
      : between(forecast.low, forecast.high, zone),
    className: 't-growth halo',
    spots: spots(9),
  };
  return narrow ? [full] : [full, interval];
}

function releaseLabels(
  { series, deploys, now }: MemoryInput,
  { x, left, right, top }: Frame,
  { narrow, zone }: Shown,
): Label[] {
  const near = series.onset?.t ?? now;
  const seen = deploys.filter(({ at }) => x(at) >= left && x(at) <= right);
  return seen
    .sort((a, b) => Math.abs(a.at - near) - Math.abs(b.at - near))
    .map(({ at, version }) => ({
      text: narrow ? version : `${version} · ${when(at, now, zone)}`,
      otherwise: version,
      className: 'l t-deploy halo',
      spots: [
        { x: x(at) - 8, y: top - HEAD_PX, anchor: 'end' },
        { x: x(at) + 8, y: top - HEAD_PX, anchor: 'start' },
      ],
    }));
}

function limitLabel(
  { series: { limitBytes, role } }: MemoryInput,
  { y, left, right, top }: Frame,
  { limit, narrow }: Shown,
): Label[] {
  if (limitBytes === null) return [];
  const word = limitWord(role);
  const at = (py: number) =>
    NAME_AT.map((share): Spot => ({ x: left + 4 + (right - left) * share, y: py, anchor: 'start' })).sort(
      (a, b) => a.x - b.x,
    );
  if (limit === undefined) {
    return [{ text: `${word} ${bytes(limitBytes)}, far above`, className: 'halo', spots: at(top + 2) }];
  }
  return [
    { text: narrow ? word : `${word} ${bytes(limit)}`, className: 'halo t-ink', spots: at(y(limit) - 6) },
  ];
}

/** The line of now begins above the last points, where its name has room. */
export function nowTop({ series, now }: MemoryInput, frame: Frame): number {
  const px = frame.x(now);
  const peak = extreme([...series.points, ...series.floor.slice(-1)], frame, px - 26, px + 26, Math.max);
  return Math.max(frame.top + 20, frame.y(peak ?? 0) - 8);
}

function nowLabel(input: MemoryInput, frame: Frame): Label[] {
  const px = frame.x(input.now);
  if (px <= frame.left || px >= frame.right - 2) return [];
  const spot: Spot = { x: px, y: nowTop(input, frame) - 5, anchor: 'middle' };
  return [{ text: 'now', className: 'halo', spots: [spot, { ...spot, x: px + 4, anchor: 'start' }] }];
}

function floorEndLabels(input: MemoryInput, frame: Frame, { narrow }: Shown): Label[] {
  const { series } = input;
  const last = series.floor.at(-1);
  if (!last) return [];
  const [px, py] = [Math.max(frame.x(last[0]), Math.min(frame.x(input.now), frame.right)), frame.y(last[1])];
  const text = `floor ${amount(last[1], series.unit)}`;
  const className = 'l t-floor halo';
  if (frame.right - px > 96) {
    const spot = (down: number): Spot[] => [
      { x: px + 8, y: Math.min(py + down, frame.bottom - 6), anchor: 'start' },
    ];
    const share = series.limitBytes === null ? [] : [`${percent(last[1] / series.limitBytes)} of the limit`];
    return [
      { text, className, spots: spot(20) },
      ...share.map((words) => ({ text: words, className: 'halo', spots: spot(34) })),
    ];
  }
  if (narrow) return [];
  const lowest =
    extreme(series.floor, frame, frame.right - text.length * LETTER_PX, frame.right, Math.min) ?? last[1];
  return [
    {
      text,
      className,
      spots: [{ x: frame.right, y: Math.min(frame.y(lowest) + 17, frame.bottom - 6), anchor: 'end' }],
    },
  ];
}

function slopeLabel({ series }: MemoryInput, frame: Frame, { narrow }: Shown): Label[] {
  const { slopeBytesPerHour: slope, onset, verdict, unit } = series;
  const last = series.floor.at(-1);
  if (!slope || !onset || !last || last[0] <= onset.t || verdict !== 'leak') return [];
  const text = slopeEstimate(narrow ? slope.value : slope, unit);
  const spots = [0.62, 0.45, 0.8].flatMap((part): Spot[] => {
    const px = frame.x(onset.t + (last[0] - onset.t) * part);
    const lowest = extreme(series.floor, frame, px, px + text.length * LETTER_PX, Math.min);
    return lowest === undefined
      ? []
      : [{ x: px + 8, y: Math.min(frame.bottom - 6, frame.y(lowest) + 20), anchor: 'start' }];
  });
  return [{ text, className: 'l t-floor halo', spots }];
}

// Where the names of the two lines are tried, as shares of the plot's width.
const NAME_AT = [0.13, 0.005, 0.3, 0.55];

function floorLabel({ series }: MemoryInput, frame: Frame, { narrow }: Shown): Label[] {
  const long = 'floor: what is left after garbage collection';
  const text = narrow || series.unit === 'count' ? 'floor' : long;
  return [
    {
      text,
      otherwise: 'floor',
      className: 'l t-floor halo',
      spots: beside(series.floor, frame, text, Math.min, 17),
    },
  ];
}

function rawLabel({ series }: MemoryInput, frame: Frame, { narrow }: Shown): Label[] {
  const every = intervalOf(series.points);
  const long = `raw: ${roleWord(series.role).toLowerCase()}${every ? `, every ${seconds(every / 1000)}` : ''}`;
  const text = narrow ? 'raw' : long;
  return [
    { text, otherwise: 'raw', className: 'halo', spots: beside(series.points, frame, text, Math.max, -7) },
  ];
}

/** Free places along a line: clear of its extremes over the width of the text, by `off` pixels. */
function beside(points: readonly Point[], frame: Frame, text: string, pick: Pick, off: number): Spot[] {
  return NAME_AT.flatMap((share): Spot[] => {
    const px = frame.left + 6 + (frame.right - frame.left) * share;
    const value = extreme(points, frame, px, px + text.length * LETTER_PX, pick);
    if (value === undefined) return [];
    const y = Math.max(frame.top + 10, Math.min(frame.bottom - 6, frame.y(value) + off));
    return [{ x: px, y, anchor: 'start' }];
  });
}

type Pick = (a: number, b: number) => number;

/** The largest or smallest value drawn between two pixels. */
function extreme(
  points: readonly Point[],
  { x }: Frame,
  from: number,
  to: number,
  pick: Pick,
): number | undefined {
  let found: number | undefined;
  for (const [t, v] of points) {
    if (x(t) >= from - 4 && x(t) <= to + 4) found = found === undefined ? v : pick(found, v);
  }
  return found;
}

/** The usual step between points, when they are not thinned; else undefined, since then nobody can say. */
function intervalOf(points: readonly Point[]): number | undefined {
  if (points.length < 3 || points.length > 1500) return undefined;
  const steps = points.slice(1).map(([t], i) => t - points[i]![0]);
  const middle = [...steps].sort((a, b) => a - b)[steps.length >> 1]!;
  const regular = steps.filter((step) => Math.abs(step - middle) < middle * 0.1).length;
  return regular > steps.length * 0.8 ? middle : undefined;
}
