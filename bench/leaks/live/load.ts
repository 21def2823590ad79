import { Agent, type ClientRequest, request } from 'node:http';
import { type Random, randomOf } from '../../../lib/cli/demo/random.ts';
import { type Kind, opensStreams, ROUTES, type Route } from './kinds.ts';

const TICK_MS = 20;
/** Rates are drawn anew this often, each by e^N(0, SPREAD): as much as routes of a real shop differ within a day. */
const WINDOW_MS = 8000;
const SPREAD = 0.7;
const LOG_MAX = 1.4;
/** All of them together: were the total as steady as a clock, nothing could tell the two apart. */
const TOTAL_SPREAD = 0.35;
/** Few, so that all are open soon: a count of connections that creeps up is growth, too. */
const CONNECTIONS = 12;
const REQUEST_TIMEOUT_MS = 10_000;
/** Share of a route that leaks, and of the heavy healthy one, on the average. */
const LEAK_WEIGHT = 0.2;
const REPORT_WEIGHT = 0.1;
/** Streams opened per second, drawn anew with the rates. */
const STREAMS_PER_S = 1.5;

export interface Load {
  readonly sent: number;
  readonly failed: number;
  stop(): void;
}

export interface Traffic {
  readonly kind: Kind;
  readonly port: number;
  readonly perSecond: number;
  readonly seed: number;
}

/** Open loop: requests leave on time, whether or not those before were answered. */
export function startLoad({ kind, port, perSecond, seed }: Traffic): Load {
  const random = randomOf(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const client = clientOf(port, agent);
  const weights = new Map(ROUTES.map((route) => [route, weightOf(kind, route, random)]));
  const began = Date.now();
  let window = -1;
  let rates = new Map<Route, number>();
  let streams = 0;
  let pace = perSecond;
  let due = { requests: 0, streams: 0 };
  let last = began;
  const timer = setInterval(() => {
    const now = Date.now();
    const current = Math.floor((now - began) / WINDOW_MS);
    if (current !== window) {
      window = current;
      rates = new Map([...weights].map(([route, weight]) => [route, weight * factor(random)]));
      streams = STREAMS_PER_S * factor(random);
      pace = perSecond * factor(random, TOTAL_SPREAD);
    }
    const seconds = Math.min(1, (now - last) / 1000); // a stalled client sends no burst
    last = now;
    due = { requests: due.requests + seconds * pace, streams: due.streams + seconds * streams };
    for (; due.requests >= 1; due.requests -= 1) visit(client, kind, pick(rates, random), random);
    for (; opensStreams(kind) && due.streams >= 1; due.streams -= 1) client.open('/events');
  }, TICK_MS);
  return {
    get sent() {
      return client.counts.sent;
    },
    get failed() {
      return client.counts.failed;
    },
    stop() {
      clearInterval(timer);
      client.abandon();
      agent.destroy();
      client.closeStreams();
    },
  };
}

export type Client = ReturnType<typeof clientOf>;

/** Who asks the shop, and does not wait. */
export function clientOf(port: number, agent?: Agent) {
  const counts = { sent: 0, failed: 0 };
  const streams = new Set<ClientRequest>();
  const pending = new Set<ClientRequest>();
  let isAbandoned = false;
  const send = (method: string, path: string, body?: string) => {
    counts.sent += 1;
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = { host: '127.0.0.1', port, method, path, headers, timeout: REQUEST_TIMEOUT_MS };
    const out = request({ ...options, ...(agent && { agent }) }, (response) => response.resume());
    out.on('timeout', () => out.destroy(new Error('Timed out')));
    out.on('error', () => {
      if (!isAbandoned) counts.failed += 1;
    });
    pending.add(out);
    out.on('close', () => pending.delete(out));
    out.end(body);
    return out;
  };
  return {
    counts,
    send,
    open(path: string) {
      const out = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
        response.resume();
        response.on('error', () => undefined);
      });
      streams.add(out);
      out.on('error', () => undefined).on('close', () => streams.delete(out));
      out.end();
    },
    /** Takes back what was not answered: an agent goes on sending what waits for a connection, even once it is destroyed. */
    abandon() {
      isAbandoned = true;
      for (const one of pending) one.destroy();
    },
    closeStreams() {
      for (const stream of streams) stream.destroy();
    },
  };
}

/** One visitor: a request, and the one that always follows it where two go together. */
export function visit(client: Client, kind: Kind, route: Route, random: Random): void {
  const together = kind.cause === 'group' && kind.routes.includes(route) ? kind.routes : [route];
  for (const each of together) call(client, each, random);
}

function call(client: Client, route: Route, random: Random): ClientRequest {
  const id = Math.floor(random.next() * 1e9);
  const [method, path] = route.split(' ') as [string, string];
  if (route === 'GET /search') return client.send(method, `${path}?q=${id}`);
  return client.send(
    method,
    path.replace('{}', String(id)),
    method === 'POST' ? '{"productIds":[1,2]}' : undefined,
  );
}

function weightOf(kind: Kind, route: Route, random: Random): number {
  if (kind.routes.includes(route)) return LEAK_WEIGHT / (kind.cause === 'group' ? 2 : 1);
  return route === 'GET /report' ? REPORT_WEIGHT : random.between(0.1, 0.25);
}

const factor = (random: Random, spread = SPREAD) =>
  Math.exp(Math.min(LOG_MAX, Math.max(-LOG_MAX, spread * random.normal())));

function pick(rates: ReadonlyMap<Route, number>, random: Random): Route {
  let left = random.next() * [...rates.values()].reduce((sum, rate) => sum + rate, 0);
  for (const [route, rate] of rates) {
    left -= rate;
    if (left < 0) return route;
  }
  return ROUTES[0];
}
