// Student's t, by the regularised incomplete beta function: its continued fraction by Lentz (Numerical Recipes 6.4).

/** P(|T| > |t|), for any real number of degrees of freedom above 0. */
export const studentTail = (t: number, degrees: number): number =>
  betaShare(degrees / (degrees + t * t), degrees / 2, 0.5);

/**
 * The value that Student's t exceeds with the given probability (one side), for any real number of degrees of freedom.
 *
 * Bisection on the tail. Exact to 1e-9; some 60 evaluations of 100 terms.
 *
 * @param probability in (0, 0.5)
 * @param degrees above 0
 */
export function studentQuantile(probability: number, degrees: number): number {
  let low = 0;
  let high = 2;
  while (tail(high, degrees) > probability && high < 1e8) high *= 2;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (tail(middle, degrees) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T > t) for t ≥ 0. */
const tail = (t: number, degrees: number) => 0.5 * studentTail(t, degrees);

/** Regularised incomplete beta function I_x(a, b). */
function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  // The fraction converges fast on this side of the mean.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

const TERMS_MAX = 300;
const TINY = 1e-300;

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= TERMS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return result;
}

const away = (value: number) => (Math.abs(value) < TINY ? TINY : value);

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln Γ by Lanczos, g = 7, 15 digits; for arguments of 0.5 and more. */
export function logGamma(value: number): number {
  const x = value - 1;
  let sum = 0.9999999999998099;
  for (const [i, factor] of LANCZOS.entries()) sum += factor / (x + i + 1);
  const t = x + LANCZOS.length - 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}
