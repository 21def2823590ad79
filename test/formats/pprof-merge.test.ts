import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutralPprof } from '../../bench/flame/neutral-pprof.ts';
import { addToMerge, createMerge, finishMerge, packPprof } from '../../lib/formats/pprof/merge.ts';
import { decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { type DrawnPprof, drawPprof, PLAIN } from './pprof-drawn.ts';
import { plainProfile } from './profile-fixtures.ts';
import { valuesByStack } from './values-by-stack.ts';

function merged(...files: readonly Uint8Array[]): Uint8Array {
  const merge = createMerge();
  for (const file of files) addToMerge(merge, file);
  return finishMerge(merge).slice();
}

describe('a merge of pprof files', () => {
  // SHA-256 of what google/pprof (2026-09-06) makes of them: bench/flame/google-pprof, `merge OUT FILE…`, unpacked.
  it.each([
    ['gdu-cpu.pb.gz gdu-cpu.pb.gz', '24f6e73f50fae90a3ca5a5df677d4f2a410598fcbe1ba8f7c0eff88c833d6749'],
    [
      'own-go-cpu-routes.pb.gz own-go-cpu-routes.pb.gz',
      'aa25769c2ccea61d1a90d64af515a7c24e43124601fe7d5ed886c6851199f675',
    ],
    [
      'own-go-allocs.pb.gz parca-heap-jump.pb.gz',
      '980b20e4184f810496e5c4932ebff5469a7f33da7771b6a954937d24593618cc',
    ],
    [
      'parca-heap-jump.pb.gz own-go-allocs.pb.gz',
      '3c9b692210742a00f237757f4887dfaa99ceefa139b110053deb1951bc890c98',
    ],
    ['parca-alloc-delta.pb.gz', '878d5963abc8cbcd53756ef4bbbcb48ab021397ee4f60af011d60a381a7a8652'],
    [
      'own-node-wall-routes.pb.gz own-node-wall-routes.pb.gz',
      '526cbab9bd71a300cf31d1bcc8d6953da7f9c52c0b8f8fd4231922bb08bec540',
    ],
    ['node-wall-react.pb', '6327f233e89eb50d4998dfd4f487951da8e8c55e63a14788e4f30c390853052f'],
    ['parca-cpu-stripped.pb.gz', 'f1213beca9209b702ccec17437d261b61e22069d2c1c6deaef817da3de46362f'],
    ['own-node-heap.pb.gz', '2f624cdfc13c0458374ec5411dd65afb62b5bb83de09ec271f90c616aa5b46ed'],
    [
      'own-go-mutex.pb.gz own-go-mutex.pb.gz own-go-mutex.pb.gz',
      '86f087c73b09394af5b8e837dcdc482a23794c691b21a3c4b5524026f6128582',
    ],
  ])('is that of google/pprof, byte by byte: %s', (names, expected) => {
    const bytes = merged(...names.split(' ').map(plainProfile));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected);
  });

  const places = fc.constantFrom('a', 'b', 'c', 'd');
  const samples = fc.array(
    fc.record({
      stack: fc.array(places, { maxLength: 4 }),
      values: fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(1000)),
      labels: fc.array(
        fc.tuple(fc.constantFrom('route', 'bytes'), fc.constantFrom<string | number>('x', 'y', 7)),
        {
          maxLength: 2,
        },
      ),
    }),
    { maxLength: 8 },
  );
  const files = samples.map((drawn) =>
    drawPprof({
      types: [
        ['objects', 'count'],
        ['space', 'bytes'],
      ],
      functions: { f: { name: 'f', file: 'f.go' }, g: { name: 'g' } },
      locations: {
        a: { lines: [['f', 1]] },
        b: {
          lines: [
            ['g', 5],
            ['f', 2],
          ],
        },
        c: { address: 4096, mapping: 1 },
        d: { lines: [['f', 2]] },
      },
      samples: drawn,
      mappings: ['/bin/app'],
    } satisfies DrawnPprof),
  );

  it('adds values by stack and labels, in whatever order and grouping', () => {
    fc.assert(
      fc.property(files, files, files, (a, b, c) => {
        const sums = valuesByStack(neutralPprof(merged(a, b, c)));
        expect(valuesByStack(neutralPprof(merged(c, a, b)))).toEqual(sums);
        expect(valuesByStack(neutralPprof(merged(merged(a, b), c)))).toEqual(sums);
        // One file with all samples says the same.
        const rows = [a, b, c].flatMap((file) => [...neutralPprof(file).samples]);
        const total = (values: Iterable<readonly number[]>) =>
          [...values].reduce(([x, y], value) => [x! + value[0]!, y! + value[1]!], [0, 0]);
        const parts = [...sums].map(([, text]) => text.split(' ').map(Number));
        const withStack = rows.filter(({ locations }) => locations.length > 0).map(({ values }) => values);
        expect(total(parts)).toEqual(total(withStack));
      }),
      { seed: 20261121, numRuns: 100 },
    );
  });

  it('leaves out what cancels, and what only it referred to', () => {
    const one = (value: number) =>
      drawPprof({
        types: [['n', 'count']],
        functions: { f: { name: 'gone' } },
        locations: { l: { lines: [['f', 1]] } },
        samples: [{ stack: ['l'], values: [value] }],
      });
    const bytes = merged(one(5), one(-5));
    expect(neutralPprof(bytes)).toMatchObject({ samples: [], locations: [], functions: [] });
    expect(Buffer.from(bytes).includes('gone')).toBe(false);
  });

  it('takes as many samples as one file may have, or as its caller says', () => {
    const many = drawPprof({
      types: [['n', 'count']],
      functions: {},
      locations: { l: { address: 1 } },
      samples: Array.from({ length: 2000 }, () => ({ stack: ['l'], values: [1] })),
    });
    expect(() => addToMerge(createMerge(), many, 1024)).toThrow('more than 1,024 samples');
    const merge = createMerge();
    addToMerge(merge, many, 2000);
    expect(merge.samples.count).toBe(1);
  });

  it('wraps at 64 bits, as Go does', () => {
    const one = drawPprof({
      types: [['n', 'count']],
      functions: {},
      locations: { l: { address: 1 } },
      samples: [{ stack: ['l'], values: [2n ** 63n - 1n] }],
    });
    expect(decodeProfile(merged(one, one)).samples.values[0]![0]).toBe(-2);
  });

  it('refuses profiles that measure different things, with both in its words', () => {
    const of = (type: string) =>
      drawPprof({ types: [[type, 'count']], functions: {}, locations: {}, samples: [] }, PLAIN);
    expect(() => merged(of('cpu'), of('wall'))).toThrow(
      'Cannot merge profiles with different sample types: cpu/count and wall/count',
    );
    expect(() => finishMerge(createMerge())).toThrow('no profiles');
  });

  it('packs to what unpacks to the same', () => {
    const plain = encodeProfile(decodeProfile(plainProfile('own-go-mutex.pb.gz')), 'pprof-plain');
    expect(decodeProfile(packPprof(plain))).toEqual(decodeProfile(plain));
  });
});
