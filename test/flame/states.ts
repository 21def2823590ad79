import fc from 'fast-check';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { NONE } from '../../lib/flame/pair-table.ts';
import type { StackTable } from '../../lib/flame/stack-table.ts';
import { emptyFlame, type FlameState } from '../../lib/flame/state.ts';
import { drawn, origin, T0 } from './drawing.ts';

// States as uploads make them, drawn at random: few frames, so that two of them often share a stack.

const frame = fc.constantFrom('main', 'a@x.js:1', 'a@x.js:2', 'b', 'ünï€𝄞@y', '');
const value = fc.oneof(
  fc.nat(40),
  fc.integer({ min: -30, max: 0 }),
  fc.constantFrom(2 ** 53 - 1, 2 ** 52, 10_000_000, -(2 ** 53 - 1)),
);
const TYPES = [
  ['samples/count', 'cpu/nanoseconds'],
  ['inuse_space/bytes level'],
  ['alloc_space/bytes cumulative', 'inuse_space/bytes level'],
  ['alloc_space/bytes', 'inuse_space/bytes level'],
];
/** One profile: its id decides its content, so that two states with one id hold the same upload. */
export const profileState: fc.Arbitrary<FlameState> = fc
  .record({
    id: fc.nat(2 ** 31 - 1),
    types: fc.constantFrom(...TYPES),
    samples: fc.array(
      fc.tuple(
        fc.array(frame, { maxLength: 4 }),
        value,
        value,
        fc.constantFrom('', '[http GET /a]', '[job mail]'),
      ),
      { maxLength: 6 },
    ),
    version: fc.constantFrom('', '1.2.3'),
    instance: fc.integer({ min: 0, max: 24 }).map((n) => `pod-${n}`),
    lifeStart: fc.constantFrom(null, T0 - 5000),
    time: fc.integer({ min: 0, max: 5 }).map((step) => T0 + step * 200_000),
    durationNs: fc.constantFrom(0, 15e9),
  })
  .map(({ id, types, samples, durationNs, ...from }) => {
    const text = samples
      .map(
        ([path, x, y, unit]) =>
          `${path.filter(Boolean).join(';') || '-'} ${types.length > 1 ? `${x} ${y}` : x} ${unit}`,
      )
      .join('\n');
    return flameOf(drawn(text, { types, durationNs }), origin(id, from));
  });
export const flameState: fc.Arbitrary<FlameState> = fc
  .array(profileState, { maxLength: 3 })
  .map((states) => states.reduce(mergeFlame, emptyFlame));

/** Everything that a state says, in words and without any order of its tables. */
export function described(state: FlameState): unknown {
  const { table } = state;
  const nodes = (at: Uint32Array, values: ArrayLike<number | bigint>) =>
    Object.fromEntries(Array.from(at, (node, i) => [stackOf(table, node), String(values[i])]));
  const rows = (at: Uint32Array, self: ArrayLike<number | bigint>, total: ArrayLike<number | bigint>) =>
    Object.fromEntries(
      Array.from(at, (row, i) => [
        `${frameOf(table, table.lineFrame[row]!)}:${table.line[row]}`,
        `${self[i]} ${total[i]}`,
      ]),
    );
  const columns = (map: FlameState['sums']) => mapped(map, ({ at, values }) => nodes(at, values));
  const lines = (map: FlameState['lines']) => mapped(map, ({ at, self, total }) => rows(at, self, total));
  return {
    sums: columns(state.sums),
    lines: lines(state.lines),
    counts: mapped(state.counts, (count) => count),
    examples: mapped(state.examples, ({ uploads, at, first, second }) =>
      nodes(
        at,
        Array.from(at, (_, i) => `${uploads[first[i]!]} ${uploads[second[i]!]}`) as unknown as number[],
      ),
    ),
    snapshots: mapped(state.snapshots, ({ columns: c, lines: l, totals, ...rest }) => ({
      ...rest,
      columns: columns(c),
      lines: lines(l),
      totals: mapped(totals, String),
    })),
    levels: columns(state.levels),
    levelLines: lines(state.levelLines),
    levelTotals: mapped(state.levelTotals, (total) => total),
  };
}

const mapped = <V>(map: ReadonlyMap<string, V>, describe: (value: V) => unknown) =>
  Object.fromEntries([...map].map(([key, one]) => [key, describe(one)]));
const frameOf = ({ strings, frameName, frameFile }: StackTable, frame: number) =>
  `${strings[frameName[frame]!]}@${strings[frameFile[frame]!]}`;
function stackOf(table: StackTable, node: number): string {
  if (node === NONE) return 'none';
  const path: string[] = [];
  for (let at = node; at !== 0; at = table.parent[at]!) path.unshift(frameOf(table, table.frame[at]!));
  return path.join(';');
}
