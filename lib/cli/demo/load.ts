import { Agent, request } from 'node:http';
import { type Plan, type Rates, REQUESTS_PER_S, ROUTES, type Route } from './plan.ts';
import { type Random, randomOf } from './random.ts';

const TICK_MS = 10;
const REQUEST_TIMEOUT_MS = 10_000;
/** A shop that stalls for longer than this loses the requests it would have had: a queue would hide that it is down. */
const BEHIND_MAX = REQUESTS_PER_S;

export interface Load {
  readonly startedAt: number;
  readonly sent: Readonly<Record<Route, number>>;
  readonly failed: number;
  stop(): void;
}

/** Sends the plan's traffic, open loop: requests leave on time, whether or not the ones before have been answered. */
export function startLoad(plan: Plan, port: () => number): Load {
  const random = randomOf(plan.seed ^ 0x10ad);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const sent = Object.fromEntries(ROUTES.map((route) => [route, 0])) as Record<Route, number>;
  const startedAt = Date.now();
  let due = 0;
  let failed = 0;

  const send = (route: Route) => {
    sent[route]++;
    const { method, path, body } = requestFor(route, random);
    const options = { host: '127.0.0.1', port: port(), method, path, agent, timeout: REQUEST_TIMEOUT_MS };
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const out = request({ ...options, headers }, (response) => response.resume());
    out.on('timeout', () => out.destroy(new Error('Timed out')));
    out.on('error', () => failed++);
    out.end(body);
  };
  const timer = setInterval(() => {
    const elapsedS = (Date.now() - startedAt) / 1000;
    const now = Math.floor(elapsedS * REQUESTS_PER_S) + 1;
    due = Math.max(due, now - BEHIND_MAX);
    const rates = plan.ratesAt(elapsedS);
    for (; due < now; due++) send(pickByRate(rates, random));
  }, TICK_MS);

  return {
    startedAt,
    sent,
    get failed() {
      return failed;
    },
    stop() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

function pickByRate(rates: Rates, random: Random): Route {
  let left = random.next() * REQUESTS_PER_S;
  for (const route of ROUTES) {
    left -= rates[route];
    if (left < 0) return route;
  }
  return ROUTES[ROUTES.length - 1]!;
}

function requestFor(route: Route, random: Random): { method: string; path: string; body?: string } {
  const id = Math.floor(random.next() * 500);
  const productIds = [id, (id * 3) % 500];
  switch (route) {
    case 'GET /products/:id':
      return { method: 'GET', path: `/products/${id}` };
    case 'GET /search':
      return { method: 'GET', path: `/search?q=${id % 100}` };
    case 'POST /cart':
      return { method: 'POST', path: '/cart', body: JSON.stringify({ productIds }) };
    case 'GET /orders/:id':
      return { method: 'GET', path: `/orders/${id}` };
    case 'POST /checkout':
      return { method: 'POST', path: '/checkout', body: JSON.stringify({ productIds }) };
    case 'GET /recommendations':
      return { method: 'GET', path: '/recommendations' };
  }
}
