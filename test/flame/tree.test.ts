import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align, diffOf } from '../../lib/flame/diff.ts';
import { focus, ignore } from '../../lib/flame/filter.ts';
import { doubleFlamebearer, flamebearer } from '../../lib/flame/flamebearer.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { invert } from '../../lib/flame/invert.ts';
import { prune, pruneSides } from '../../lib/flame/prune.ts';
import { topOf } from '../../lib/flame/top.ts';
import { type FlameTree, totalOf, treeOf } from '../../lib/flame/tree.ts';
import { drawn, foldedText, origin } from './drawing.ts';

/** All samples of the first type in one tree. */
function treeIn(text: string): FlameTree {
  const { table, sums } = flameOf(drawn(text), origin(1));
  return treeOf(table, [...sums.values()]);
}
const lines = (tree: FlameTree) => foldedText(tree).split('\n').filter(Boolean);
const named = (name: string) => (other: string) => other === name;

const SHOP = `
  main;serve;parse      5
  main;serve;query;wait 20
  main;serve            1
  main;gc               4`;

describe('flameOf()', () => {
  it('adds samples of one stack, whatever line they ran on, and keeps the total exact', () => {
    const tree = treeIn(`
      main;parse@a.js:1 3
      main;parse@a.js:9 4
      main;parse@b.js:1 5`);
    expect(lines(tree)).toEqual(['main;parse 5', 'main;parse 7']);
    expect(totalOf(tree)).toBe(12);
  });

  it('keeps integers beyond 2^53 exact, and those that only their sum takes there', () => {
    expect(totalOf(treeIn(`a 9007199254740993\n b 9007199254740993`))).toBe(18014398509481986n);
    expect(totalOf(treeIn(`a 9007199254740991\n a 9007199254740991\n b 1`))).toBe(18014398509481983n);
    expect(lines(treeIn(`a 9007199254740991\n b 9007199254740992`))).toEqual([
      'a 9007199254740991',
      'b 9007199254740992',
    ]);
  });

  it('counts a line once per stack, also where its function calls itself', () => {
    const { table, lines: byLine } = flameOf(drawn(`f@x:1;f@x:1;f@x:2 10\n f@x:1 3`), origin(1));
    const [rows] = [...byLine.values()];
    const told = Array.from(rows!.at, (row, i) => [table.line[row], rows!.self[i], rows!.total[i]]);
    expect(told.sort()).toEqual([
      [1, 3, 13],
      [2, 10, 10],
    ]);
  });

  it('lets every name and file pass the scrubber', () => {
    const scrub = (text: string) => text.replace(/\d+/, 'N');
    const { table } = flameOf(drawn('q1@f2;q1 1 [http GET /a/7]'), origin(1, { scrub }));
    expect(table.strings).toEqual(['', 'qN', 'fN']);
  });
});

describe('prune()', () => {
  it('keeps the largest nodes and the totals of all that stay', () => {
    const pruned = prune(treeIn(SHOP), 3);
    expect(lines(pruned)).toEqual(
      ['main;other 4', 'main;serve 1', 'main;serve;other 5', 'main;serve;query;other 20'].sort(),
    );
    expect(totalOf(pruned)).toBe(30);
  });

  it('puts a function that is itself called "other" in with the rest', () => {
    const pruned = prune(treeIn('a;other 50\n a;b 2\n a;c 1'), 2);
    expect(lines(pruned)).toEqual(['a;other 53']);
  });

  it('changes nothing where everything fits', () => {
    expect(lines(prune(treeIn(SHOP), 6))).toEqual(lines(treeIn(SHOP)));
  });

  it('never changes a total, keeps at most so many nodes, and prunes two sides alike', () => {
    fc.assert(
      fc.property(drawing, drawing, fc.nat(12), (left, right, maxNodes) => {
        const sides = align(treeIn(left), treeIn(right));
        const pruned = pruneSides(sides, maxNodes);
        for (const [i, self] of pruned.selves.entries()) {
          expect(totalOf({ stacks: pruned.stacks, self })).toBe(
            totalOf({ stacks: sides.stacks, self: sides.selves[i]! }),
          );
        }
        const named = pruned.stacks.frame.filter(
          (frame, node) => node > 0 && nameOf(pruned, frame) !== 'other',
        );
        expect(named.length).toBeLessThanOrEqual(maxNodes);
      }),
      { seed: 20_310_510, numRuns: 200 },
    );
  });
});
const nameOf = ({ stacks }: { stacks: FlameTree['stacks'] }, frame: number) =>
  stacks.strings[stacks.frameName[frame]!];

/** Up to twelve stacks over four functions, values on both sides of zero and of 2^53. */
const drawing = fc
  .array(
    fc.tuple(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd@x:3'), { maxLength: 5 }),
      fc.oneof(fc.nat(50), fc.integer({ min: -20, max: 0 }), fc.constantFrom(2 ** 53 - 1, 2 ** 40)),
    ),
    { maxLength: 12 },
  )
  .map((samples) => samples.map(([path, value]) => `${path.join(';') || '-'} ${value}`).join('\n'));

describe('focus(), ignore() and invert()', () => {
  it('focus() keeps the stacks that contain the function, ignore() the others', () => {
    expect(lines(focus(treeIn(SHOP), named('serve')))).toEqual([
      'main;serve 1',
      'main;serve;parse 5',
      'main;serve;query;wait 20',
    ]);
    expect(lines(ignore(treeIn(SHOP), named('query')))).toEqual([
      'main;gc 4',
      'main;serve 1',
      'main;serve;parse 5',
    ]);
  });

  it('share every stack between them', () => {
    fc.assert(
      fc.property(drawing, (text) => {
        const tree = treeIn(text);
        const parts = [focus(tree, named('a')), ignore(tree, named('a'))].map((part) =>
          BigInt(totalOf(part)),
        );
        expect(parts[0]! + parts[1]!).toBe(BigInt(totalOf(tree)));
      }),
      { seed: 20_310_511, numRuns: 200 },
    );
  });

  it('invert() shows callers below the functions that took the time', () => {
    expect(lines(invert(treeIn('main;a;log 3\n main;b;log 4\n main;b 1')))).toEqual([
      'b;main 1',
      'log;a;main 3',
      'log;b;main 4',
    ]);
  });

  it('invert() puts the smallest into "other" once it has made or gone through too much', () => {
    const tree = treeIn('a;b;x 5\n a;b;y 4\n a;b;z 3\n a;b;w 2');
    const bounded = ['other 5', 'x;b;a 5', 'y;b;a 4'];
    expect(lines(invert(tree, { steps: 99, nodes: 6 }))).toEqual(bounded);
    expect(lines(invert(tree, { steps: 5, nodes: 99 }))).toEqual(bounded);
    expect(lines(invert(tree))).not.toContain('other 5');
  });

  it('invert() twice is where one began', () => {
    fc.assert(
      fc.property(drawing, (text) => {
        const tree = treeIn(text);
        expect(lines(invert(invert(tree))).sort()).toEqual(lines(tree).sort());
      }),
      { seed: 20_310_512, numRuns: 200 },
    );
  });
});

describe('topOf()', () => {
  it('counts a function that calls itself once, directly or through others', () => {
    const rows = topOf(treeIn('f;g;f;g 10\n f 1\n h;g 2'), 'total', 9);
    expect(rows.map(({ name, self, total }) => [name, self, total])).toEqual([
      ['g', 12, 12],
      ['f', 1, 11],
      ['h', 0, 2],
    ]);
  });

  it('gives what counting sample by sample gives', () => {
    fc.assert(
      fc.property(drawing, (text) => {
        const expected = new Map<string, [bigint, bigint]>();
        for (const line of text.split('\n').filter((one) => one !== '')) {
          const at = line.lastIndexOf(' ');
          const path = line.startsWith('- ') ? [] : line.slice(0, at).split(';');
          const value = BigInt(line.slice(at + 1));
          for (const name of new Set(path)) {
            const [self, total] = expected.get(name) ?? [0n, 0n];
            expected.set(name, [name === path.at(-1) ? self + value : self, total + value]);
          }
        }
        const found = topOf(treeIn(text), 'self', 9).map(({ name, file, self, total }) => [
          file === '' ? name : `${name}@${file}:3`,
          BigInt(self),
          BigInt(total),
        ]);
        const wanted = [...expected].filter(([, [self, total]]) => self !== 0n || total !== 0n);
        expect(found.sort()).toEqual(wanted.map(([name, values]) => [name, ...values]).sort());
      }),
      { seed: 20_310_513, numRuns: 300 },
    );
  });
});

describe('diffOf()', () => {
  const before = treeIn('main;a 50\n main;b 50');
  const after = treeIn('main;a 122\n main;b 60\n main;c 18');

  it('ranks by the change of the share, which the length of a side does not touch', () => {
    const rows = diffOf(before, after, 'share', 9);
    expect(rows.map(({ name, selfShare }) => [name, Math.round(selfShare * 100)])).toEqual([
      ['b', -20],
      ['a', 11],
      ['c', 9],
      ['main', 0],
    ]);
  });

  it('has shares where values cancel out, and of nothing none', () => {
    const rows = diffOf(treeIn('main;a 30\n main;b -30'), treeIn('main;a 10\n main;b -30'), 'share', 9);
    expect(rows.map(({ name, selfShare }) => [name, selfShare])).toEqual([
      ['a', 10 / 40 - 30 / 60],
      ['b', -30 / 40 + 30 / 60],
      ['main', 0],
    ]);
    expect(diffOf(treeIn(''), treeIn('a 5'), 'share', 9)).toMatchObject([{ name: 'a', selfShare: 1 }]);
  });

  it('ranks by the change of the value', () => {
    expect(diffOf(before, after, 'value', 2).map(({ name }) => name)).toEqual(['a', 'c']);
  });
});

describe('flamebearer()', () => {
  it('draws rows of [gap, total, self, name], siblings by name', () => {
    const { flamebearer: drawnAs } = flamebearer(treeIn(SHOP));
    expect(drawnAs).toEqual({
      names: ['total', 'main', 'gc', 'serve', 'parse', 'query', 'wait'],
      levels: [
        [0, 30, 0, 0],
        [0, 30, 0, 1],
        [0, 4, 4, 2, 0, 26, 1, 3],
        [5, 5, 5, 4, 0, 20, 0, 5],
        [10, 20, 20, 6],
      ],
      numTicks: 30,
      maxSelf: 20,
    });
  });

  it('writes what lies beyond 2^53 as digits', () => {
    const { flamebearer: drawnAs } = flamebearer(treeIn('a;b 9007199254740993'));
    expect(drawnAs.numTicks).toBe('9007199254740993');
    expect(drawnAs.levels[1]).toEqual([0, '9007199254740993', 0, 1]);
  });

  it('draws two sides in rows of seven', () => {
    const sides = align(treeIn('a;b 3\n a 1'), treeIn('a;c 5'));
    const { flamebearer: drawnAs, leftTicks, rightTicks } = doubleFlamebearer(sides);
    expect([leftTicks, rightTicks, drawnAs.numTicks]).toEqual([4, 5, 9]);
    expect(drawnAs.names).toEqual(['total', 'a', 'b', 'c']);
    expect(drawnAs.levels).toEqual([
      [0, 4, 0, 0, 5, 0, 0],
      [0, 4, 1, 0, 5, 0, 1],
      [1, 3, 3, 0, 0, 0, 2, 0, 0, 0, 0, 5, 5, 3],
    ]);
  });
});
