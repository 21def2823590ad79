import type { EpochMs } from '../../model/units.ts';
import { clip } from '../work/attributes.ts';

const MAX_NAMES = 1_000;
const MAX_NAME_LENGTH = 255;
const OTHER = '(other names)';

/** What an upload says about itself: counts by name, bounded, and the range of its times. */
export class Tally {
  readonly unused = new Map<string, number>();
  readonly dropped = new Map<string, number>();
  earliest: EpochMs | undefined;
  latest: EpochMs | undefined;

  leaveOut(metric: string, points: number): void {
    const name = clip(metric, MAX_NAME_LENGTH);
    add(this.unused, this.unused.has(name) || this.unused.size < MAX_NAMES ? name : OTHER, points);
  }

  drop(reason: string): void {
    add(this.dropped, reason, 1);
  }

  see(time: EpochMs): void {
    if (time <= 0) return;
    if (this.earliest === undefined || time < this.earliest) this.earliest = time;
    if (this.latest === undefined || time > this.latest) this.latest = time;
  }
}

const add = (counts: Map<string, number>, name: string, by: number) =>
  counts.set(name, (counts.get(name) ?? 0) + by);
