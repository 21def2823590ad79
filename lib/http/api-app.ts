import { Hono } from 'hono';
import { Fault } from '../model/fault.ts';
import type { ApiRoute } from './api-routes.ts';
import { type AuthContext, authenticator, refuseForeignPage } from './auth.ts';
import { readBody } from './body.ts';
import { openApi } from './openapi.ts';
import { problem } from './problem.ts';
import { sessionRoutes } from './session-routes.ts';

export const API_BASE = '/api/v1';
const BODY_MAX_BYTES = 64 * 1024;

export interface ApiContext {
  readonly auth: AuthContext;
  readonly version: string;
  readonly onBug?: ((error: unknown, where: string) => void) | undefined;
}

/** Serves `routes` below /api/v1, with their OpenAPI document beside them. */
export function apiApp(context: ApiContext, routes: readonly ApiRoute[]): Hono {
  const app = new Hono();
  const auth = authenticator(context.auth);
  const document = openApi(routes, context.version, API_BASE);
  app.get(`${API_BASE}/openapi.json`, (c) => c.json(document));

  sessionRoutes(app, `${API_BASE}/session`, auth, context.auth);
  for (const route of routes) {
    app.on(route.method.toUpperCase(), `${API_BASE}${honoPath(route.path)}`, async (c) => {
      try {
        const body = await readBody(c.req.raw, BODY_MAX_BYTES);
        const caller = await auth.identify(c.req.raw, c.env, body, route.scope);
        if (route.method !== 'get') refuseForeignPage(c.req.raw);
        const answer = await route.run({
          caller,
          params: c.req.param(),
          query: parse(route.query, c.req.query(), 'query'),
          body: parse(route.body, route.body === undefined ? undefined : readJson(body), 'body'),
        });
        if (answer instanceof Response) return answer; // a file to save
        return Response.json(answer, { headers: { 'cache-control': 'no-store' } });
      } catch (error) {
        if (!(error instanceof Fault)) context.onBug?.(error, `${route.method} ${route.path}`);
        return problem(error);
      }
    });
  }
  app.all(`${API_BASE}/*`, (c) =>
    problem(new Fault('not-found', `Nothing is served at ${c.req.path.slice(0, 200)}`)),
  );
  return app;
}

/** `{service}` holds what stands between two slashes; the percent-encoded ones inside of it do not count. */
const honoPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');

function parse(schema: ApiRoute['query'], value: unknown, name: string): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault(
    'invalid-input',
    `Cannot read ${name}: ${issue?.path.join('.') || 'it'}: ${issue?.message}`,
  );
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot read body: it is not JSON', { cause });
  }
}
