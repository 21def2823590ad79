import { Hono } from 'hono';
import * as z from 'zod';
import { receive } from '../jobs/receive.ts';
import { type OtlpEncoding, otlpEncoding, type Route, recognise } from '../jobs/recognise.ts';
import { Fault } from '../model/fault.ts';
import { putDeploy } from '../records/deploys.ts';
import { noteService } from '../records/services.ts';
import { authenticator, DEFAULT_PROJECT } from './auth.ts';
import { directUploads } from './direct-uploads.ts';
import { type Admitted, door, note } from './door.ts';
import { inflate } from './inflate.ts';
import type { IngestContext } from './ingest-context.ts';
import { otlpStatus, otlpSuccess } from './otlp-replies.ts';
import { problem, RETRY_AFTER_S, STATUS_OF } from './problem.ts';
import { profileRoutes } from './profile-routes.ts';
import { pageOrigin } from './sentry-auth.ts';
import { sentryRoutes } from './sentry-routes.ts';
import { readService } from './service-path.ts';

/** Everything that SDKs and people send. Unknown paths are counted and answered here as well. */
export function ingestApp(context: IngestContext): Hono {
  const app = new Hono();
  const standard = authenticator(context.auth);
  const enter = door(context, standard);

  for (const [path, route] of [
    ['/v1/metrics', 'otlp-metrics'],
    ['/v1/traces', 'otlp-traces'],
    ['/v1/logs', 'otlp-logs'],
  ] as const) {
    const handler = enter({
      route: path,
      scope: 'ingest',
      refuse: (error, request) => otlpRefusal(error, request),
      enter: (admitted, c) => takeOtlp(context, route, admitted, c.req.raw),
    });
    // A base endpoint may have a prefix: OTEL_EXPORTER_OTLP_ENDPOINT=https://host/some/prefix
    for (const place of [path, `/:prefix{.+}${path}`]) {
      app.post(place, handler);
      app.all(place, (c) => refuseMethod(context, path, c.req.raw));
    }
  }

  sentryRoutes(app, context, enter, pageOrigin(standard));
  if (context.recogniseProfiles !== undefined) profileRoutes(app, context, enter, context.recogniseProfiles);
  if (context.direct !== undefined) directUploads(app, context, enter, context.direct);

  app.post(
    '/v1/deploys',
    enter({
      route: '/v1/deploys',
      scope: 'ingest',
      refuse: problem,
      enter: (admitted) => takeDeploy(context, admitted),
    }),
  );
  app.get(
    '/v1/validate',
    enter({
      route: '/v1/validate',
      scope: undefined,
      refuse: problem,
      enter: ({ caller }) =>
        Promise.resolve(
          Response.json({ valid: true, project: caller.project, scopes: caller.scopes, key: caller.keyId }),
        ),
    }),
  );

  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', async () => {
    try {
      await context.ready();
      return new Response('ready\n');
    } catch (error) {
      return problem(
        error instanceof Fault ? error : new Fault('unavailable', 'Cannot serve: a store does not answer'),
      );
    }
  });

  app.all('*', (c) => {
    const error = new Fault('not-found', `Nothing is served at ${c.req.method} ${c.req.path.slice(0, 200)}`);
    return refuseOutside(context, 'unknown path', c.req.raw, error, problem(error));
  });
  return app;
}

/** OTLP is POST alone; the answer has the form of all its errors. */
function refuseMethod(context: IngestContext, path: string, request: Request): Response {
  const error = new Fault('unsupported', `Cannot ${request.method} ${path}: send it by POST`);
  const response = otlpStatus(replyEncoding(request), 405, error.message);
  response.headers.set('allow', 'POST');
  return refuseOutside(context, path, request, error, response);
}

/** Counts what no door was asked for. */
function refuseOutside(
  context: IngestContext,
  route: string,
  request: Request,
  error: Fault,
  response: Response,
): Response {
  const body = new Uint8Array();
  note(context, { project: DEFAULT_PROJECT, route, request, body, error, status: response.status });
  return response;
}

async function takeOtlp(
  context: IngestContext,
  route: Route,
  admitted: Admitted,
  request: Request,
): Promise<Response> {
  const contentType = request.headers.get('content-type') ?? '';
  const contentEncoding = request.headers.get('content-encoding') ?? '';
  const encoding = otlpEncoding(contentType);
  const { body, caller, sender, hold } = admitted;
  const plain = await inflate(body, contentEncoding, {
    maxBytes: context.limits.inflatedBytes,
    maxRatio: context.limits.inflateRatio,
    zstd: context.zstd,
    brotli: context.brotli,
    gzip: context.gzip,
    hold,
  });
  const count = recognise(route, plain, encoding);
  if (route === 'otlp-logs') return takeLogs(context, admitted, count, encoding);
  await receive(context, {
    project: caller.project,
    route,
    contentType,
    contentEncoding,
    sender,
    keyId: caller.keyId,
    body,
    identity: plain,
    naming: '',
  });
  return otlpSuccess(encoding);
}

/** Logs come from SDKs that send all signals to one endpoint: taken and counted, so that nothing fails, but not kept. */
function takeLogs(
  context: IngestContext,
  { body, caller, sender }: Admitted,
  records: number,
  encoding: OtlpEncoding,
): Response {
  context.rejections.add(caller.project, {
    reason: 'logs are not kept',
    status: 200,
    sender,
    at: context.clock.now(),
    route: '/v1/logs',
    detail: `${records} log records`,
    firstBytes: encoding,
    bytes: body.length,
  });
  return otlpSuccess(encoding);
}

/** `Status` bodies in the encoding of the request; 503 and never 500, after which exporters drop their data. */
function otlpRefusal(error: unknown, request: Request): Response {
  const fault =
    error instanceof Fault ? error : new Fault('unavailable', 'Cannot take request: try again in a moment');
  const status = STATUS_OF[fault.code];
  const response = otlpStatus(replyEncoding(request), status, fault.message);
  if (status === 429 || status === 503) response.headers.set('retry-after', String(RETRY_AFTER_S));
  return response;
}

/** A type that is neither of OTLP's two is refused for that: in JSON, which people can read. */
function replyEncoding(request: Request): OtlpEncoding {
  try {
    return otlpEncoding(request.headers.get('content-type') ?? '');
  } catch {
    return 'json';
  }
}

/** The last one that a Date can hold. */
const LAST_TIME = 8.64e15;
const DeployBody = z.object({
  service: z.string().min(1).max(1000),
  version: z.string().min(1).max(255),
  at: z.union([z.number(), z.iso.datetime({ offset: true })]).optional(), // epoch ms, or RFC 3339
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional(),
  commit: z.string().max(100).optional(),
});

async function takeDeploy(context: IngestContext, { caller, body }: Admitted): Promise<Response> {
  const parsed = DeployBody.safeParse(parseJson(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Fault(
      'invalid-input',
      `Cannot take deploy: ${issue?.path.join('.') || 'body'}: ${issue?.message}`,
    );
  }
  const { version, at, url, commit } = parsed.data;
  const service = readService(parsed.data.service);
  const now = context.clock.now();
  const time = at === undefined ? now : typeof at === 'number' ? at : Date.parse(at);
  if (!(time >= 0 && time <= LAST_TIME)) {
    throw new Fault('invalid-input', `Cannot take deploy: at: ${at} is no time since 1970 in milliseconds`);
  }
  const deploy = { service, version, at: Math.round(time), url: url ?? null, commit: commit ?? null };
  await putDeploy(context.records, caller.project, deploy);
  const seen = {
    service,
    firstSeen: now,
    lastSeen: now,
    firstData: now,
    lastData: 0,
    signals: { deploys: now },
    versions: {},
  };
  await noteService(context.records, caller.project, seen);
  return Response.json({ ...deploy, project: caller.project }, { status: 201 });
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot read body: it is not JSON', { cause });
  }
}
