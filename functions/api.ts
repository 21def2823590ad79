import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { openAws } from '../lib/compose/aws.ts';
import { logError, metered, targetOf } from '../lib/compose/lambda.ts';
import { API_BASE, apiApp } from '../lib/http/api-app.ts';
import { PYROSCOPE_PATHS, pyroscopeApp } from '../lib/http/pyroscope/app.ts';
import { readApi } from '../lib/http/read-api.ts';
import { uploadsReader } from '../lib/jobs/answers/uploads.ts';
import { webFiles } from '../lib/server/web-files.ts';

// Serves the read API, and the UI that lies beside this bundle.
const version = process.env.TIDEMARK_VERSION ?? '';
const { context, secrets, usage } = openAws();
const { records, clock } = context;
const auth = { records, clock, masterSecret: secrets.masterSecret, open: () => false, target: targetOf };
const pyroscope = pyroscopeApp({ auth, jobs: context, onBug: logError });
const api = apiApp(
  { auth, version, onBug: logError },
  readApi({
    jobs: context,
    uploads: uploadsReader(context),
    version,
    authRequired: true,
    scans: { lastAt: null },
    notify: process.env.TIDEMARK_NOTIFIES === 'true',
  }),
);
const web = webFiles(fileURLToPath(new URL('./web', import.meta.url)));
const app = new Hono();
app.all(`${API_BASE}/*`, (c) => api.fetch(c.req.raw, c.env));
app.use(async (c, next) => (PYROSCOPE_PATHS.test(c.req.path) ? pyroscope.fetch(c.req.raw, c.env) : next()));
app.get('*', (c) => web(c.req.path));

export const handler: ReturnType<typeof handle> = metered('api', usage, handle(app));
