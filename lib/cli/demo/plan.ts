import { type Random, randomOf } from './random.ts';

// What a seed draws: the truth that the analysis has to find, and the traffic that makes finding it a task. Pure.

export const ROUTES = [
  'GET /products/:id',
  'GET /search',
  'POST /cart',
  'GET /orders/:id',
  'POST /checkout',
  'GET /recommendations',
] as const;
export type Route = (typeof ROUTES)[number];
export type Rates = Readonly<Record<Route, number>>;

export const REQUESTS_PER_S = 150;
export const WINDOW_S = 15;
/** How long the demo has, from the first request on, to find what it planted. */
export const RUN_S = 120;
export const DECOY_HOLD_MS = 2000;
/** The decoy allocates this many times what the leak does. */
export const DECOY_FACTOR = 10;

const SHARE_LOW = 0.1;
const SHARE_HIGH = 0.2;
const BYTES_LOW = 12_000;
const BYTES_HIGH = 20_000;
/** Rates are redrawn by e^N(0,1), N within this. */
const LOG_FACTOR_MAX = 1.5;
/** No route takes more of a window than this before the doubling, so that twice as much leaves something for the rest. */
const SHARE_MAX = 0.3;
/**
 * The decoy's share of a window. At the most it holds 11 MB (2 s at 200 kB), which fits beside the leak under 96 MB; with a
 * fortieth, 11 major collections followed the onset, and with a sixth its own coming and going hid the leak for longer.
 */
const DECOY_SHARE = 0.12;
const DECOY_SHARE_MIN = 0.09;
const DECOY_SHARE_MAX = 0.18;
const ATTEMPTS_MAX = 1000;

export interface Plan {
  readonly seed: number;
  readonly leak: {
    readonly unit: Route;
    readonly bytesPerUnit: number;
    readonly onsetS: number;
    /** Of all requests of the run. */
    readonly share: number;
  };
  readonly decoy: { readonly unit: Route; readonly bytesPerUnit: number; readonly holdMs: number };
  /** The route that has twice its traffic from the onset on, and is innocent. */
  readonly doubling: Route;
  /** Requests per second of every route, `tS` seconds after the first request. They add up to REQUESTS_PER_S. */
  ratesAt(tS: number): Rates;
}

export function planOf(seed: number): Plan {
  const random = randomOf(seed);
  const leaking = random.pick(ROUTES);
  const decoy = random.pick(ROUTES.filter((route) => route !== leaking));
  const doubling = random.pick(ROUTES.filter((route) => route !== leaking && route !== decoy));
  const bytesPerUnit = Math.round(random.between(BYTES_LOW, BYTES_HIGH));
  const share = random.between(SHARE_LOW, SHARE_HIGH);
  const onsetS = Math.round(random.between(35, 50) * 10) / 10;

  const traffic = { leaking, decoy, doubling, onsetS };
  const { weights, factorSeed } = drawTraffic(random, traffic, share);
  return {
    seed,
    leak: { unit: leaking, bytesPerUnit, onsetS, share },
    decoy: { unit: decoy, bytesPerUnit: bytesPerUnit * DECOY_FACTOR, holdMs: DECOY_HOLD_MS },
    doubling,
    ratesAt: (tS) => ratesAt(tS, weights, factorSeed, traffic),
  };
}

interface Traffic {
  readonly leaking: Route;
  readonly decoy: Route;
  readonly doubling: Route;
  readonly onsetS: number;
}
type Weights = Record<Route, number>;

/**
 * Draws windows until the leaking route's share is what was drawn over the whole run and within bounds after the onset:
 * a run whose leaking route is busy only before the onset would plant next to nothing, the opposite would run out of memory.
 */
function drawTraffic(random: Random, traffic: Traffic, share: number) {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const factorSeed = Math.floor(random.next() * 2 ** 31);
    const weights = Object.fromEntries(ROUTES.map((r) => [r, random.between(0.1, 0.3)])) as Weights;
    weights[traffic.leaking] = solveIncreasing(share, (weight) =>
      meanShare({ ...weights, [traffic.leaking]: weight }, factorSeed, traffic, 0),
    );
    const after = meanShare(weights, factorSeed, traffic, traffic.onsetS);
    if (after >= SHARE_LOW && after <= SHARE_HIGH) return { weights, factorSeed };
  }
  throw new Error(`No traffic plan has a leaking share of ${share} in ${ATTEMPTS_MAX} attempts`);
}

function solveIncreasing(target: number, f: (x: number) => number): number {
  let [low, high] = [1e-4, 10];
  for (let i = 0; i < 40; i++) {
    const mid = Math.sqrt(low * high);
    if (f(mid) < target) low = mid;
    else high = mid;
  }
  return Math.sqrt(low * high);
}

/** Mean share of the leaking route between `fromS` and the end of the run. */
function meanShare(weights: Weights, factorSeed: number, traffic: Traffic, fromS: number): number {
  // Rates are constant between these moments.
  const edges = [fromS, traffic.onsetS, RUN_S];
  for (let t = 0; t < RUN_S; t += WINDOW_S) edges.push(t);
  const moments = edges.filter((t) => t >= fromS).sort((a, b) => a - b);
  let requests = 0;
  for (let i = 1; i < moments.length; i++) {
    const [from, to] = [moments[i - 1]!, moments[i]!];
    if (to > from) requests += ratesAt(from, weights, factorSeed, traffic)[traffic.leaking] * (to - from);
  }
  return requests / (REQUESTS_PER_S * (RUN_S - fromS));
}

function ratesAt(tS: number, weights: Weights, factorSeed: number, traffic: Traffic): Rates {
  const shares = windowShares(Math.floor(tS / WINDOW_S), weights, factorSeed, traffic);
  const doubled = tS >= traffic.onsetS ? traffic.doubling : undefined;
  const left = doubled ? (1 - 2 * shares[doubled]) / (1 - shares[doubled]) : 1;
  const rate = (route: Route) => REQUESTS_PER_S * shares[route] * (route === doubled ? 2 : left);
  return Object.fromEntries(ROUTES.map((route) => [route, rate(route)])) as unknown as Rates;
}

/** Shares of one window before any doubling: the weights, each times e^N(0,1), within the bounds, adding up to 1. */
function windowShares(window: number, weights: Weights, factorSeed: number, { decoy }: Traffic): Weights {
  const random = randomOf(factorSeed + window);
  const factors = Object.fromEntries(
    ROUTES.map((route) => [route, Math.exp(clamp(random.normal(), -LOG_FACTOR_MAX, LOG_FACTOR_MAX))]),
  ) as Weights;
  const decoyShare = clamp(DECOY_SHARE * factors[decoy], DECOY_SHARE_MIN, DECOY_SHARE_MAX);
  const others = ROUTES.filter((route) => route !== decoy);
  const drawn = new Map(others.map((route) => [route, weights[route] * factors[route]]));
  return { ...cappedShares(drawn, 1 - decoyShare), [decoy]: decoyShare } as Weights;
}

/** Scales to a sum of `total`; who would pass SHARE_MAX stays at it, and the others share the rest in their proportions. */
function cappedShares(drawn: ReadonlyMap<Route, number>, total: number): Partial<Weights> {
  const full = new Set<Route>();
  // Each round fixes at least one route or ends. The caps add up to more than `total`, so somebody is always left.
  for (;;) {
    const open = [...drawn].filter(([route]) => !full.has(route));
    const scale = (total - full.size * SHARE_MAX) / open.reduce((sum, [, weight]) => sum + weight, 0);
    const over = open.filter(([, weight]) => weight * scale > SHARE_MAX);
    for (const [route] of over) full.add(route);
    if (over.length === 0)
      return Object.fromEntries(
        [...drawn].map(([route, weight]) => [route, full.has(route) ? SHARE_MAX : weight * scale]),
      );
  }
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
