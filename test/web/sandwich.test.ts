import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { functionsOf } from '../../web/src/flame/functions.ts';
import { layout } from '../../web/src/flame/layout.ts';
import { type FlameModel, flameModel, lineTo, nameAt } from '../../web/src/flame/model.ts';
import { largestCall, sandwichOf } from '../../web/src/flame/sandwich.ts';
import { sourceHref } from '../../web/src/flame/source.ts';
import { picture, tree, treeOf } from './pictures.ts';

/** Every bar as `path total self`, from the function on. */
const bars = (model: FlameModel) =>
  Array.from({ length: model.count }, (_, node) => {
    const path = lineTo(model, node).map((one) => nameAt(model, one));
    return `${path.join(' ')} ${model.whole.total[node]} ${model.whole.self[node]}`;
  }).sort();

describe('sandwichOf()', () => {
  const model = flameModel(
    picture(
      tree(
        'total',
        0,
        tree('main', 0, tree('read', 1, tree('parse', 4, tree('copy', 2)))),
        tree('timer', 1, tree('parse', 3, tree('copy', 1), tree('parse', 5))),
      ),
    ),
  );
  const of = (name: string) => sandwichOf(model, model.names.indexOf(name));

  it('has who called a function, and what it called, of all its calls together', () => {
    const { callers, callees } = of('parse');
    expect(bars(callers)).toEqual(['parse 15 0', 'parse read 6 0', 'parse read main 6 6', 'parse timer 9 9']);
    // The call within a call lies below it, and is not counted twice.
    expect(bars(callees)).toEqual(['parse 15 7', 'parse copy 3 3', 'parse parse 5 5']);
    expect(largestCall(model, model.names.indexOf('parse'))).toBe(
      Array.from(model.whole.total).lastIndexOf(9),
    );
  });

  it('has nobody above a function that nobody called', () => {
    expect(bars(of('main').callers)).toEqual(['main 7 7']);
    expect(largestCall(model, model.names.length)).toBe(0);
  });

  it('adds up to the function’s total on either half and every side', () => {
    fc.assert(
      fc.property(treeOf(2), (root) => {
        const drawn = flameModel(picture({ ...root, name: 'total' }), true);
        for (const row of functionsOf(drawn)) {
          const { callers, callees } = sandwichOf(drawn, row.name);
          expect([callers.whole.total[0], callees.whole.total[0]]).toEqual([row.total, row.total]);
          for (const half of [callers, callees])
            for (const { total, self } of [half.whole, ...(half.sides ?? [])])
              for (let node = 0; node < half.count; node += 1) {
                const own = half.child.subarray(half.childStart[node], half.childStart[node + 1]);
                const below = own.reduce((sum, child) => sum + (total[child] ?? 0), 0);
                // What is left of the largest calls is the callers' own.
                expect(below + (self[node] ?? 0)).toBe(total[node]);
              }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('stops where a long chain is shared by many calls, and keeps the sum', () => {
    const DEEP = 600;
    let chain = tree('leaf', 1);
    for (let i = 0; i < DEEP; i += 1) chain = tree(`f${i}`, 0, tree('leaf', 1), chain);
    const deep = flameModel(picture(tree('total', 0, chain)));
    const { callers } = sandwichOf(deep, deep.names.indexOf('leaf'));
    expect(callers.count).toBeLessThanOrEqual(50_001);
    expect(callers.whole.total[0]).toBe(DEEP + 1);
  });

  it('is drawn with callers above the function', () => {
    const { callers } = of('parse');
    const { cells, rows } = layout({
      ...{ model: callers, zoom: 0, width: 300, value: callers.whole.total },
      ...{ expanded: new Set<number>(), hits: undefined, upward: true },
    });
    const rowOf = (name: string) => cells.find(({ node }) => nameAt(callers, node) === name)?.row;
    expect([rows, rowOf('parse'), rowOf('timer'), rowOf('main')]).toEqual([3, 2, 1, 0]);
  });
});

describe('sourceHref()', () => {
  const frame = { file: '/app/src/cart items.ts', line: 19, version: '1.4.2+b' };
  it('fills the template in, without what paths begin with', () => {
    const address = 'https://git.example.com/cart/blob/{version}/{file}#L{line}';
    expect(sourceHref({ address, prefix: '/app/' }, frame)).toBe(
      'https://git.example.com/cart/blob/1.4.2%2Bb/src/cart%20items.ts#L19',
    );
    expect(sourceHref({ address, prefix: '' }, { file: './a.ts', line: 0, version: '' })).toBe(
      'https://git.example.com/cart/blob/HEAD/a.ts#L1',
    );
  });
  it.each(['javascript:alert(1)//{file}', 'data:text/html,{file}', '{file}', ''])(
    'opens nothing but pages and editors: %s',
    (address) => expect(sourceHref({ address, prefix: '' }, frame)).toBeUndefined(),
  );
});
