import { describe, expect, it } from 'vitest';
import { profileTotals } from '../../lib/cli/profile-totals.ts';
import { functionName, linesByFunction } from '../../lib/flame/details.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { profileFile } from '../formats/profile-fixtures.ts';
import { origin } from './drawing.ts';

// Lines of V8's profiles: a frame has the line where its function begins, `positionTicks` tell where in it it was.

interface Drawn {
  readonly id: number;
  readonly name: string;
  /** Where the function begins, from 1. */
  readonly line: number;
  readonly ticks?: Readonly<Record<number, number>>;
  readonly calls?: readonly number[];
  /** Microseconds. */
  readonly self: number;
}

/** Samples of each node in turn, the second of which stands for all of its time. */
function cpuProfile(nodes: readonly Drawn[]) {
  const root = { id: 1, callFrame: { functionName: '(root)', url: '', lineNumber: -1 }, children: [2] };
  const file = {
    nodes: [
      root,
      ...nodes.map(({ id, name, line, ticks = {}, calls = [] }) => ({
        id,
        callFrame: { functionName: name, url: 'file:///app/a.js', lineNumber: line - 1 },
        children: calls,
        positionTicks: Object.entries(ticks).map(([line, ticks]) => ({ line: Number(line), ticks })),
      })),
    ],
    startTime: 0,
    endTime: nodes.reduce((sum, { self }) => sum + self, 0),
    samples: nodes.map(({ id }) => id),
    timeDeltas: [0, ...nodes.slice(0, -1).map(({ self }) => self)],
  };
  return decodeProfile(new TextEncoder().encode(JSON.stringify(file)));
}
const MEASURE = { measure: { type: 'cpu', unit: 'microseconds' }, temporality: 'delta' } as const;
/** Line → self and total of a function in one or two such profiles. */
function linesOf(name: string, ...profiles: readonly (readonly Drawn[])[]) {
  const states = profiles.map((nodes, i) => flameOf(cpuProfile(nodes), origin(i)));
  const found = linesByFunction([states.reduce(mergeFlame)], MEASURE).get(
    functionName(name, 'file:///app/a.js'),
  );
  return Object.fromEntries([...(found ?? [])].map(([line, { self, total }]) => [line, [self, total]]));
}

describe('lines of V8 CPU profiles', () => {
  const leaf = { id: 3, name: 'work', line: 10, self: 1000 };

  it('are those that ran, as their ticks divide the time of the function', () => {
    const nodes = [
      { id: 2, name: 'main', line: 1, self: 100, calls: [3] },
      { ...leaf, ticks: { 12: 1, 14: 2 } },
    ];
    expect(linesOf('work', nodes)).toEqual({ 12: [333, 333], 14: [667, 667] });
    // Nothing tells at which line it called.
    expect(linesOf('main', nodes)).toEqual({ 1: [100, 1100] });
    expect(linesOf('work', nodes, nodes)).toEqual({ 12: [666, 666], 14: [1334, 1334] });
  });

  it('keep what a function calls where it begins', () => {
    const nodes = [{ id: 2, name: 'main', line: 1, self: 100, calls: [3], ticks: { 5: 1 } }, leaf];
    expect(linesOf('main', nodes)).toEqual({ 1: [0, 1000], 5: [100, 100] });
    expect(linesOf('work', nodes)).toEqual({ 10: [1000, 1000] });
  });

  it('count a recursive function once', () => {
    const again = (ticks: Drawn['ticks']) => [
      { id: 2, name: 'work', line: 10, self: 100, calls: [3] },
      { ...leaf, ...(ticks && { ticks }) },
    ];
    expect(linesOf('work', again({ 12: 7 }))).toEqual({ 10: [100, 1100], 12: [1000, 1000] });
    expect(linesOf('work', again({ 10: 7 }))).toEqual({ 10: [1100, 1100] });
  });

  it('take what is no count of a line for nothing said', () => {
    expect(
      linesOf('main', [{ id: 2, name: 'main', line: 1, self: 90, ticks: { 0: 4, 3: -1, 4: 0.5 } }]),
    ).toEqual({
      1: [90, 90],
    });
  });

  it.each(['own-node24.cpuprofile.gz', 'own-inspector.cpuprofile.gz'])('of a real one: %s', (file) => {
    const profile = decodeProfile(profileFile(file));
    const lines = linesByFunction([flameOf(profile, origin(1))], MEASURE);
    const search = [...(lines.get(functionName('search', 'file:///srv/shop/shop.mjs')) ?? [])];
    const { self } = profileTotals(profile, 0).functions.find(({ name }) => name === 'search')!;
    expect(search.reduce((sum, [, line]) => sum + Number(line.self), 0)).toBe(Number(self));
    // Its loop, two lines below its name.
    const [line, busiest] = search.sort(([, a], [, b]) => Number(b.self) - Number(a.self))[0]!;
    expect(line).toBe(Math.min(...search.map(([one]) => one)) + 2);
    expect(Number(busiest.self)).toBeGreaterThan(0.9 * Number(self));
  });
});
