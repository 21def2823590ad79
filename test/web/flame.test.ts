import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flamebearer, rendered } from '../../lib/flame/flamebearer.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { treeOf as treeIn } from '../../lib/flame/tree.ts';
import { changeToken } from '../../web/src/flame/colours.ts';
import { functionsOf } from '../../web/src/flame/functions.ts';
import { layout } from '../../web/src/flame/layout.ts';
import {
  barOfHash,
  findNode,
  flameModel,
  kindOf,
  lineTo,
  nodeOfHash,
  nodesOfHashes,
  pathHash,
  widthsOf,
} from '../../web/src/flame/model.ts';
import { foldedHead, neighbour } from '../../web/src/flame/moves.ts';
import { drawn as drawnProfile, origin } from '../flame/drawing.ts';
import { BUSY, picture, tree, treeOf } from './pictures.ts';

describe('flameModel()', () => {
  it('finds parents, puts the largest child first and leaves idle time out of every sum', () => {
    const model = flameModel(picture(BUSY));
    const nameAt = (node: number) => model.names[model.name[node] ?? 0];
    const work = Array.from({ length: model.count }, (_, i) => i).find((i) => nameAt(i) === 'copy') ?? -1;
    expect(lineTo(model, work).map(nameAt)).toEqual(['total', 'main', 'work', 'copy']);
    expect([model.whole.total[0], model.idle]).toEqual([8, 6]);
    expect(flameModel(picture(BUSY), true).whole.total[0]).toBe(14);
    const main = 1;
    const children = [...model.child.subarray(model.childStart[main], model.childStart[main + 1])];
    expect(children.map(nameAt)).toEqual(['work', 'log', '(idle)']);
  });

  it('has in every node its own value and those of its children, on each side', () => {
    fc.assert(
      fc.property(treeOf(2), (root) => {
        const model = flameModel(picture({ ...root, name: 'total' }), true);
        for (const { total, self } of [model.whole, ...(model.sides ?? [])]) {
          for (let node = 0; node < model.count; node += 1) {
            let sum = self[node] ?? 0;
            for (const child of model.child.subarray(model.childStart[node], model.childStart[node + 1]))
              sum += total[child] ?? 0;
            expect(sum).toBe(total[node]);
          }
        }
      }),
    );
  });

  it('keeps children below their parents where values are below zero or beyond 2^53', () => {
    const folded = 'a;x -5\n a;y 5\n b;z 9007199254740993\n c;w 1\n d;v 1';
    const { table, sums } = flameOf(drawnProfile(folded), origin(1));
    const sent = rendered('single', flamebearer(treeIn(table, [...sums.values()])), 'cpu', {
      units: 'samples',
      sampleRate: 1,
    });
    const model = flameModel(sent, true);
    const paths = Array.from({ length: model.count }, (_, node) =>
      lineTo(model, node)
        .slice(1)
        .map((one) => model.names[model.name[one] ?? 0])
        .join(';'),
    );
    expect(paths.filter((path) => path.includes(';'))).toEqual(['a;x', 'a;y', 'b;z', 'c;w', 'd;v']);
  });

  it('finds a node again by its path in another picture', () => {
    const model = flameModel(picture(BUSY));
    for (let node = 0; node < model.count; node += 1)
      expect([
        nodeOfHash(model, pathHash(model, node)),
        barOfHash(picture(BUSY), pathHash(model, node)),
      ]).toEqual([node, node]);
    const { frames, ...rest } = picture(BUSY);
    const other = flameModel({ ...rest, frames: frames.map((one) => ({ ...one, file: 'other.js' })) });
    expect(findNode(other, pathHash(model, 1))).toBeUndefined(); // of one name, in another file
    expect([...nodesOfHashes(model, new Set([pathHash(model, 2), 'ffffffff']))]).toEqual([2]);
    expect(nodeOfHash(model, 'ffffffff')).toBe(0);
    expect(nodeOfHash(model, null)).toBe(0);
  });

  it('tells code of the team from libraries, runtime, collector and idling', () => {
    const told = (name: string, file = '', inApp = -1) => kindOf(name, { file, inApp });
    expect([
      told('render', 'src/a.ts', 1),
      told('query', 'x', 0),
      told('(garbage collector)'),
      told('(idle)'),
    ]).toEqual(['app', 'library', 'collector', 'idle']);
    expect([told('runtime.mallocgc'), told('listOnTimeout', 'node:internal/timers', 0), told('f')]).toEqual([
      'runtime',
      'runtime',
      'app',
    ]);
  });
});

describe('functionsOf()', () => {
  it('counts a function that calls itself once', () => {
    const model = flameModel(picture(tree('total', 0, tree('f', 1, tree('g', 1, tree('f', 2))))));
    const rows = functionsOf(model).map(({ name, self, total }) => [model.names[name], self, total]);
    expect(rows).toEqual([
      ['f', 3, 4],
      ['g', 1, 3],
    ]);
  });

  it('has the self values of the whole picture', () => {
    fc.assert(
      fc.property(treeOf(1), (root) => {
        const model = flameModel(picture({ ...root, name: 'total' }), true);
        const self = functionsOf(model).reduce((sum, row) => sum + row.self, 0);
        expect(self + (model.whole.self[0] ?? 0)).toBe(model.whole.total[0]);
      }),
    );
  });
});

describe('layout()', () => {
  const drawn = (model: ReturnType<typeof flameModel>, more: Partial<Parameters<typeof layout>[0]> = {}) =>
    layout({
      model,
      zoom: 0,
      width: 800,
      value: model.whole.total,
      expanded: new Set(),
      hits: undefined,
      ...more,
    });

  it('folds a run of frames of others and opens it where asked or searched for', () => {
    const chain = ['x', 'y', 'z'].reduceRight((below, name) => tree(name, 0, below), tree('app', 5));
    const inApp = { x: 0, y: 0, z: 0, app: 1 };
    const model = flameModel(picture(tree('total', 0, chain), inApp));
    const shown = (more = {}) =>
      drawn(model, more).cells.map(({ kind, count, row }) => `${row} ${kind} ${count}`);
    expect(shown()).toEqual(['0 frame 1', '1 run 3', '2 frame 1']);
    expect(shown({ expanded: new Set([1]) })).toHaveLength(5);
    expect(shown({ hits: new Set([model.names.indexOf('y')]) })).toHaveLength(5);
    expect(shown({ zoom: 4 })).toEqual(['0 frame 1', '1 run 3', '2 frame 1']);
    // An arrow key that leads into a run chooses the bar that is drawn for it.
    const headOf = (name: string, hits: ReadonlySet<number> | undefined) =>
      foldedHead({ model, expanded: new Set(), hits }, model.name.indexOf(model.names.indexOf(name)));
    expect(headOf('z', undefined)).toBe(1);
    expect(headOf('z', new Set([model.names.indexOf('app')]))).toBe(1);
    expect(headOf('z', new Set([model.names.indexOf('y')]))).toBe(3);
  });

  it('draws no more bars in a row than it has pixels, none outside, none over another', () => {
    fc.assert(
      fc.property(treeOf(1), fc.integer({ min: 1, max: 60 }), fc.nat(), (root, width, pick) => {
        const model = flameModel(picture({ ...root, name: 'total' }), true);
        const zoom = pick % model.count;
        const { cells, rows } = drawn(model, { width, zoom });
        expect(Math.max(...cells.map((cell) => cell.row))).toBe(rows - 1);
        for (const row of new Set(cells.map((cell) => cell.row))) {
          const inRow = cells.filter((cell) => cell.row === row).sort((a, b) => a.x - b.x);
          expect(inRow.length).toBeLessThanOrEqual(width);
          let end = 0;
          for (const cell of inRow) {
            expect(cell.x).toBeGreaterThanOrEqual(end - 1e-6);
            end = cell.x + cell.width;
          }
          expect(end).toBeLessThanOrEqual(width + 1e-6);
        }
      }),
    );
  });

  it('leads down to a bar that is drawn, where the largest child is on the other side alone', () => {
    const model = flameModel(picture(tree('total', [0, 0], tree('gone', [9, 0]), tree('new', [0, 4]))));
    const nameOf = (node: number | undefined) => model.names[model.name[node ?? 0] ?? 0];
    const down = (side: 'before' | 'after') => neighbour(model, 0, 'ArrowDown', widthsOf(model, side));
    expect([nameOf(down('before')), nameOf(down('after'))]).toEqual(['gone', 'new']);
    expect(neighbour(model, down('after')!, 'ArrowDown', widthsOf(model, 'after'))).toBeUndefined();
  });

  it('draws children of more than their parent within it', () => {
    const { cells } = drawn(
      flameModel(picture(tree('total', 0, tree('a', 0, tree('freed', -6), tree('kept', 10)), tree('b', 4)))),
    );
    const [a, b, kept] = ['a', 'b', 'kept'].map((_, i) => cells.find(({ node }) => node === [1, 2, 4][i]));
    expect([a?.x, a?.width, b?.width]).toEqual([0, 400, 400]);
    expect([kept?.x, kept?.width]).toEqual([0, 400]);
  });

  it('draws 10,000 leaves as bars and a rest', () => {
    const leaves = Array.from({ length: 10_000 }, (_, i) => tree(`f${i}`, i < 5 ? 1000 : 1));
    const { cells } = drawn(flameModel(picture(tree('total', 0, ...leaves))));
    expect(cells.map(({ kind }) => kind)).toEqual(['frame', 'merged', ...Array(5).fill('frame')]);
    expect(cells[1]?.count).toBe(9995);
  });
});

describe('changeToken()', () => {
  it('steps by the change of a frame against itself, and is grey for small ones', () => {
    const tokens = [
      [100, 103],
      [100, 120],
      [100, 150],
      [10, 150],
      [150, 10],
      [0, 0],
      [0, 0.5],
    ].map(([before = 0, after = 0]) => changeToken(before, after, 1000));
    expect(tokens).toEqual(['--d-eq', '--d-up-1', '--d-up-2', '--d-up-3', '--d-dn-3', '--d-eq', '--d-eq']);
  });
});
