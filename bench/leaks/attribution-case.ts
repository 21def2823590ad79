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
}

/** Lag-1 correlation of a route's variation: traffic that is high now is high in the next minutes. */
const PERSISTENCE = 0.9;

/**
 * The simulation that the method was chosen with: routes of Pareto popularity under one daily cycle, one of them leaks
 * from the middle on. After-collection values, so that the floor is the series.
 */
export function attributionCase(options: CaseOptions): { life: Life; leaking: string; bytesPerUnit: number } {
  const { seed, routes = 20, spread, noise, points = 240 } = options;
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
  const own = counts[leaking]!;
  const all = 200e6;
  const bytesPerUnit = all / (own.at(-1)! - own[onset]!);
  const values = Array.from(own, (count, i) => {
    const leaked = i > onset ? (count - own[onset]!) * bytesPerUnit : 0;
    return 300e6 + leaked + noise * all * gauss();
  });
  const life = lifeOf(values, 60);
  const work = counts.map((count, r) => ({
    unit: { kind: 'http' as const, name: `GET /${r}` },
    status: '',
    times: life.times,
    counts: count,
    complete: true,
  }));
  return { life: { ...life, work }, leaking: `GET /${leaking}`, bytesPerUnit };
}
