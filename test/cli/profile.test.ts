import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profile } from '../../lib/cli/profile.ts';
import { jsonValue, summaryView } from '../../lib/cli/profile-view.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { drawPprof } from '../formats/pprof-drawn.ts';
import { PROFILE_FACTS } from '../formats/profile-fixtures.ts';
import { testIo } from './io.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'profiles');
const fixture = (name: string) => join(FIXTURES, name);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-profile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(args: readonly string[], files: Readonly<Record<string, Uint8Array | string>> = {}) {
  const entries = Object.entries(files).map(([name, content]): [string, Uint8Array] => [
    name,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ]);
  const io = testIo(Object.fromEntries(entries));
  const code = await profile([...args], io);
  return { code, out: io.out, err: io.err };
}
const json = async (args: readonly string[], files?: Readonly<Record<string, Uint8Array | string>>) => {
  const { code, out, err } = await run([...args, '--json'], files);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
};

const BEFORE = 'main;parse 30\nmain;read 70\n';
const AFTER = 'main;parse 60\nmain;read 70\nmain;retry;read 70\n';

describe('tidemark profile summary', () => {
  it.each(PROFILE_FACTS)('is exact on $file', async ({ file, types, samples, defaultType }) => {
    const told = await json(['summary', fixture(file)]);
    expect(
      told.sampleTypes.map(({ type, unit, total }: Record<string, unknown>) => [type, unit, total]),
    ).toEqual(types.map(({ type, unit, total }) => [type, unit, total]));
    expect(samples).toContain(told.samples);
    const { self } = types[defaultType]!;
    expect(told.top.slice(0, self.length).map((row: { self: number }) => row.self)).toEqual(
      self.map(([, own]) => own),
    );
  });

  it('tells people the same in their units', async () => {
    const { code, out } = await run(['summary', fixture('gdu-cpu.pb.gz')]);
    expect(code).toBe(0);
    expect(out).toMatch(/samples +3,006\n/);
    expect(out).toMatch(/\* cpu +134 s +delta\n/);
    expect(out).toMatch(/53\.6 s +40\.0 % +53\.6 s +40\.0 % +runtime\/internal\/syscall\.Syscall6\n/);
  });

  it('takes the type that is asked for', async () => {
    const told = await json(['summary', fixture('own-go-allocs.pb.gz'), '--type', 'inuse_space']);
    expect(told.defaultType).toBe('inuse_space');
    const { code, err } = await run(['summary', fixture('own-go-allocs.pb.gz'), '--type', 'wall']);
    expect([code, err]).toEqual([
      2,
      'tidemark profile: There is no sample type "wall", it has alloc_objects, alloc_space, inuse_objects, inuse_space\n',
    ]);
  });

  it.each(['summary', 'top', 'diff', 'convert'])(
    'says what it does with a large file: %s',
    async (command) => {
      const large = new TextEncoder().encode('main;parse 30\n'.repeat(320_000));
      const io = { ...testIo({ a: large }), isTerminal: true };
      const more = { summary: [], top: [], diff: ['a'], convert: ['-'] }[command]!;
      expect(await profile([command, 'a', ...more], io)).toBe(0);
      expect(io.err).toContain('Reading a, 4 MiB');
      expect(io.err.endsWith('\r\u001b[K')).toBe(true);
    },
  );

  it('keeps all digits of times that were sent in seconds, and the date of those before 1970', () => {
    const sent = { type: 'wall', unit: 'nanoseconds', sentUnit: 'seconds', temporality: 'delta' } as const;
    expect(jsonValue(9_007_199_254_740_993_000n, sent)).toBe('9007199254.740993');
    expect(jsonValue(-9_007_199_254_000_000_000n, sent)).toBe(-9_007_199_254);
    expect(jsonValue(1_500_000_000, sent)).toBe(1.5);
    const start = -1.5;
    expect(summaryView({ ...decodeProfile(new TextEncoder().encode(BEFORE)), start }, 0)).toContain(
      '1969-12-31T23:59:59.998Z',
    );
  });

  it('writes integers beyond 2^53 as strings', async () => {
    const told = await json(['summary', '-'], { '-': `a ${2n ** 62n}\nb ${2n ** 60n}\n` });
    expect(told.sampleTypes[0].total).toBe(String(2n ** 62n + 2n ** 60n));
    expect(told.top[0]).toEqual({ name: 'a', self: String(2n ** 62n), total: String(2n ** 62n) });
  });
});

describe('tidemark profile top', () => {
  it('sorts by self or total, and stops at the limit', async () => {
    const files = { a: AFTER };
    const { functions } = await json(['top', 'a', '-n', '2'], files);
    expect(functions).toEqual([
      { name: 'read', self: 140, total: 140 },
      { name: 'parse', self: 60, total: 60 },
    ]);
    const byTotal = await json(['top', 'a', '--sort', 'total'], files);
    expect(byTotal.functions.map(({ name }: { name: string }) => name)).toEqual([
      'main',
      'read',
      'retry',
      'parse',
    ]);
  });

  it('counts a function once per stack, however often it recurs', async () => {
    const { functions } = await json(['top', 'a'], { a: 'f;g;f;g 5\n' });
    expect(functions).toEqual([
      { name: 'g', self: 5, total: 5 },
      { name: 'f', self: 0, total: 5 },
    ]);
  });
});

describe('tidemark profile diff', () => {
  it('tells what grew, by share and in values', async () => {
    const told = await json(['diff', 'a', 'b'], { a: BEFORE, b: AFTER });
    expect([told.a.total, told.b.total]).toEqual([100, 200]);
    const read = told.changes.find(({ name }: { name: string }) => name === 'read');
    expect(read).toMatchObject({ self: { a: 70, b: 140 }, total: { a: 70, b: 140 }, selfShareChange: 0 });
    const parse = told.changes.find(({ name }: { name: string }) => name === 'parse');
    expect(parse.selfShareChange).toBeCloseTo(0, 9);
    const retry = told.changes.find(({ name }: { name: string }) => name === 'retry');
    expect(retry.totalShareChange).toBeCloseTo(0.35, 9);
    const byValue = await json(['diff', 'a', 'b', '--sort', 'value'], { a: BEFORE, b: AFTER });
    expect(byValue.changes[0].name).toBe('read');
    const { out } = await run(['diff', 'a', 'b'], { a: BEFORE, b: AFTER });
    expect(out).toMatch(/\+35\.0 pt +retry\n/);
  });

  it('has shares where values cancel out', async () => {
    const told = await json(['diff', 'x', 'y'], { x: 'a 30\nb -30\n', y: 'a 10\nb -30\n' });
    expect(told.changes.map((row: Record<string, unknown>) => [row.name, row.selfShareChange])).toEqual([
      ['a', -0.25],
      ['b', -0.25],
    ]);
  });

  it('compares what is comparable only', async () => {
    const { code, err } = await run(['diff', fixture('own-go-goroutine.pb.gz'), 'b'], { b: AFTER });
    expect([code, err]).toEqual([
      1,
      'tidemark profile: Cannot compare by samples: one profile has goroutine/count, the other samples/count\n',
    ]);
    expect((await run(['diff', 'a'], { a: BEFORE })).code).toBe(2);
  });
});

describe('tidemark profile merge', () => {
  it('adds up, whatever the formats are', async () => {
    const out = join(folder, 'both.folded');
    const { code, out: said } = await run(['merge', 'a', 'b', '-o', out], { a: BEFORE, b: AFTER });
    expect([code, said]).toEqual([0, `${out}: folded, 47 bytes, of 2 files\n`]);
    expect(readFileSync(out, 'utf8')).toBe('main;parse 90\nmain;read 140\nmain;retry;read 70\n');
  });

  it('keeps labels, addresses and mappings of pprof', async () => {
    const out = join(folder, 'merged.pb');
    const name = fixture('own-go-cpu-routes.pb.gz');
    expect(await json(['merge', name, name, '-o', out])).toMatchObject({
      files: 2,
      to: out,
      format: 'pprof-plain',
    });
    const [one, two] = [await json(['summary', name]), await json(['summary', out])];
    expect(two.sampleTypes.map(({ total }: { total: number }) => total)).toEqual(
      one.sampleTypes.map(({ total }: { total: number }) => 2 * total),
    );
    expect(readFileSync(out).includes('route')).toBe(true);
    expect(readFileSync(out).includes('worker')).toBe(true);
  });

  it('refuses different types, and names the file that is broken', async () => {
    const out = join(folder, 'none.pb.gz');
    const different = await run([
      'merge',
      fixture('gdu-cpu.pb.gz'),
      fixture('own-go-mutex.pb.gz'),
      '-o',
      out,
    ]);
    expect(different.code).toBe(1);
    expect(different.err).toMatch(
      /^tidemark profile: [^\n]*own-go-mutex\.pb\.gz: Cannot merge profiles with different [^\n]*\n$/,
    );
    const bytes = readFileSync(fixture('node-wall-react.pb'));
    const cut = await run(['merge', 'cut.pb', '-o', out], { 'cut.pb': bytes.subarray(0, 2000) });
    expect(cut.code).toBe(1);
    expect(cut.err).toMatch(/^tidemark profile: cut\.pb: Cannot decode pprof: [^\n]*\n$/);
  });

  it('shows progress on stderr, to people and on long work only', async () => {
    const io = { ...testIo({ a: new TextEncoder().encode(BEFORE) }), isTerminal: true };
    expect(await profile(['merge', ...new Array<string>(120).fill('a'), '-o', '-'], io)).toBe(0);
    expect(io.err).toContain('100 of 120 files');
    expect(io.err.endsWith('\r\u001b[K')).toBe(true);
    expect(io.out).toBe('main;parse 3600\nmain;read 8400\n');
  });

  it('writes one type alone to pprof, and with it what only samples of that type refer to', async () => {
    const name = fixture('own-go-allocs.pb.gz');
    const whole = await json(['top', name, '-t', 'inuse_space', '-n', '1000']);
    for (const [command, times] of [
      [['convert', name, join(folder, 'a.pb')], 1],
      [['merge', name, name, '-o', join(folder, 'a.pb')], 2],
    ] as const) {
      expect((await run([...command, '-t', 'inuse_space'])).code).toBe(0);
      const told = await json(['top', join(folder, 'a.pb'), '-n', '1000']);
      expect(told.total).toBe(times * whole.total);
      expect(told.functions).toEqual(
        whole.functions
          .filter(({ total }: { total: number }) => total !== 0)
          .map((row: { name: string; self: number; total: number }) => ({
            ...row,
            self: times * row.self,
            total: times * row.total,
          })),
      );
      const { sampleTypes } = await json(['summary', join(folder, 'a.pb')]);
      expect(sampleTypes.map(({ type }: { type: string }) => type)).toEqual(['inuse_space']);
    }
    const unknown = await run(['convert', name, join(folder, 'a.pb'), '-t', 'wall']);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('no sample type "wall"')]);
    // What is no pprof becomes one of one type as well.
    const from = join(folder, 'all.speedscope.json');
    await run(['convert', name, from]);
    await run(['convert', from, join(folder, 'b.pb'), '-t', 'inuse_space']);
    expect((await json(['summary', join(folder, 'b.pb')])).sampleTypes).toHaveLength(1);
  });

  it('puts the type that is wanted first where all are kept', async () => {
    const name = fixture('own-go-allocs.pb.gz');
    const to = join(folder, 'a.speedscope.json');
    await run(['merge', name, name, '-o', to, '-t', 'inuse_space']);
    expect((await json(['summary', to])).defaultType).toBe('inuse_space');
  });
});

describe('tidemark profile convert', () => {
  it.each(['.pb', '.pb.gz', '.speedscope.json', '.folded'])(
    'to %s and back keeps every value',
    async (ending) => {
      for (const { file } of PROFILE_FACTS) {
        // These have values below zero.
        if (/^(parca-alloc-delta|node-0x\.cpu)/.test(file) && ending === '.speedscope.json') continue;
        const to = join(folder, `out${ending}`);
        expect((await run(['convert', fixture(file), to])).code).toBe(0);
        const told = await json(['top', to, '-n', '1000000']);
        const expected = await json(['top', fixture(file), '-n', '1000000']);
        expect(told.total, file).toBe(expected.total);
        if (ending.startsWith('.pb')) expect(told.functions, file).toEqual(expected.functions);
      }
    },
  );

  it('leaves pprof that stays pprof as it is', async () => {
    const to = join(folder, 'same.pb');
    await run(['convert', fixture('parca-cpu-stripped.pb.gz'), to]);
    expect(readFileSync(to)).toEqual(gunzipSync(readFileSync(fixture('parca-cpu-stripped.pb.gz'))));
  });

  it('needs an ending that says the format', async () => {
    const { code, err } = await run(['convert', fixture('gdu-cpu.pb.gz'), join(folder, 'out.bin')]);
    expect(code).toBe(2);
    expect(err).toMatch(/need \.pb\.gz, \.pprof, \.pb, \.folded or \.speedscope\.json\n$/);
  });
});

describe('tidemark profile tells what is wrong in one line', () => {
  it.each([
    ['no file', ['summary'], 2, /Need one file/],
    ['an unknown command', ['sum'], 2, /no command "sum"/],
    ['a file that is not there', ['summary', '/no/such'], 1, /Cannot read "\/no\/such": ENOENT/],
    ['a bad limit', ['top', 'a', '-n', 'x'], 2, /Bad limit "x"/],
    ['a bad order', ['top', 'a', '--sort', 'x'], 2, /Bad order "x"/],
    ['an empty file', ['summary', 'empty'], 1, /empty: Cannot decode profile: it is empty/],
    ['what is no profile', ['summary', 'prose'], 1, /prose: Cannot tell the format/],
    ['JFR', ['summary', 'jfr'], 1, /jfrconv --pprof/],
    ['a frame that is left open', ['summary', fixture('left-open.speedscope.json')], 1, /left open/],
    ['a folder', ['summary', FIXTURES], 1, /EISDIR/],
    [
      'no room to write',
      ['merge', 'a', '-o', '/no/such/x.pb'],
      1,
      /Cannot write "\/no\/such\/x\.pb": ENOENT/,
    ],
  ] as const)('%s', async (_, args, expected, message) => {
    const files = { a: BEFORE, empty: '', prose: 'Dear reader,\n', jfr: 'FLR\0\0\u0002' };
    const { code, out, err } = await run(args, files);
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(/^tidemark profile: [^\n]+\n$/);
    expect(err).toMatch(message);
  });

  it('values that add up to more than 64 bits', async () => {
    const drawn = { types: [['n', 'count']], functions: {}, locations: { l: { address: 1 } } } as const;
    const samples = [0, 1].map(() => ({ stack: ['l'], values: [2n ** 63n - 1n] }));
    const told = await json(['summary', 'a'], { a: drawPprof({ ...drawn, samples }) });
    expect(told.sampleTypes[0].total).toBe(String(2n ** 64n - 2n));
  });
});
