import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildWebIfStale, WEB_DIST } from '../lib/server/build-web.ts';
import { bundles } from './bundle.ts';
import { DataStack } from './data-stack.ts';
import { ServiceStack } from './service-stack.ts';
import { readSettings } from './settings.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
await buildWebIfStale((line) => process.stderr.write(`${line}\n`), new AbortController().signal);

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const made = bundles();
process.once('exit', made.close);
const settings = readSettings(app.node);
const data = new DataStack(app, `${settings.name}-data`, {
  description: 'Tidemark: uploads, records, events',
  keepData: settings.keepData,
});
new ServiceStack(app, `${settings.name}-service`, {
  description: 'Tidemark: functions and what calls them',
  settings,
  data,
  version,
  bundles: made,
  web: WEB_DIST,
});
app.synth();
