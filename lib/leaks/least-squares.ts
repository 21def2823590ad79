// Generalised least squares with AR(1) noise, by whitening columns and projecting on an orthonormal base.

export type Column = Float64Array;

/** Turns correlated noise into white noise: y_i − φ_i·y_{i−1}, scaled; φ follows the gaps between points. */
export interface Whitener {
  readonly rho: number;
  /** What −2·ln L has besides n·ln(SSE/n): fits under different correlations compare only with it. */
  readonly penalty: number;
  /** The column of a constant. */
  readonly ones: Column;
  apply(column: Column): Column;
  /** As `apply`, remembered: for columns that are tried again and again. */
  applied(column: Column): Column;
}

/** @param trust weight of each point, 1 for most: readings far off every explanation count less */
export function whitener(times: Float64Array, stepMs: number, rho: number, trust?: Float64Array): Whitener {
  const n = times.length;
  const phi = new Float64Array(n);
  const scale = new Float64Array(n).fill(1);
  for (let i = 1; i < n; i++) {
    phi[i] = rho > 0 ? rho ** ((times[i]! - times[i - 1]!) / Math.max(stepMs, 1e-9)) : 0;
    scale[i] = 1 / Math.sqrt(Math.max(1e-6, 1 - phi[i]! * phi[i]!));
  }
  if (trust) for (let i = 0; i < n; i++) scale[i]! *= Math.sqrt(trust[i]!);
  let penalty = 0;
  for (const s of scale) penalty -= 2 * Math.log(s);
  const apply = (column: Column): Column => {
    const out = new Float64Array(n);
    out[0] = column[0]! * scale[0]!;
    for (let i = 1; i < n; i++) out[i] = (column[i]! - phi[i]! * column[i - 1]!) * scale[i]!;
    return out;
  };
  const known = new Map<Column, Column>();
  const applied = (column: Column): Column => {
    const before = known.get(column);
    if (before) return before;
    const white = apply(column);
    known.set(column, white);
    return white;
  };
  return { rho, penalty, ones: new Float64Array(n).fill(1), apply, applied };
}

export function dot(a: Column, b: Column): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Takes the base's share out of a column, in place. */
export function project(column: Column, base: readonly Column[]): Column {
  for (const q of base) {
    const share = dot(column, q);
    for (let i = 0; i < column.length; i++) column[i]! -= share * q[i]!;
  }
  return column;
}

/** Orthonormal base of the columns' span; columns that add nothing are left out. */
export function orthonormal(columns: readonly Column[]): Column[] {
  const base: Column[] = [];
  for (const column of columns) {
    const before = Math.sqrt(dot(column, column));
    const rest = project(project(column.slice(), base), base); // twice: once loses digits
    const length = Math.sqrt(dot(rest, rest));
    if (!(length > 1e-7 * before)) continue;
    base.push(rest.map((v) => v / length));
  }
  return base;
}

/** What one column explains of a target, both already whitened and projected. */
export interface Effect {
  readonly coefficient: number;
  readonly sxx: number;
  readonly sse: number;
}

export function effectOf(x: Column, y: Column, yy: number): Effect {
  return effect(dot(x, x), dot(x, y), yy);
}

/**
 * As `effectOf` for a column that is whitened but not projected: its share in the base is taken off in sums alone, which
 * spares a copy per trial. `y` is projected.
 */
export function effectBeside(x: Column, base: readonly Column[], y: Column, yy: number): Effect {
  const full = dot(x, x);
  let sxx = full;
  for (const q of base) {
    const share = dot(x, q);
    sxx -= share * share;
  }
  return effect(sxx > 1e-9 * full ? sxx : 0, dot(x, y), yy);
}

function effect(sxx: number, sxy: number, yy: number): Effect {
  if (!(sxx > 0)) return { coefficient: 0, sxx: 0, sse: yy };
  return { coefficient: sxy / sxx, sxx, sse: Math.max(0, yy - (sxy * sxy) / sxx) };
}

/** Coefficients of a handful of columns; one that the others already span gets 0. */
export function coefficientsOf(values: Column, columns: readonly Column[], whiten: Whitener): number[] {
  const white = columns.map((c) => whiten.apply(c));
  const y = whiten.apply(values);
  return white.map((column, i) => {
    const base = orthonormal(white.filter((_, j) => j !== i));
    const x = project(column.slice(), base);
    if (!(dot(x, x) > 1e-12 * dot(column, column))) return 0;
    const left = project(y.slice(), base);
    return effectOf(x, left, dot(left, left)).coefficient;
  });
}
