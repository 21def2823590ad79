import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FINDINGS } from './fixture-findings.ts';
import {
  detailedFlamegraphOf,
  FRAME_HISTORY,
  flameDiffOf,
  flamegraphOf,
  functionsOf,
  PROFILE_TYPES,
  regressionsOf,
  speedscopeFile,
} from './fixture-flame.ts';
import { ALIASES, HEALTH, KEYS, RULES, SETUP, UPLOADS, USAGE } from './fixture-health.ts';
import { memoryOf } from './fixture-memory.ts';
import { SERVICES } from './fixture-services.ts';
import { NOW } from './fixture-story.ts';
import { NESTING } from './fixture-trace-findings.ts';
import { traceFlamegraphOf } from './fixture-trace-flame.ts';
import { COMPARISON, GAPS, SUSPECTS } from './fixture-trace-sums.ts';
import { TRACES } from './fixture-traces.ts';
import { TRANSACTIONS, UNITS } from './fixture-units.ts';

// Serves web/dist and a made-up API, so that the pages can be looked at and tested without a database:
// `node test/browser/fixture-api.ts [leak|empty|error]`. test/web/fixture.test.ts holds the data to the schemas.

export type Scenario = 'leak' | 'empty' | 'error';

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
// As strict as a server can be: proves that nothing is inline and nothing is fetched from elsewhere.
export const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const list = (items: readonly unknown[]) => ({ items, cursor: null });

const LEFT_OUT = [
  { reason: 'left out by the SDK (sample_rate): transaction', count: 12_304 },
  { reason: 'replay_event: not read', count: 41 },
];

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
const ok = (body: unknown): Answer => ({ status: 200, body });
const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  body: { type: 'about:blank', title, status, detail },
});

/** Answers as the server does; `arrived` grows with every look, as it does while a service sends. */
export function answer(scenario: Scenario, method: string, url: URL, arrived = 0): Answer {
  const parts = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
  const [head, first, second, third] = parts;
  const empty = scenario === 'empty';
  if (head === 'status') {
    return ok({
      version: '0.1.0',
      now: NOW,
      lastUploadAt: empty ? null : NOW - 3000 + arrived,
      pending: 0,
      services: empty ? 0 : SERVICES.length,
      openFindings: empty ? 0 : FINDINGS.filter((finding) => finding.state === 'firing').length,
      lastScanAt: NOW,
    });
  }
  if (head === 'session') return ok({ project: 'default', scopes: ['read', 'admin'], key: 'open' });
  if (scenario === 'error')
    return problem(503, 'Service Unavailable', 'Could not read the store: it is locked by another process');
  const time = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise);
  if (head === 'services' && first === undefined) return ok(list(empty ? [] : SERVICES));
  if (head === 'services' && first) {
    if (!SERVICES.some((one) => one.service === first))
      return problem(404, 'Not Found', `There is no service ${first}`);
    if (second === 'memory')
      return ok(
        memoryOf(first, url.searchParams.get('role'), time('from', NOW - 7 * 86_400_000), time('to', NOW)),
      );
    if (second === 'settings')
      return ok({ limitBytes: null, shards: 1, rules: { MemoryNearLimit: { off: true } } });
    if (second === 'units') return ok(list(UNITS));
    if (second === 'profiles') return ok(list(PROFILE_TYPES));
    // The unit's name asks for a size: what a page of 10,000 nodes costs is measured with it.
    const nodes = Number(/^nodes (\d+)$/.exec(url.searchParams.get('unit') ?? '')?.[1] ?? 60);
    const detailed = url.searchParams.get('details') === 'true';
    if (second === 'flamegraph' && third === 'diff') return ok(flameDiffOf(nodes));
    if (second === 'flamegraph' && third === 'frame') return ok(FRAME_HISTORY);
    if (url.searchParams.get('format') === 'speedscope') return ok(speedscopeFile());
    if (second === 'flamegraph') return ok(detailed ? detailedFlamegraphOf(nodes) : flamegraphOf(nodes));
    if (second === 'functions') return ok(list(functionsOf(url.searchParams.get('all') === 'true')));
    if (second === 'regressions') return ok(regressionsOf());
    if (second === 'transactions' && third === undefined) return ok(list(TRANSACTIONS));
    if (second === 'transactions')
      return unitAnswer(third ?? '', parts[4] ?? '', method, url.searchParams.get('version'));
    if (second === 'nesting') return ok(NESTING);
  }
  if (head === 'traces') {
    const items = TRACES.filter(({ traceId }) => traceId === first);
    const graph = second === 'flamegraph' && items[0] && traceFlamegraphOf(items[0], url.searchParams);
    if (graph) return ok(graph);
    if (items.length > 0 && second === undefined) return ok(list(items));
    return problem(
      404,
      'Not Found',
      `Cannot show trace "${first}": it is not retained; only examples are kept`,
    );
  }
  if (head === 'health') return ok({ ...HEALTH, service: second ?? '' });
  if (head === 'findings' && first === undefined) {
    const { state, service } = Object.fromEntries(url.searchParams);
    const of = FINDINGS.filter(
      (finding) => (!state || finding.state === state) && (!service || finding.service === service),
    );
    return ok(list(empty ? [] : of));
  }
  if (head === 'findings' && first) {
    const finding = FINDINGS.find((one) => one.id === first);
    if (!finding) return problem(404, 'Not Found', `There is no finding ${first}`);
    return method === 'POST'
      ? ok({ ...finding, state: second === 'snooze' ? 'snoozed' : 'dismissed' })
      : ok(finding);
  }
  if (head === 'usage') return ok(USAGE);
  if (head === 'uploads') {
    const none = { received: 0, done: 0, rejected: 0, poison: 0, pending: 0 };
    return ok(
      empty ? { ...UPLOADS, balance: none, refused: [], items: [] } : { ...UPLOADS, leftOut: LEFT_OUT },
    );
  }
  if (head === 'deploys' && !url.searchParams.has('service'))
    return problem(400, 'Bad request', 'Cannot read query: service: Invalid input');
  if (head === 'deploys')
    return ok(list(memoryOf(url.searchParams.get('service') ?? '', null, 0, NOW).deploys));
  if (head === 'setup') return ok(SETUP);
  if (head === 'rules') return ok(list(empty ? [] : RULES));
  if (head === 'aliases') return ok(empty ? { ...ALIASES, items: [], proposals: [] } : ALIASES);
  if (head === 'keys') return ok(list(KEYS));
  return problem(404, 'Not Found', `There is nothing at ${url.pathname}`);
}

/** Before it the largest gap was not there. */
const OLD_VERSION = '5.11.3';

/** Of one unit: only the storefront's checkout has spans, so that the page without them is seen too. */
function unitAnswer(unit: string, what: string, method: string, version: string | null): Answer {
  if (method === 'POST') return ok({ changed: true });
  const known = unit === 'http GET /checkout';
  const none = { requests: 0, seen: 0, misnested: 0, profiled: 0, totalMs: 0 };
  if (what === 'suspects')
    return ok(
      known ? SUSPECTS : { ...SUSPECTS, ...none, spans: [], functions: [], patterns: [], examples: [] },
    );
  if (what === 'gaps') {
    const gaps = version === OLD_VERSION ? GAPS.gaps.slice(1) : GAPS.gaps;
    return ok(known ? { ...GAPS, gaps } : { ...GAPS, ...none, gaps: [] });
  }
  if (what === 'comparison')
    return ok(
      known
        ? COMPARISON
        : {
            ...COMPARISON,
            shifts: COMPARISON.shifts.map((shift) => ({ ...shift, verdict: 'too-few' })),
            sentence: 'Too few requests to compare: 0 and 0, need 30 on each side',
          },
    );
  return problem(404, 'Not Found', `There is nothing called ${what}`);
}

async function fileAnswer(path: string): Promise<{ type: string; body: Buffer }> {
  const inside = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const type = TYPES[extname(inside)];
  if (type) {
    try {
      return { type, body: await readFile(join(DIST, inside)) };
    } catch {
      // Falls through to the page, as for every other address.
    }
  }
  return { type: TYPES['.html']!, body: await readFile(join(DIST, 'index.html')) };
}

export async function startFixture(
  scenario: Scenario,
  port = 0,
): Promise<{ url: string; requests: string[]; close: () => Promise<void> }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fixture');
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const send = async () => {
      if (url.pathname.startsWith('/api/')) {
        const { status, body } = answer(scenario, request.method ?? 'GET', url);
        const type = status < 400 ? 'application/json' : 'application/problem+json';
        response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
        return;
      }
      const { type, body } = await fileAnswer(url.pathname);
      // As the server has it: names of assets carry the hash of their content.
      const cache = url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      const headers = { 'content-security-policy': CONTENT_POLICY, 'cache-control': cache };
      response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    };
    send().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, requests, close };
}

if (import.meta.main) {
  const { url } = await startFixture((process.argv[2] as Scenario | undefined) ?? 'leak', 4041);
  process.stdout.write(`${url}\n`);
}
