import { describe, expect, it } from 'vitest';
import { planOf } from '../../lib/cli/demo/plan.ts';
import { type Outcome, toJson, toText } from '../../lib/cli/demo/report.ts';
import { demo } from '../../lib/cli/demo.ts';
import type { ApiFinding } from '../../lib/http/schemas.ts';

const io = () => {
  const written = { out: '', err: '' };
  return {
    written,
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
  };
};

describe('tidemark demo, arguments', () => {
  it('explains itself', async () => {
    const to = io();
    expect(await demo(['--help'], to)).toBe(0);
    expect(to.written.out).toContain('--no-leak');
  });
  it.each([[['--bogus']], [['--seed', 'x']], [['--seed', '-1']], [['extra']]])('refuses %j', async (args) => {
    const to = io();
    expect(await demo(args, to)).toBe(2);
    expect(to.written.err).toMatch(/^tidemark demo: .+\n$/);
    expect(to.written.out).toBe('');
  });
});

const plan = planOf(1);
const START = 1_790_000_000_000;
const http = (name: string) => ({ kind: 'http' as const, name });
const kept = { value: 16_000, low: 15_000, high: 17_000 };
const onset = { t: START + 38_000, low: START + 33_000, high: START + 42_000 };
const finding: ApiFinding = {
  id: 'f1',
  kind: 'leak',
  service: 'demo-shop',
  state: 'firing',
  since: START,
  updatedAt: START,
  resolvedAt: null,
  snoozedUntil: null,
  dismissed: null,
  title: 'demo-shop leaks',
  summary: 'demo-shop keeps memory on GET /products/:id.',
  sentence: [
    { kind: 'service', text: 'demo-shop' },
    { kind: 'text', text: ' keeps memory.' },
  ],
  suspects: [
    { units: [http(plan.leak.unit)], cause: 'unit', bytesPerUnit: kept, weight: 0.97, unitsSinceOnset: 900 },
    { units: [], cause: 'clock', bytesPerUnit: null, weight: 0.03, unitsSinceOnset: 0 },
  ],
  evidence: {
    analyzer: 'leaks@1',
    role: 'heap_used',
    version: '',
    instances: ['a'],
    from: START,
    to: START + 80_000,
    onset,
    slopeBytesPerHour: null,
    timeToLimitS: null,
    limitBytes: null,
    floor: null,
    lows: 20,
    confidence: 0.99,
    reason: '',
    cleared: [{ unit: http('GET /search'), bytesPerUnit: null, unitsSinceOnset: 10, reason: '' }],
    deploys: [],
  },
  notice: { firing: 'off', resolved: 'none', lastError: null },
};
const outcome: Outcome = {
  finding,
  url: 'http://127.0.0.1:4040/findings/f1',
  seconds: 81.4,
  plan,
  noLeak: false,
  firstRequestAt: START,
  majorCollectionsAfterOnset: 14,
};

describe('toJson', () => {
  it('has the promised shape', () => {
    expect(toJson(outcome)).toEqual({
      finding: {
        service: 'demo-shop',
        onset,
        suspects: [
          { units: [plan.leak.unit], kind: 'http', bytesPerUnit: kept, weight: 0.97 },
          { units: [], kind: 'clock', bytesPerUnit: null, weight: 0.03 },
        ],
        summary: finding.summary,
      },
      truth: {
        unit: plan.leak.unit,
        onset: START + plan.leak.onsetS * 1000,
        bytesPerUnit: plan.leak.bytesPerUnit,
      },
      cleared: ['GET /search'],
      seconds: 81.4,
      url: outcome.url,
      seed: 1,
      majorCollectionsAfterOnset: 14,
    });
  });
  it('has no finding and no truth where there are none', () => {
    const quiet = toJson({ ...outcome, finding: undefined, noLeak: true });
    expect(quiet).toMatchObject({ finding: null, truth: null, cleared: [] });
  });
});

describe('toText', () => {
  it('tells the truth after the finding and the link', () => {
    const text = toText(outcome);
    const places = [
      'demo-shop keeps memory.',
      'KiB per request',
      'cleared: GET /search',
      outcome.url,
      'Planted:',
    ];
    const found = places.map((place) => text.indexOf(place));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[0]).toBeGreaterThanOrEqual(0);
  });
  it('says whose failure it is when there were too few collections', () => {
    const text = toText({ ...outcome, finding: undefined, majorCollectionsAfterOnset: 5 });
    expect(text).toContain("the demo's failure");
    expect(toText({ ...outcome, majorCollectionsAfterOnset: 5 })).not.toContain('failure');
  });
});
