// Every worked example of the Prometheus engine: values within 1e-9, states equal.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scan } from '../../lib/cli/scan.ts';
import {
  type Alerts,
  durationMs,
  evaluate,
  parseExpression,
  type RuleSeries,
  rule,
  valuesAt,
} from '../../lib/leaks/rules.ts';

type Sample = number | 'stale' | 'NaN' | '+Inf' | '-Inf';
interface Case {
  readonly series: { metric: string; labels: Record<string, string>; samples: [number, Sample][] }[];
  readonly rules: { alert: string; expr: string; forSeconds: number; keepFiringForSeconds?: number }[];
  readonly evaluations: {
    t: number;
    values: Record<string, Record<string, number | string>>;
    alerts: {
      alert: string;
      labels: string;
      state: string;
      activeAt: number;
      firedAt?: number;
      keepFiringSince?: number;
    }[];
  }[];
}
const casesOf = (name: string) =>
  JSON.parse(
    gunzipSync(readFileSync(new URL(`../fixtures/rules/${name}.json.gz`, import.meta.url))).toString('utf8'),
  ) as Record<string, Case>;
const CASES = casesOf('cases');

const numberOf = (value: number | string) =>
  typeof value === 'number' ? value : Number(value.replace('Inf', 'Infinity'));
const seriesOf = ({ series }: Case): RuleSeries[] =>
  series.map(({ metric, labels, samples }) => ({
    metric,
    labels,
    times: samples.map(([t]) => Math.round(t * 1000)),
    values: samples.map(([, value]) => (value === 'stale' ? Number.NaN : numberOf(value))),
    stale: new Set(samples.flatMap(([, value], i) => (value === 'stale' ? [i] : []))),
  }));
const labelText = (labels: Readonly<Record<string, string>>) =>
  `{${Object.entries(labels)
    .map(([k, v]) => `${k}="${v}"`)
    .join(', ')}}`;

describe.each(Object.entries({ ...CASES, ...casesOf('drawn') }))('%s', (_, example) => {
  const series = seriesOf(example);

  it('gives the values of the engine', () => {
    let compared = 0;
    for (const { t, values } of example.evaluations) {
      for (const [text, wanted] of Object.entries(values)) {
        if (text.startsWith('count_over_time')) continue; // told for the reader of the case
        const { vector } = parseExpression(text.includes('>') ? text : `${text} > 0`);
        const got = [...valuesAt(vector, series, Math.round(t * 1000))];
        expect(got.map(([key]) => key).length, `${text} at ${t}`).toBe(Object.keys(wanted).length);
        for (const [key, value] of got) {
          const label = labelText(Object.fromEntries(JSON.parse(key) as [string, string][]));
          const want = numberOf(wanted[label] ?? 'missing');
          if (!Number.isFinite(want)) expect(value, `${text} at ${t}`).toBe(want);
          else
            expect(Math.abs(value - want), `${text} at ${t}: ${value}, want ${want}`).toBeLessThanOrEqual(
              1e-9 * Math.abs(want),
            );
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(0);
  });

  it('has the alerts of the engine', () => {
    const rules = example.rules.map(({ alert, expr, forSeconds, keepFiringForSeconds }) =>
      rule(alert, expr, forSeconds * 1000, (keepFiringForSeconds ?? 0) * 1000),
    );
    const states = new Map<string, Alerts>();
    for (const { t, alerts } of example.evaluations) {
      const got = rules.flatMap((one) => {
        const now = evaluate(one, series, Math.round(t * 1000), states.get(one.alert) ?? new Map());
        states.set(one.alert, now);
        return [...now.values()].map(({ labels, state, activeAt, firedAt, keepFiringSince }) => ({
          alert: one.alert,
          labels: labelText(labels),
          state,
          activeAt: activeAt / 1000,
          ...(firedAt === undefined ? {} : { firedAt: firedAt / 1000 }),
          ...(keepFiringSince === undefined ? {} : { keepFiringSince: keepFiringSince / 1000 }),
        }));
      });
      const order = (a: { alert: string; labels: string }, b: { alert: string; labels: string }) =>
        `${a.alert}${a.labels}` < `${b.alert}${b.labels}` ? -1 : 1;
      const wanted = alerts.map(({ alert, labels, state, activeAt, firedAt, keepFiringSince }) => ({
        alert,
        labels,
        state,
        activeAt,
        ...(firedAt === undefined ? {} : { firedAt }),
        ...(keepFiringSince === undefined ? {} : { keepFiringSince }),
      }));
      expect(got.sort(order), `at ${t}`).toEqual(wanted.sort(order));
    }
  });
});

describe('parseExpression()', () => {
  it('refuses what it cannot compute, saying what it can', () => {
    for (const text of [
      '',
      'up == 0',
      'rate(x[5m]) > 1',
      'deriv(x[2x]) > 1',
      'a / b / c > 1',
      'x > y',
      'x'.repeat(1e5),
    ])
      expect(() => parseExpression(text), text.slice(0, 40)).toThrow(/Cannot read rule/);
  });
  it('reads durations made of several units', () => {
    expect(durationMs('1h30m')).toBe(5_400_000);
    expect(durationMs('90')).toBeNaN();
  });
});

describe('tidemark scan --rules', () => {
  const ONE_SERIES = ['heap-growth-15s', 'goroutines-step-15s', 'goroutines-gap-15s', 'heap-gap-60s'];

  it.each(ONE_SERIES)('says of %s, as CSV named after its metric, what the engine says', async (name) => {
    const { series, rules, evaluations } = CASES[name]!;
    const [{ metric, samples }] = series as [Case['series'][0]];
    const states = new Set<string>();
    for (const { t, alerts } of evaluations.filter((_, i) => i % 7 === 3)) {
      const rows = samples.filter(([time]) => time <= t).map((sample) => sample.join(','));
      if (Number(rows.at(-1)?.split(',')[0]) !== t) continue; // the command stops at the last reading
      const files: Record<string, string> = {
        'a.csv': [`time_s,${metric}`, ...rows].join('\n'),
        'rules.json': JSON.stringify({ rules }),
      };
      let stdout = '';
      await scan(['a.csv', '--rules', 'rules.json', '--json'], {
        stdout: (text) => {
          stdout += text;
        },
        stderr: () => undefined,
        readFile: async (path) => new TextEncoder().encode(files[path]),
      });
      const wanted = rules.map(({ alert }) => {
        const own = alerts.find((one) => one.alert === alert);
        return { rule: alert, state: own?.state ?? 'inactive', since: own?.firedAt ?? own?.activeAt ?? null };
      });
      expect(JSON.parse(stdout).results[0].rules, `${t}`).toEqual(wanted);
      for (const { state } of wanted) states.add(state);
    }
    expect(states.size).toBeGreaterThan(1);
  });
});
