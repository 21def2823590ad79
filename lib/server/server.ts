import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve as listen } from '@hono/node-server';
import { type Config, hostInUrl } from '../compose/config.ts';
import type { Local } from '../compose/local.ts';
import { API_BASE, apiApp } from '../http/api-app.ts';
import type { AuthContext } from '../http/auth.ts';
import { ingestApp } from '../http/ingest-app.ts';
import { DEFAULT_LIMITS } from '../http/limits.ts';
import { PYROSCOPE_PATHS, pyroscopeApp } from '../http/pyroscope/app.ts';
import { readApi } from '../http/read-api.ts';
import { uploadsReader } from '../jobs/answers/uploads.ts';
import { deliverDue } from '../jobs/deliver.ts';
import { sweepDirect } from '../jobs/direct.ts';
import { expire } from '../jobs/expire.ts';
import { foldJoined } from '../jobs/fold-joined.ts';
import { joinDue } from '../jobs/join-due.ts';
import { recentProfiles } from '../jobs/recent-profiles.ts';
import { resumeReplays } from '../jobs/replay.ts';
import { rollUp } from '../jobs/roll-up.ts';
import { scanAll } from '../jobs/scan.ts';
import { sweepOrphans } from '../jobs/sweep.ts';
import { sweepUploads } from '../jobs/sweep-uploads.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import { buildWebIfStale, WEB_DIST } from './build-web.ts';
import { isOpenCaller } from './open-caller.ts';
import { ownDirect } from './own-direct.ts';
import { startPump } from './pump.ts';
import { startSchedule } from './schedule.ts';
import { VERSION } from './version.ts';
import { webFiles } from './web-files.ts';

export interface RunningServer {
  readonly url: string;
  /** Takes no new request, finishes those in work, stops pump and duties. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly config: Config;
  readonly local: Local;
  readonly say: (line: string) => void;
  /** Ends a start that takes longer than somebody wants to wait; `stop` is still to be called. */
  readonly signal?: AbortSignal;
}

/** What hono's Node adapter hands to an app beside the request. */
interface NodeEnv {
  readonly incoming?: IncomingMessage;
}

/** Uploads, analysis, scans, notices, API and UI in one process. @throws with code EADDRINUSE when the port is taken */
export async function startServer({ config, local, say, signal }: ServerOptions): Promise<RunningServer> {
  const { context } = local;
  const onError = (error: unknown, where: string) => say(`tidemark: ${where}: ${textOf(error)}`);
  const auth: AuthContext = {
    records: context.records,
    clock: context.clock,
    masterSecret: local.masterSecret,
    open: (_request, env) => !config.auth && isOpenCaller((env as NodeEnv).incoming),
    target: (_request, env) => (env as NodeEnv).incoming?.url ?? '',
  };
  const scans: { lastAt: number | null } = { lastAt: null };
  const api = apiApp(
    { auth, version: VERSION, onBug: onError },
    readApi({
      jobs: context,
      uploads: uploadsReader(context),
      version: VERSION,
      authRequired: config.auth,
      scans,
      notify: local.notifiers.length > 0,
    }),
  );
  const pyroscope = pyroscopeApp({ auth, jobs: context, onBug: onError });
  const recent = recentProfiles();
  const ingest = ingestApp({
    auth,
    sink: local.sink,
    records: context.records,
    clock: context.clock,
    rejections: context.rejections,
    limits: DEFAULT_LIMITS,
    recogniseProfiles: local.recogniseProfiles,
    recent,
    zstd: local.zstd,
    brotli: local.brotli,
    gzip: local.gzip,
    digest: local.digest,
    direct: ownDirect(context, local.masterSecret),
    async ready() {
      await context.uploads.depth();
      local.ready?.();
    },
    onBug: onError,
  });
  const web = webFiles(WEB_DIST);
  const stopping = new AbortController();
  const built = buildWebIfStale(say, AbortSignal.any([stopping.signal, ...(signal ? [signal] : [])]));
  const fetch = (request: Request, env: unknown) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(`${API_BASE}/`)) return api.fetch(request, env as object);
    if (PYROSCOPE_PATHS.test(pathname)) return pyroscope.fetch(request, env as object);
    const isPage = request.method === 'GET' || request.method === 'HEAD';
    if (isPage && !OWN_PATHS.test(pathname)) return built.then(() => web(pathname));
    return ingest.fetch(request, env as object);
  };

  const opened = openPort(fetch, config).catch((error: unknown) => {
    stopping.abort(); // a build must not outlive the server that wanted it
    throw error;
  });
  const [server] = await Promise.all([opened, built]);
  const pump = startPump({ ...context, recent }, onError);
  const schedule = startSchedule(
    [
      {
        name: 'scan',
        everyMs: config.scanIntervalMs,
        firstMs: Math.min(config.scanIntervalMs, 10 * SECOND_MS),
        run: async () => {
          await scanAll(context, onError);
          scans.lastAt = context.clock.now();
        },
      },
      { name: 'notify', everyMs: SECOND_MS, run: () => deliverDue(context, local.notifiers, onError) },
      { name: 'counts of refused uploads', everyMs: SECOND_MS, run: () => context.rejections.flush() },
      // The first sweep finds at once what the queue lost with the power.
      {
        name: 'first sweep',
        everyMs: 'once',
        run: () => sweepUploads(context, { olderThanMs: 0 }),
      },
      {
        name: 'sweep',
        everyMs: 5 * MINUTE_MS,
        firstMs: 5 * MINUTE_MS,
        run: () => sweepUploads(context),
      },
      { name: 'direct uploads', everyMs: 5 * MINUTE_MS, run: () => sweepDirect(context) },
      { name: 'join', everyMs: 30 * SECOND_MS, run: () => joinDue(context, foldJoined, onError) },
      { name: 'roll-up', everyMs: 10 * MINUTE_MS, firstMs: MINUTE_MS, run: () => rollUp(context) },
      { name: 'replay', everyMs: MINUTE_MS, firstMs: MINUTE_MS, run: () => resumeReplays(context) },
      { name: 'expiry', everyMs: HOUR_MS, firstMs: 5 * MINUTE_MS, run: () => expire(context) },
      { name: 'orphans', everyMs: HOUR_MS, firstMs: 10 * MINUTE_MS, run: () => sweepOrphans(context) },
      { name: 'housekeeping', everyMs: HOUR_MS, firstMs: MINUTE_MS, run: () => local.housekeeping() },
    ],
    onError,
  );
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${hostInUrl(config.host)}:${port}`,
    async stop() {
      await closePort(server);
      await Promise.all([pump.stop(), schedule.stop()]);
    },
  };
}

/** Paths that GET asks the ingest app for; every other one is a page of the UI. */
const OWN_PATHS = /^\/((v1(development)?|api)(\/|$)|healthz$|readyz$)/;
const CLOSE_MAX_MS = 5000;

function openPort(fetch: (request: Request, env: unknown) => Response | Promise<Response>, config: Config) {
  return new Promise<Server>((resolve, reject) => {
    const server = listen({ fetch, port: config.port, hostname: config.host }, () =>
      resolve(server),
    ) as Server;
    server.once('error', reject);
  });
}

/** Answers what has come, then closes; connections that are kept open for more are cut. */
function closePort(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), CLOSE_MAX_MS).unref();
  });
}

const textOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
