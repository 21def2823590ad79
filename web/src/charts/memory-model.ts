import type { ApiDeploy, ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { amount, bytes, digits, percent, plain, seconds, slopeEstimate } from '../format.ts';
import { between, dayTime, when, type Zone } from '../time.ts';
import { limitWord, roleWord } from '../words.ts';
import type { Frame } from './frame.tsx';
import type { Label, Spot } from './labels.ts';
import { nearest, type Point } from './reduce.ts';

export interface MemoryInput {
  readonly series: ApiMemorySeries;
  readonly deploys: readonly ApiDeploy[];
  readonly from: number;
  readonly to: number;
  /** True when the reader chose the range: then it is shown as chosen, however empty. */
  readonly chosen: boolean;
  readonly now: number;
}

export interface Forecast {
  readonly t: number;
  readonly v: number;
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

// A forecast may take this share of what was measured; beyond that it points out of the chart.
const AHEAD = 0.55;
// A limit this many times above the data is named, not drawn: it would press the data flat.
const LIMIT_IN_VIEW = 3.2;

/** The point from which the forecast starts: the floor's end, or the last raw point. */
export function forecastOf({ series, now, to }: MemoryInput): Forecast | undefined {
  const last = series.floor.at(-1);
  const end = series.points.at(-1);
  const left = series.timeToLimitS;
  if (!last || !end || !left || series.limitBytes === null || left.value < 0) return undefined;
  if (to < end[0] - 1000) return undefined; // looking at the past
  const ahead = (s: number) => end[0] + Math.max(0, s) * 1000;
  if (ahead(left.high) < now - 1000) return undefined;
  return { t: end[0], v: last[1], at: ahead(left.value), low: ahead(left.low), high: ahead(left.high) };
}

/** Without a chosen range, the chart is as long as its data; the forecast gets room on the right. */
export function domainOf(input: MemoryInput): { from: number; to: number; measuredTo: number } {
  const { series, chosen, now } = input;
  const first = series.points[0]?.[0];
  const last = series.points.at(-1)?.[0];
  const from = chosen || first === undefined ? input.from : Math.max(input.from, first);
  const measuredTo =
    chosen || last === undefined ? input.to : Math.min(input.to, Math.max(last, from + 1000));
  const span = measuredTo - from;
  const forecast = forecastOf(input);
  if (!forecast || measuredTo < Math.min(now, forecast.t) - 1000) return { from, to: measuredTo, measuredTo };
  const reach = forecast.high + span * 0.03;
  return { from, to: Math.min(reach, measuredTo + span * AHEAD), measuredTo };
}

/** The largest value that must be in view. */
export function ceilingOf({ series }: MemoryInput, from: number): { max: number; limit: number | undefined } {
  let max = 0;
  for (const [t, v] of series.points) if (t >= from && v > max) max = v;
  for (const [t, v] of series.floor) if (t >= from && v > max) max = v;
  const limit = series.limitBytes ?? undefined;
  const inView = limit !== undefined && limit <= max * LIMIT_IN_VIEW;
  return { max: inView ? Math.max(max, limit) : max, limit: inView ? limit : undefined };
}

const valueAt = (points: readonly Point[], t: number): number | undefined =>
  points.length ? points[nearest(points, t)]?.[1] : undefined;

/** The line of now begins above the last points, where its name has room. */
export function nowTop({ series, now }: MemoryInput, { x, y, top, width }: Frame): number {
  const near = series.points.filter(([t]) => Math.abs(x(t) - x(now)) < Math.min(26, width / 20));
  const peak = Math.max(series.floor.at(-1)?.[1] ?? 0, ...near.map(([, v]) => v));
  return Math.max(top + 20, y(peak) - 8);
}

/** Every text in the plot, the most important first. */
export function labelsOf(
  input: MemoryInput,
  frame: Frame,
  shown: {
    limit: number | undefined;
    forecast: Forecast | undefined;
    zone: Zone;
    narrow: boolean;
    band: [number, number] | undefined;
  },
): Label[] {
  const { series, deploys, now } = input;
  const { limit, forecast, zone, narrow, band } = shown;
  const { x, y, left, right, top, bottom } = frame;
  const head = top - 12;
  const out: Label[] = [];
  if (band && series.onset) {
    const { t, low, high } = series.onset;
    const long = `growth begins ${when(t, now, zone)} (${between(low, high, zone)})`;
    out.push({
      text: narrow ? 'growth begins' : long,
      className: 'l t-growth halo',
      needed: true,
      spots: [
        { x: band[1] + 6, y: head, anchor: 'start' },
        { x: band[0] - 6, y: head, anchor: 'end' },
      ],
    });
  }
  if (limit !== undefined && forecast) {
    const inside = x(forecast.at) <= right;
    const px = Math.min(x(forecast.at), right);
    const text = `full ${when(forecast.at, now, zone)}${inside ? '' : ' →'}`;
    const lift = narrow ? 8 : 22;
    out.push({
      text,
      className: 'l t-growth halo',
      needed: true,
      spots: [
        { x: px, y: y(limit) - lift, anchor: 'middle' },
        { x: right, y: y(limit) - lift, anchor: 'end' },
      ],
    });
    if (!narrow) {
      const interval = between(forecast.low, forecast.high, zone);
      out.push({
        text: interval,
        className: 't-growth halo',
        spots: [
          { x: px, y: y(limit) - 9, anchor: 'middle' },
          { x: right, y: y(limit) - 9, anchor: 'end' },
        ],
      });
    }
  }
  const near = series.onset?.t ?? now;
  for (const deploy of [...deploys].sort((a, b) => Math.abs(a.at - near) - Math.abs(b.at - near))) {
    const px = x(deploy.at);
    if (px < left || px > right) continue;
    const spots = [
      { x: px - 8, y: head, anchor: 'end' as const },
      { x: px + 8, y: head, anchor: 'start' as const },
    ];
    const className = 'l t-deploy halo';
    const text = narrow ? deploy.version : `${deploy.version} · ${when(deploy.at, now, zone)}`;
    out.push({ text, className, spots });
  }
  if (series.limitBytes !== null) {
    const word = limitWord(series.role);
    out.push(
      limit !== undefined
        ? {
            text: narrow ? word : `${word} ${bytes(limit)}`,
            className: 'halo t-ink',
            spots: [{ x: left + 4, y: y(limit) - 6, anchor: 'start' }],
          }
        : {
            text: `${word} ${bytes(series.limitBytes)}, far above`,
            className: 'halo',
            spots: [{ x: left + 4, y: top + 2, anchor: 'start' }],
          },
    );
  }
  if (x(now) < right - 2 && x(now) > left) {
    const spot = { x: x(now), y: nowTop(input, frame) - 5, anchor: 'middle' as const };
    out.push({ text: 'now', className: 'halo', spots: [spot, { ...spot, x: x(now) + 4, anchor: 'start' }] });
  }

  const last = series.floor.at(-1);
  if (last) {
    const px = x(last[0]);
    const py = y(last[1]);
    const share = series.limitBytes ? `${percent(last[1] / series.limitBytes)} of the limit` : undefined;
    const text = `floor ${amount(last[1], series.unit)}`;
    const room = right - px > 96;
    if (room || !narrow) {
      out.push({
        text,
        className: 'l t-floor halo',
        spots: room
          ? [{ x: px + 8, y: Math.min(py + 20, bottom - 20), anchor: 'start' }]
          : [{ x: right, y: Math.min(py + 20, bottom - 6), anchor: 'end' }],
      });
      if (share && room)
        out.push({
          text: share,
          className: 'halo',
          spots: [{ x: px + 8, y: Math.min(py + 34, bottom - 6), anchor: 'start' }],
        });
    }
  }
  const slope = series.slopeBytesPerHour;
  const began = series.onset?.t;
  if (slope && began !== undefined && last && last[0] > began && series.verdict === 'leak') {
    const text = plain(slopeEstimate(slope, series.unit));
    for (const part of [0.62, 0.45, 0.8]) {
      const t = began + (last[0] - began) * part;
      const v = valueAt(series.floor, t);
      if (v === undefined) continue;
      out.push({
        text: narrow
          ? `${slopeEstimate(slope, series.unit).value} ${slopeEstimate(slope, series.unit).unit}`
          : text,
        className: 'l t-floor halo',
        spots: [
          { x: x(t) + 8, y: Math.min(bottom - 6, y(v) + 34), anchor: 'start' },
          { x: x(t), y: Math.min(bottom - 6, y(v) + 44), anchor: 'middle' },
        ],
      });
      break;
    }
  }
  const early = left + (right - left) * (narrow ? 0.12 : 0.16);
  const floorThere = valueAt(series.floor, frame.timeAt(early));
  if (floorThere !== undefined) {
    const py = Math.min(y(floorThere) + 17, bottom - 6);
    const spots = [early - 30, left + 6, early + 60].map((px): Spot => ({ x: px, y: py, anchor: 'start' }));
    out.push({
      text: narrow || series.unit === 'count' ? 'floor' : 'floor: what is left after garbage collection',
      otherwise: 'floor',
      className: 'l t-floor halo',
      spots,
    });
  }
  const peak = Math.max(0, ...series.points.filter(([t]) => Math.abs(x(t) - early) < 90).map(([, v]) => v));
  if (peak > 0) {
    const every = intervalOf(series.points);
    out.push({
      text: narrow
        ? 'raw'
        : `raw: ${roleWord(series.role).toLowerCase()}${every ? `, every ${seconds(every / 1000)}` : ''}`,
      className: 'halo',
      spots: [
        { x: early - 30, y: Math.max(top + 10, y(peak) - 7), anchor: 'start' },
        { x: left + 6, y: Math.max(top + 10, y(peak) - 7), anchor: 'start' },
      ],
    });
  }
  return out;
}

/** The usual step between points, when they are not thinned; else undefined, since then nobody can say. */
function intervalOf(points: readonly Point[]): number | undefined {
  if (points.length < 3 || points.length > 1500) return undefined;
  const steps = points.slice(1).map(([t], i) => t - points[i]![0]);
  const middle = [...steps].sort((a, b) => a - b)[steps.length >> 1]!;
  const regular = steps.filter((step) => Math.abs(step - middle) < middle * 0.1).length;
  return regular > steps.length * 0.8 ? middle : undefined;
}

/** What the picture says, for those who do not see it. */
export function describe({ series, now }: MemoryInput, zone: Zone): string {
  const [first, last] = [series.floor[0], series.floor.at(-1)];
  const parts = [`${roleWord(series.role)} of instance ${series.instance}.`];
  if (first && last) {
    parts.push(`The floor goes from ${amount(first[1], series.unit)} to ${amount(last[1], series.unit)}.`);
  }
  if (series.onset) {
    const { t, low, high } = series.onset;
    parts.push(`Growth begins ${dayTime(t, zone)} (${between(low, high, zone)}).`);
  }
  if (series.slopeBytesPerHour)
    parts.push(`Slope ${plain(slopeEstimate(series.slopeBytesPerHour, series.unit))}.`);
  if (series.limitBytes !== null) parts.push(`The limit is ${bytes(series.limitBytes)}.`);
  if (series.timeToLimitS) {
    parts.push(
      `It is reached in ${seconds(Math.max(0, series.timeToLimitS.value))}, about ${when(now + series.timeToLimitS.value * 1000, now, zone)}.`,
    );
  }
  return parts.join(' ');
}

export const shortSlope = (slope: { value: number } | null, unit: 'bytes' | 'count'): string =>
  slope === null
    ? '–'
    : unit === 'bytes'
      ? `${bytes(slope.value, true)}/h`
      : `${slope.value > 0 ? '+' : ''}${digits(slope.value)}/h`;
