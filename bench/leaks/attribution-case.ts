import type { Life } from '../../lib/model/leak.ts';
import { lifeOf, normal, random } from '../../test/leaks/draw.ts';

export interface CaseOptions {
  readonly seed: number;
  readonly routes?: number;
  /** Sd of each route's own variation, in logarithms. */
  readonly spread: number;
  /** Sd of the floor's noise, as a share of all that leaks. */
  readonly noise: number;
  readonly points?: number;
  /** What makes the rise; of a pair two routes make half of it each. */
  readonly cause?: 'unit' | 'pair' | 'clock' | 'total-traffic';
  /** What the process takes besides, as it starts. */
  readonly warmUpBytes?: number;
}

export interface Case {
  readonly life: Life;
  readonly leaking: string;
  /** Bytes that one unit keeps: a call of the leaking route, or any call where all traffic leaks. */
  readonly bytesPerUnit: number;
  /** The other route of a pair. */
  readonly other: { readonly name: string; readonly bytesPerUnit: number };
}

/** Lag-1 correlation of a route's variation: traffic that is high now is high in the next minutes. */
const PERSISTENCE = 0.9;

/**
 * The simulation that the method was chosen with: routes of Pareto popularity under one daily cycle, one of them leaks
 * from the middle on. After-collection values, so that the floor is the series.
 */
export function attributionCase(options: CaseOptions): Case {
  const { seed, routes = 20, spread, noise, points = 240, cause = 'unit', warmUpBytes = 0 } = options;
  const next = random(seed * 104_729 + 7);
  const gauss = normal(next);
  const popularity = Array.from({ length: routes }, () => (1 - next()) ** (-1 / 1.2));
  const counts = popularity.map((popular) => {
    const count = new Float64Array(points);
    let sum = 0;
    let own = gauss();
    for (let i = 0; i < points; i++) {
      const day = 1 + 0.5 * Math.sin((2 * Math.PI * i) / points);
      sum += 100 * popular * day * Math.exp(spread * own);
      own = PERSISTENCE * own + Math.sqrt(1 - PERSISTENCE ** 2) * gauss();
      count[i] = sum;
    }
    return count;
  });
  const leaking = Math.floor(next() * routes);
  const onset = Math.floor(points / 2);
  const other = (leaking + 1 + Math.floor(seed % (routes - 1))) % routes;
  const all = 200e6;
  const total = counts[0]!.map((_, i) => counts.reduce((sum, count) => sum + count[i]!, 0));
  const clock = total.map((_, i) => i);
  const makers = {
    unit: [counts[leaking]!],
    pair: [counts[leaking]!, counts[other]!],
    'total-traffic': [total],
    clock: [clock],
  }[cause];
  const since = (count: Float64Array, i: number) => (i > onset ? count[i]! - count[onset]! : 0);
  const each = (count: Float64Array) => all / makers.length / since(count, points - 1);
  const values = Array.from(clock, (i) => {
    const leaked = makers.reduce((sum, count) => sum + each(count) * since(count, i), 0);
    const warm = warmUpBytes * (1 - Math.exp((-20 * i) / points));
    return 300e6 + leaked + warm + noise * all * gauss();
  });
  const life = lifeOf(values, 60);
  const work = counts.map((count, r) => ({
    unit: { kind: 'http' as const, name: `GET /${r}` },
    status: '',
    times: life.times,
    counts: count,
    complete: true,
  }));
  return {
    life: { ...life, work },
    leaking: `GET /${leaking}`,
    bytesPerUnit: each(makers[0]!),
    other: { name: `GET /${other}`, bytesPerUnit: each(counts[other]!) },
  };
}
