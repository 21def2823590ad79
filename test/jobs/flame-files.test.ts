// Graphs as files: text lists every stack from its root, and may be far longer than the graph.
import { describe, expect, it } from 'vitest';
import { totalOf } from '../../lib/flame/tree.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { exported, type FlameAnswer } from '../../lib/jobs/answers/flamegraph.ts';
import { T0 } from '../flame/drawing.ts';

/** A stack as deep as there are nodes, each of them with a value. */
const deep = (nodes: number) => {
  const plain = {
    stacks: {
      strings: ['', 'recurse'],
      frameName: Uint32Array.of(1),
      frameFile: Uint32Array.of(0),
      inApp: Int8Array.of(-1),
      parent: Uint32Array.from({ length: nodes + 1 }, (_, node) => Math.max(0, node - 1)),
      frame: new Uint32Array(nodes + 1),
    },
    self: Float64Array.from({ length: nodes + 1 }, (_, node) => Math.sign(node)),
  };
  const series = { measure: { type: 'cpu', unit: 'nanoseconds' }, temporality: 'delta' };
  return { plain, series } as unknown as FlameAnswer;
};
const side = { from: T0, to: T0 + 600_000 };
const ANY = 1_000_000;

describe('exported()', () => {
  it.each(['folded', 'speedscope'] as const)('gives %s in pieces that can be held', (format) => {
    let [bytes, pieces] = [0, 0];
    for (const piece of exported(deep(2000), format, side, ANY)) {
      bytes += piece.length;
      pieces += 1;
      expect(piece.length).toBeLessThan(100_000);
    }
    expect(bytes).toBeGreaterThan(4e6);
    expect(pieces).toBeGreaterThan(40);
  });

  it('says what to do where text would be too long', () => {
    const graph = deep(10_100);
    expect(() => exported(graph, 'folded', side, ANY)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        message: expect.stringContaining('ask for fewer nodes'),
      }),
    );
    const [pprof] = [...exported(graph, 'pprof', side, ANY)];
    expect(pprof!.length).toBeLessThan(500_000);
    const fewer = new Blob([...exported(graph, 'folded', side, 50)] as BlobPart[]);
    expect(fewer.size).toBeLessThan(50_000);
    expect(totalOf(graph.plain)).toBe(10_100);
  });

  it('writes weights of speedscope with all their digits', () => {
    const { plain, series } = deep(2);
    const big = { plain: { ...plain, self: BigInt64Array.of(0n, 9007199254740993n, 1n) }, series };
    const text = [...exported(big as unknown as FlameAnswer, 'speedscope', side, ANY)]
      .map((piece) => new TextDecoder().decode(piece))
      .join('');
    expect(text).toContain('"weights":[9007199254740993,1]');
    expect(decodeProfile(new TextEncoder().encode(text)).samples.values[0]).toEqual(
      BigInt64Array.of(9007199254740993n, 1n),
    );
  });
});
