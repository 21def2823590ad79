import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changepoints } from '../../lib/cli/changepoints.ts';
import { breaks } from '../../lib/leaks/index.ts';
import { normal, random } from './draw.ts';

const wobble = (i: number) => 0.3 * Math.sin(i * 12.9898) * Math.cos(i * 78.233);
const made = (n: number, at: (i: number) => number) =>
  Float64Array.from({ length: n }, (_, i) => at(i) + wobble(i));

describe('breaks()', () => {
  it('finds steps, and calls a ramp no stair', () => {
    expect(breaks([made(90, (i) => (i < 30 ? 0 : i < 60 ? 5 : 2))])).toEqual([30, 60]);
    expect(breaks([made(200, (i) => i / 10)])).toEqual([]);
    expect(breaks([made(200, () => 3)])).toEqual([]);
  });

  it.each([240, 500, 2000, 5000])('finds a kink and a step of %s points within 5', (n) => {
    const at = Math.floor(n / 2) + 7;
    const kinks = breaks([made(n, (i) => Math.max(0, i - at) / 5)]);
    expect(kinks.length).toBe(1);
    expect(Math.abs(kinks[0]! - at)).toBeLessThanOrEqual(5);
    expect(breaks([made(n, (i) => (i < at ? 0 : 9))])).toEqual([at]);
  });

  it('seldom sees kinks in a trend about which the series wanders', () => {
    const wandering = (seed: number) => {
      const gauss = normal(random(seed));
      let own = 0;
      return Float64Array.from({ length: 110 }, (_, i) => {
        own = 0.6 * own + gauss();
        return i + own;
      });
    };
    const cuts = Array.from({ length: 20 }, (_, seed) => breaks([wandering(seed)]).length);
    expect(cuts.filter((count) => count === 0).length).toBeGreaterThanOrEqual(14);
  });

  it('leaves out columns that hold texts or nothing', () => {
    const step = made(100, (i) => (i < 40 ? 0 : 6));
    const notes = step.map((_, i) => (i === 7 ? 1 : Number.NaN));
    expect(breaks([step, notes, step.map(() => Number.NaN)])).toEqual([40]);
  });

  it('tells indices of the series as it came, missing readings counted', () => {
    const y = made(100, (i) => (i < 50 ? 0 : 9));
    for (const gap of [10, 11, 70]) y[gap] = Number.NaN;
    expect(breaks([y])).toEqual([50]);
  });

  it('lets columns share their changes', () => {
    const quiet = made(100, () => 0);
    expect(breaks([quiet, made(100, (i) => (i < 40 ? 0 : 6))])).toEqual([40]);
  });

  it('gives ascending places inside of any series, also one of extremes', () => {
    const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, 1, 1e300, -1e300)), { maxLength: 300 });
    fc.assert(
      fc.property(values, (y) => {
        const found = breaks([Float64Array.from(y)]);
        for (const [k, cut] of found.entries()) {
          expect(cut).toBeGreaterThan(k === 0 ? 0 : (found[k - 1] ?? 0));
          expect(cut).toBeLessThan(y.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('tidemark changepoints', () => {
  async function run(text: string, ...args: string[]) {
    const out = { stdout: '', stderr: '' };
    const code = await changepoints(['file', ...args], {
      stdout: (t) => {
        out.stdout += t;
      },
      stderr: (t) => {
        out.stderr += t;
      },
      readFile: async () => new TextEncoder().encode(text),
    });
    return { code, ...out };
  }
  const stair = Array.from({ length: 60 }, (_, i) => (i < 20 ? 1 : 7) + wobble(i));

  it('reads CSV and JSON', async () => {
    const csv = `time_s,value\n${stair.map((v, i) => `${i * 15},${v}`).join('\n')}\n`;
    const json = JSON.stringify({ time: { index: [] }, series: [{ label: 'V1', raw: stair }] });
    for (const text of [csv, json])
      expect(await run(text, '--json')).toEqual({ code: 0, stdout: '{"changepoints":[20]}\n', stderr: '' });
    expect((await run(csv)).stdout).toBe('20  at 300.0 s\n');
    expect((await run(csv.replaceAll(/^(\d+),/gm, (_, t) => `${1_767_225_600 + Number(t)},`))).stdout).toBe(
      '20  at 2026-01-01T00:05:00Z\n',
    );
    for (const text of [json, stair.join('\n')]) expect((await run(text)).stdout).toBe('20\n');
  });

  it('reads values alone, dates for times, numbers as texts, and what is NaN though JSON has none', async () => {
    const hour = (i: number) => new Date(Date.UTC(2026, 0, 1, i)).toISOString();
    const files = [
      stair.join('\n'),
      `value\n${stair.join('\n')}\n`,
      `date,y\n${stair.map((v, i) => `${hour(i)},${v}`).join('\n')}`,
      `{"series":[{"label":"NaN","raw":[${stair.map((v, i) => (i === 7 ? 'NaN' : `"${v}"`)).join(', ')}]}]}`,
    ];
    for (const text of files)
      expect(await run(text, '--json')).toEqual({ code: 0, stdout: '{"changepoints":[20]}\n', stderr: '' });
  });

  it('counts rows as they stand in the file', async () => {
    const rows = stair.map((v, i) => `${i * 15},${v}`);
    const backwards = ['time_s,value', ...rows.toReversed()].join('\n');
    const told = 'tidemark changepoints: file: Assumed: rows are sorted by time\n';
    expect(await run(backwards, '--json')).toEqual({
      code: 0,
      stdout: '{"changepoints":[39]}\n',
      stderr: told,
    });
    const first = ['0,NaN', ...rows.slice(1)].join('\n\n');
    expect((await run(first, '--json')).stdout).toBe('{"changepoints":[20]}\n');
    expect((await run('time_s,value\n', '--json')).stdout).toBe('{"changepoints":[]}\n');
  });

  it('says in one line what it cannot read', async () => {
    for (const text of [
      '',
      '{"series":[]}',
      '{"series":[{"raw":["x"]}]}',
      '{',
      '[1,2]',
      '{"series":[null]}',
      'a',
    ]) {
      const { code, stdout, stderr } = await run(text, '--json');
      expect({ code, stdout, lines: stderr.split('\n').length }, text).toEqual({
        code: 1,
        stdout: '',
        lines: 2,
      });
    }
    expect((await run('', 'second')).code).toBe(2);
  });
});
