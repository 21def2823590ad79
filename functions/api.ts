import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { openAws } from '../lib/compose/aws.ts';
import { logError, targetOf } from '../lib/compose/lambda.ts';
import { API_BASE, apiApp } from '../lib/http/api-app.ts';
import { readApi } from '../lib/http/read-api.ts';
import { uploadsReader } from '../lib/jobs/answers/uploads.ts';
import { webFiles } from '../lib/server/web-files.ts';

// Serves the read API, and the UI that lies beside this bundle.
const version = process.env.TIDEMARK_VERSION ?? '';
const { context, secrets } = openAws();
const { records, clock } = context;
const api = apiApp(
  {
    auth: { records, clock, masterSecret: secrets.masterSecret, open: () => false, target: targetOf },
    version,
    onBug: logError,
  },
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
app.get('*', (c) => web(c.req.path));

export const handler = handle(app);
