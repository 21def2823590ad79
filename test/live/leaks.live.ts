import { beforeAll, describe, expect, it } from 'vitest';
import { BYTES_ERROR_MAX, type Mark, markFixed, markLeak } from '../../bench/leaks/live/judge.ts';
import { KINDS, type Kind } from '../../bench/leaks/live/kinds.ts';
import { type Plan, runBatch } from '../../bench/leaks/live/live-run.ts';
import { prepare, toolsFolder } from '../../bench/leaks/live/tools.ts';

// Two of the programs of bench/leaks/live and their repaired twins: Node's needs npm alone, Go's its modules. What they leave
// behind is counted by their runtimes (timers, goroutines), so that no collection need be waited for, and a machine with other
// work to do changes little. All fifteen kinds take more than half an hour.

const SECONDS = 150;
const PER_SECOND = 40;
/** Real services under real load on whatever machine: what one seed misses another may show, as in the demo. */
const SEEDS = [11, 12, 13];
const NAMES = ['timer', 'goroutine'] as const;
const kindOf = (name: string): Kind => KINDS.find((kind) => kind.name === name)!;

/** Leak and repaired twin, by kind. */
type Told = Record<string, { leak: Mark; fixed: Mark }>;

async function run(seed: number): Promise<Told> {
  const plans = NAMES.flatMap((name) =>
    (['leak', 'fixed'] as const).map((variant): Plan => ({ kind: kindOf(name), variant, seed })),
  );
  const ended = await runBatch(plans, {
    tools: toolsFolder(),
    seconds: SECONDS,
    perSecond: PER_SECOND,
    isEnough: ({ kind }, said) => markLeak(kind, said, 1).right,
  });
  return Object.fromEntries(
    NAMES.map((name, i) => {
      const [leak, fixed] = [ended[2 * i]!, ended[2 * i + 1]!];
      return [name, { leak: markLeak(leak.plan.kind, leak.said, leak.truth), fixed: markFixed(fixed.said) }];
    }),
  );
}

const isRight = ({ leak, fixed }: { leak: Mark; fixed: Mark }) =>
  leak.right && fixed.right && Math.abs(leak.bytesError ?? 1) <= BYTES_ERROR_MAX;

describe('a real service with the stock SDK', () => {
  const told: Told = {};
  const named: string[] = [];
  beforeAll(
    async () => {
      const missing = prepare(toolsFolder(), NAMES.map(kindOf));
      if (missing.size > 0) throw new Error(JSON.stringify([...missing]));
      for (const seed of SEEDS) {
        for (const [name, marks] of Object.entries(await run(seed))) {
          if (!marks.fixed.right) named.push(name);
          if (!told[name] || !isRight(told[name])) told[name] = marks;
        }
        if (Object.values(told).every(isRight)) return;
      }
    },
    SEEDS.length * (SECONDS + 120) * 1000,
  );

  it.each(NAMES)('is told which route keeps memory and how much of it: %s', (name) => {
    expect(told[name]!.leak).toMatchObject({ right: true });
    expect(Math.abs(told[name]!.leak.bytesError ?? 1)).toBeLessThanOrEqual(BYTES_ERROR_MAX);
  });

  // A miss may be the machine's. A repaired program that is named is tried once more with another seed, and no more.
  it.each(NAMES)('is told of nothing once it is repaired: %s', (name) => {
    expect(named.filter((one) => one === name).length).toBeLessThan(2);
    expect(told[name]!.fixed).toMatchObject({ right: true });
  });
});
