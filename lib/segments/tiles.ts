import { PARTITIONS_LIVE_MS } from '../model/lifetimes.ts';
import { bucketStart, type Partition, STEP_MS, type Step } from '../model/partition.ts';
import type { EpochMs } from '../model/units.ts';
import type { HeadStore, PlacedHead } from './store.ts';

export interface TileRange extends Omit<Partition, 'start' | 'step' | 'shard'> {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Roll-ups may stand for what they were made of. Else they do only where that has expired. */
  readonly coarse: boolean;
  readonly now: EpochMs;
}

interface Gap {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * The fewest heads whose segments hold [from, to) of one service and generation, in order of time: days, hours where a day
 * is cut, out of date or not built, partitions where an hour is. At the edges they may reach beyond the range.
 *
 * Cost: one query for days, and one for each stretch that they leave open, and so on below; where partitions may have
 * expired, one more for each stretch of them.
 */
export async function tiles(heads: HeadStore, range: TileRange): Promise<readonly PlacedHead[]> {
  const { coarse, now, from, to, ...place } = range;
  const old = from < now - PARTITIONS_LIVE_MS;
  const whole = { from: bucketStart(from, '10m'), to };
  const found: PlacedHead[] = [];
  let gaps: readonly Gap[] = [whole];
  for (const step of ['1d', '1h'] as const) {
    if (!coarse && (step === '1d' || !old)) continue;
    const usable: PlacedHead[] = [];
    for (const gap of gaps.filter((one) => (coarse ? reaches(one, step) || old : true))) {
      const inRange = await heads.range({ ...place, step, ...gap });
      usable.push(...inRange.filter((head) => mayStand(head, gap, coarse)));
    }
    found.push(...usable);
    gaps = gaps.flatMap((gap) => without(gap, usable, step));
  }
  for (const gap of gaps) {
    found.push(...(await heads.range({ ...place, ...gap })).filter(({ head }) => !head.expired));
    // An hour that has become final since it was looked at stands for partitions that may be gone by now.
    const hours = old ? await heads.range({ ...place, step: '1h', ...gap }) : [];
    if (hours.some(({ head }) => head.final && !head.expired)) return tiles(heads, range);
  }
  return found.sort((a, b) => a.partition.start - b.partition.start);
}

/** Whether a whole bucket of the step lies inside. */
const reaches = ({ from, to }: Gap, step: Step) =>
  bucketStart(to, step) - bucketStart(from + STEP_MS[step] - 1, step) >= STEP_MS[step];

function mayStand({ partition, head }: PlacedHead, gap: Gap, coarse: boolean): boolean {
  if (head.expired) return false;
  if (head.final) return true; // there is nothing else
  const end = partition.start + STEP_MS[partition.step ?? '10m'];
  return coarse && head.dirty === undefined && partition.start >= gap.from && end <= gap.to;
}

/** What is left of a gap beside the buckets that are taken. */
function without(gap: Gap, taken: readonly PlacedHead[], step: Step): readonly Gap[] {
  const left: Gap[] = [];
  let { from } = gap;
  const inside = taken
    .map(({ partition }) => partition.start)
    .filter((start) => start < gap.to && start + STEP_MS[step] > gap.from);
  for (const start of inside.sort((a, b) => a - b)) {
    if (start > from) left.push({ from, to: start });
    from = Math.max(from, start + STEP_MS[step]);
  }
  if (from < gap.to) left.push({ from, to: gap.to });
  return left;
}
