import { describe, expect, it } from 'vitest';
import { BYTES_ERROR_MAX, type Mark, markFixed, markLeak, type Said } from '../../bench/leaks/live/judge.ts';
import { KINDS } from '../../bench/leaks/live/kinds.ts';
import { type Plan, runBatch } from '../../bench/leaks/live/live-run.ts';
import { toolsFolder } from '../../bench/leaks/live/tools.ts';

// One of the programs of bench/leaks/live and its repaired twin, which need npm alone. All of them take twenty minutes.

const SECONDS = 150;
const PER_SECOND = 45;
/** Real services under real load on whatever machine: what one seed misses another may show, as in the demo. */
const SEEDS = [11, 12];
const MAP = KINDS.find(({ name }) => name === 'map')!;
const isEnough = (_: Plan, said: Said) => markLeak(MAP, said, 1).right;

async function run(seed: number): Promise<{ leak: Mark; fixed: Mark }> {
  const settings = { tools: toolsFolder(), seconds: SECONDS, perSecond: PER_SECOND, isEnough };
  const plans = (['leak', 'fixed'] as const).map((variant) => ({ kind: MAP, variant, seed }));
  const [leak, fixed] = await runBatch(plans, settings);
  return { leak: markLeak(MAP, leak!.said, leak!.truth), fixed: markFixed(fixed!.said) };
}

const isRight = ({ leak, fixed }: { leak: Mark; fixed: Mark }) =>
  leak.right && fixed.right && Math.abs(leak.bytesError ?? 1) <= BYTES_ERROR_MAX;

describe('a real Express service with the stock SDK', () => {
  it('is told which route keeps memory and how much of it, and its repaired twin nothing', {
    timeout: 410_000,
  }, async () => {
    let told = await run(SEEDS[0]!);
    if (!isRight(told)) told = await run(SEEDS[1]!);
    expect(told).toMatchObject({ leak: { right: true }, fixed: { right: true } });
    expect(Math.abs(told.leak.bytesError ?? 1)).toBeLessThanOrEqual(BYTES_ERROR_MAX);
  });
});
