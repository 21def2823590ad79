import type { Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { receive } from '../jobs/receive.ts';
import {
  type RecognisedEnvelope,
  recogniseEnvelope,
  recogniseStore,
  unwrapBase64,
} from '../jobs/recognise-sentry.ts';
import type { Admitted, door } from './door.ts';
import { inflate } from './inflate.ts';
import type { IngestContext } from './ingest-context.ts';
import { checkDsn, type pageOrigin, sentryAuth, sentryPath } from './sentry-auth.ts';
import { sentryAccepted, sentryRefusal } from './sentry-replies.ts';

/** `POST /api/{project}/envelope/` and `/store/`, with any prefix and any number of slashes, as SDKs write them. */
export function sentryRoutes(
  app: Hono,
  context: IngestContext,
  enter: ReturnType<typeof door>,
  originOf: ReturnType<typeof pageOrigin>,
): void {
  const auth = sentryAuth(context.records, async (request, body) => {
    if (sentryPath(new URL(request.url).pathname)?.endpoint !== 'envelope') return '';
    return recogniseEnvelope(await unpack(context, body, encodingOf(request))).dsn;
  });
  const entrance = (endpoint: 'envelope' | 'store') =>
    enter({
      route: `/api/{project}/${endpoint}/`,
      scope: 'ingest',
      auth,
      refuse: (error) => sentryRefusal(error),
      enter: (admitted, c) => take(context, endpoint, admitted, c),
    });
  const handlers = { envelope: entrance('envelope'), store: entrance('store') };
  const forPages = cors({
    origin: (origin, c) => originOf(origin, c.req.raw),
    allowMethods: ['POST'],
    exposeHeaders: ['retry-after', 'x-sentry-rate-limits'],
    maxAge: PREFLIGHT_S,
  });
  app.use('*', (c, next) => {
    const isOfPage = c.req.header('origin') !== undefined && sentryPath(c.req.path) !== undefined;
    return isOfPage ? forPages(c, next) : next();
  });
  app.post('*', (c, next) => {
    const path = sentryPath(c.req.path);
    return path === undefined ? next() : handlers[path.endpoint](c);
  });
}

/** How long a browser need not ask again. What it sends then is looked at all the same. */
const PREFLIGHT_S = 3600;

/** Of other names (`utf-8`, from old Android) and of none the first bytes tell, as in Relay. */
const KNOWN = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);
function encodingOf(request: Request): string {
  const encoding = (request.headers.get('content-encoding') ?? '').trim().toLowerCase();
  return KNOWN.has(encoding) ? encoding : '';
}

const unpack = (
  context: IngestContext,
  body: Uint8Array,
  encoding: string,
  hold?: (bytes: number) => void,
): Promise<Uint8Array> =>
  inflate(body, encoding, {
    maxBytes: context.limits.inflatedBytes,
    maxRatio: context.limits.inflateRatio,
    zstd: context.zstd,
    brotli: context.brotli,
    gzip: context.gzip,
    ...(hold !== undefined && { hold }),
  });

async function take(
  context: IngestContext,
  endpoint: 'envelope' | 'store',
  admitted: Admitted,
  c: Context,
): Promise<Response> {
  const request = c.req.raw;
  const { body, caller, sender } = admitted;
  const contentType = request.headers.get('content-type') ?? '';
  const plain = await unpack(context, body, encodingOf(request), admitted.hold);
  const asEnvelope = endpoint === 'envelope' || contentType.startsWith('application/x-sentry-envelope');
  const { stored, recognised } = asEnvelope
    ? { stored: body, recognised: recogniseEnvelope(plain) }
    : await recogniseStored(context, body, plain);
  checkDsn(recognised.dsn, request);
  if (recognised.ignored.length > 0) count(context, admitted, recognised);
  if (recognised.kept) {
    await receive(context, {
      project: caller.project,
      route: asEnvelope ? 'sentry-envelope' : 'sentry-store',
      contentType,
      contentEncoding: stored === body ? encodingOf(request) : '',
      sender,
      keyId: caller.keyId,
      body: stored,
      identity: recognised.identity,
      naming: '',
    });
  }
  return sentryAccepted(recognised.eventId || (recognised.needsEventId ? newEventId() : ''));
}

/** The old form may hide its JSON in base64, and that in zlib: unpacked here, stored as JSON. */
async function recogniseStored(context: IngestContext, body: Uint8Array<ArrayBuffer>, plain: Uint8Array) {
  const inner = unwrapBase64(plain);
  if (inner === undefined) return { stored: body, recognised: recogniseStore(plain) };
  const isJson = inner[0] === 0x7b;
  const json = isJson ? inner : await unpack(context, inner, 'deflate');
  return { stored: json as Uint8Array<ArrayBuffer>, recognised: recogniseStore(json) };
}

const newEventId = () => crypto.randomUUID().replaceAll('-', '');

/** Items that SDKs send unasked (errors, sessions, logs): taken, so that nothing fails, counted, not kept. */
function count(context: IngestContext, { body, caller, sender }: Admitted, { ignored }: RecognisedEnvelope) {
  context.rejections.add(caller.project, {
    reason: 'items of Sentry that are not kept',
    status: 200,
    sender,
    at: context.clock.now(),
    route: '/api/{project}/envelope/',
    detail: ignored.slice(0, 20).join(', '),
    firstBytes: 'envelope',
    bytes: body.length,
  });
}
