import type { Context, Hono } from 'hono';
import { receive } from '../jobs/receive.ts';
import type { ProfileRoute, recogniseProfiles } from '../jobs/recognise-profiles.ts';
import { connectRefusal } from './connect.ts';
import type { Admitted, door, Refusal } from './door.ts';
import { inflate } from './inflate.ts';
import type { IngestContext } from './ingest-context.ts';
import { problem } from './problem.ts';

/** The ways in for profiles: our own, and those of Pyroscope's SDKs and agents. */
export function profileRoutes(
  app: Hono,
  context: IngestContext,
  enter: ReturnType<typeof door>,
  recognise: Recognise,
): void {
  const post = (path: string, route: ProfileRoute, refuse: Refusal, accept: Accept) => {
    const handler = enter({
      route: path,
      scope: 'ingest',
      refuse,
      enter: (admitted, c) => take(context, recognise, route, admitted, c, accept),
    });
    app.post(path, handler);
    app.post(`/:prefix{.+}${path}`, handler);
  };
  post('/v1/profiles', 'profiles', problem, ({ id, profiles }) =>
    Response.json({ id, profiles }, { status: 202 }),
  );
  post('/ingest', 'pyroscope', problem, () => new Response(null, { status: 200 }));
  post('/push.v1.PusherService/Push', 'pyroscope-push', connectRefusal, (_, c) => emptyMessage(c.req.raw));
}

type Recognise = typeof recogniseProfiles;
type Accept = (taken: { readonly id: string; readonly profiles: number }, c: Context) => Response;

async function take(
  context: IngestContext,
  recognise: Recognise,
  route: ProfileRoute,
  { body, caller, sender, hold }: Admitted,
  c: Context,
  accept: Accept,
): Promise<Response> {
  const request = c.req.raw;
  const contentType = request.headers.get('content-type') ?? '';
  const contentEncoding = request.headers.get('content-encoding') ?? '';
  const plain = await inflate(body, contentEncoding, {
    maxBytes: context.limits.inflatedBytes,
    maxRatio: context.limits.inflateRatio,
    zstd: context.zstd,
    brotli: context.brotli,
    gzip: context.gzip,
    hold,
  });
  const { identity, naming, profiles, facts } = recognise(route, {
    body: plain,
    contentType,
    query: new URL(request.url).searchParams,
    key: (request.headers.get('idempotency-key') ?? '').slice(0, KEY_CHARS),
    receivedAt: context.clock.now(),
  });
  const id = await receive(context, {
    project: caller.project,
    route,
    contentType,
    contentEncoding,
    sender,
    keyId: caller.keyId,
    body,
    identity,
    naming,
  });
  if (facts !== undefined) context.recent?.remember(id, facts, identity.length + profiles * PROFILE_BYTES);
  return accept({ id, profiles }, c);
}

const KEY_CHARS = 200;
/** What a profile takes in memory however small it is. */
const PROFILE_BYTES = 8 * 1024;

function emptyMessage(request: Request): Response {
  const json = /\bjson\b/i.test(request.headers.get('content-type') ?? '');
  return new Response(json ? '{}' : new Uint8Array(), {
    headers: { 'content-type': json ? 'application/json' : 'application/proto' },
  });
}
