import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableFs } from '../../lib/adapters/durable-fs.ts';
import { readConfig } from '../../lib/compose/config.ts';
import { type Local, openLocal } from '../../lib/compose/local.ts';
import { apiApp } from '../../lib/http/api-app.ts';
import type { AuthContext } from '../../lib/http/auth.ts';
import { ingestApp } from '../../lib/http/ingest-app.ts';
import { DEFAULT_LIMITS, type Limits } from '../../lib/http/limits.ts';
import { readApi } from '../../lib/http/read-api.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import { scanAll } from '../../lib/jobs/scan.ts';
import { pumpOnce } from '../../lib/server/pump.ts';

export interface TestClock {
  time: number;
  now(): number;
}
export const testClock = (time: number): TestClock => ({
  time,
  now() {
    return this.time;
  },
});

/** The embedded product without a socket: the apps, stores and jobs that the server wires, on a clock of the test. */
export interface Product {
  readonly local: Local;
  readonly clock: TestClock;
  /** A request to the door. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** A GET of the read API, as JSON. */
  get<T>(path: string): Promise<T>;
  api(path: string, init?: RequestInit): Promise<Response>;
  /** Analyses what is queued. */
  settle(): Promise<void>;
  scan(): Promise<void>;
  close(): Promise<void>;
}

export interface ProductOptions {
  readonly at: number;
  readonly limits?: Partial<Limits>;
  readonly auth?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  /** Holds the objects; default: the disk. */
  readonly fs?: DurableFs;
}

export async function openProduct({
  at,
  limits,
  auth = false,
  env = {},
  dataDir,
  fs,
}: ProductOptions): Promise<Product> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'tidemark-test-')));
  const clock = testClock(at);
  const local = await openLocal(readConfig(env, { dataDir: folder }), clock, fs);
  const { context } = local;
  const authContext: AuthContext = {
    records: context.records,
    clock,
    masterSecret: local.masterSecret,
    open: () => !auth,
    target: (request) => request.url.slice(request.url.indexOf('/', 'http://'.length)),
  };
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => void bugs.push(error);
  const ingest = ingestApp({
    auth: authContext,
    sink: local.sink,
    records: context.records,
    clock,
    rejections: context.rejections,
    limits: { ...DEFAULT_LIMITS, ...limits },
    recogniseProfiles: local.recogniseProfiles,
    zstd: local.zstd,
    brotli: local.brotli,
    gzip: local.gzip,
    ready: async () => void (await context.uploads.depth()),
    onBug,
  });
  const api = apiApp(
    { auth: authContext, version: 'test', onBug },
    readApi({
      jobs: context,
      uploads: uploadsReader(context),
      version: 'test',
      authRequired: auth,
      scans: { lastAt: null },
      notify: true,
    }),
  );
  const call = async (path: string, init?: RequestInit) =>
    api.fetch(new Request(`http://tidemark.test/api/v1${path}`, init));
  return {
    local,
    clock,
    send: async (path, init) => ingest.fetch(new Request(`http://tidemark.test${path}`, init)),
    api: call,
    async get(path) {
      await context.rejections.flush();
      const response = await call(path);
      if (!response.ok)
        throw new Error(`GET ${path}: ${response.status} ${await response.text()}`, { cause: bugs });
      return (await response.json()) as never;
    },
    async settle() {
      const signal = new AbortController().signal;
      while ((await pumpOnce(context, signal, 0)) > 0);
    },
    scan: () =>
      scanAll(context, (error) => {
        throw error;
      }),
    async close() {
      await local.close();
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
