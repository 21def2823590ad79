import type { Life } from '../../lib/model/leak.ts';
import { MIB } from '../../lib/model/units.ts';

/** Small, seeded and good enough for noise: https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function normal(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

export interface DrawOptions {
  readonly stepS?: number;
  /** Columns of the picture stand for this many readings each. */
  readonly perColumn?: number;
  readonly rowMib?: number;
  readonly noiseMib?: number;
  readonly seed?: number;
}

/**
 * Turns a picture into a life: one `*` per column, higher rows are more memory; the lowest row is `rowMib` × 1.
 * Between columns the value goes straight.
 */
export function draw(picture: string, options: DrawOptions = {}): Life {
  const { stepS = 15, perColumn = 8, rowMib = 20, noiseMib = 1, seed = 1 } = options;
  const rows = picture.split('\n').filter((row) => row.includes('*'));
  const left = Math.min(...rows.map((row) => row.search(/\S/)));
  const right = Math.max(...rows.map((row) => row.trimEnd().length));
  const levels: number[] = [];
  for (let column = left; column < right; column++) {
    const row = rows.findIndex((text) => text[column] === '*');
    levels.push(row < 0 ? (levels.at(-1) ?? 1) : rows.length - row);
  }
  const noise = normal(random(seed));
  const values: number[] = [];
  for (let i = 0; i <= (levels.length - 1) * perColumn; i++) {
    const at = i / perColumn;
    const low = levels[Math.floor(at)]!;
    const high = levels[Math.min(levels.length - 1, Math.floor(at) + 1)]!;
    const level = low + (high - low) * (at - Math.floor(at));
    values.push((level * rowMib + noiseMib * noise()) * MIB);
  }
  return lifeOf(values, stepS);
}

export function lifeOf(values: readonly number[], stepS: number, more: Partial<Life> = {}): Life {
  return {
    instance: 'one',
    version: undefined,
    role: 'rss',
    startedAt: undefined,
    times: Float64Array.from(values, (_, i) => i * stepS * 1000),
    values: Float64Array.from(values),
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    work: [],
    load: undefined,
    mixedWriters: false,
    end: undefined,
    ...more,
  };
}
