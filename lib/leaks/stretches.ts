import type { Fit, Segment } from './change-points.ts';
import type { Settings } from './settings.ts';

/** Segments [first, last] that may be one rise, and what ended it. */
export interface Stretch {
  readonly first: number;
  /** Last segment of the rise, its plateau included. */
  readonly last: number;
  readonly end: 'end' | 'drop' | 'decline' | 'jump';
  /** How far the level falls back where it ends by that, else 0. */
  readonly fall: number;
}

export interface Falls {
  /** Segment index with which a new life begins; 0 always. */
  readonly births: readonly number[];
  /** Three or more falls that nobody announced: teeth of a saw that no bucket could remove. */
  readonly recurring: boolean;
}

/** Restarts and give-backs that the data show: large falls at a boundary, or within a short segment. */
export function fallsOf(fit: Fit, points: number, settings: Settings): Falls {
  const { segments } = fit;
  const levels = segments.flatMap((s) => [s.startValue, s.endValue]);
  const least = settings.newLifeFall * (Math.max(...levels) - Math.min(...levels));
  const short = Math.max(4, 0.05 * points);
  const births = [0];
  for (let i = 1; i < segments.length; i++) {
    const before = segments[i - 1]!;
    const fallsWithin = before.to - before.from <= short && before.startValue - before.endValue > least;
    const fallsBetween = before.endValue - segments[i]!.startValue > least;
    if (fallsWithin || fallsBetween) births.push(i);
  }
  return { births, recurring: births.length > 3 };
}

/** Every run of segments that could be a leak: it starts with a rise and never gives back a quarter of it. */
export function stretchesOf(
  segments: readonly Segment[],
  settings: Settings,
  ignoreJumps: boolean,
): Stretch[] {
  const stretches: Stretch[] = [];
  for (let first = 0; first < segments.length; first++)
    if (ignoreJumps || segments[first]!.slope > 0)
      stretches.push(extend(segments, first, settings, ignoreJumps));
  return stretches;
}

function extend(
  segments: readonly Segment[],
  first: number,
  settings: Settings,
  ignoreJumps: boolean,
): Stretch {
  const base = segments[first]!.startValue;
  let top = Math.max(base, segments[first]!.endValue);
  let last = first;
  for (let next = first + 1; next < segments.length; next++) {
    const segment = segments[next]!;
    const before = segments[next - 1]!;
    const rise = top - base;
    const lowest = Math.min(segment.startValue, segment.endValue);
    if (lowest < top - settings.fallBack * rise) {
      const sudden = segment.startValue < top - settings.fallBack * rise;
      const riseSlope = rise / Math.max(1, before.to - segments[first]!.from);
      const fallSlope = (segment.startValue - segment.endValue) / Math.max(1, segment.to - segment.from);
      const end = sudden || fallSlope > 4 * riseSlope ? 'drop' : 'decline';
      return { first, last, end, fall: top - lowest };
    }
    const around = Math.max(segment.endValue, segment.startValue) - base;
    if (!ignoreJumps && jumpBetween(before, segment) > settings.jumpShare * around)
      return { first, last, end: 'jump', fall: 0 };
    top = Math.max(top, segment.startValue, segment.endValue);
    last = next;
  }
  return { first, last, end: 'end', fall: 0 };
}

/** Rise between two segments beyond what their slopes explain over one step. */
export function jumpBetween(before: Segment, after: Segment): number {
  const ofSlopes = 0.5 * (stepOf(before) + stepOf(after));
  return after.startValue - before.endValue - ofSlopes;
}

/** Rise of a segment from one of its points to the next. */
const stepOf = (s: Segment): number => (s.endValue - s.startValue) / Math.max(1, s.to - s.from - 1);
