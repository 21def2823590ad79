import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bugOf, PROJECT_DIR, serverCommand, shopCommand } from '../../lib/cli/demo/children.ts';
import { planOf, ROUTES } from '../../lib/cli/demo/plan.ts';

// The demo may differ from production in three things: scan interval, export interval, port.

const environment = {
  PATH: '/usr/bin',
  HOME: '/home/somebody',
  TIDEMARK_RETENTION_DAYS: '1',
  TIDEMARK_SLACK_WEBHOOK_URL: 'https://hooks.example/x',
  OTEL_TRACES_SAMPLER: 'always_off',
  NODE_OPTIONS: '--max-old-space-size=4096',
};
const plan = planOf(42);
const server = serverCommand('/data', 4040, environment);
const shop = shopCommand(bugOf(plan, false), 'http://127.0.0.1:4040', environment);
const truths = [...ROUTES, String(plan.leak.bytesPerUnit), String(plan.leak.onsetS), 'DEMO_SHOP'];

describe('the server of the demo', () => {
  it('is told its folder, its port and its scan interval, and nothing else', () => {
    const main = join(PROJECT_DIR, 'lib', 'cli', 'main.ts');
    expect(server.args).toEqual([main, 'serve', '--data', '/data', '--port', '4040']);
    expect(server.env).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/somebody',
      TIDEMARK_SCAN_INTERVAL_S: '5',
    });
  });

  it('hears nothing of what was planted', () => {
    const told = JSON.stringify(server);
    for (const truth of truths) expect(told).not.toContain(truth);
  });

  it('knows of no demo: no source outside the demo imports it or names its service', () => {
    const demo = join('cli', 'demo');
    const sources = readdirSync(join(PROJECT_DIR, 'lib'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => /\.tsx?$/.test(path) && !path.startsWith(demo) && path !== `cli${sep}main.ts`,
    );
    for (const path of sources) {
      const text = readFileSync(join(PROJECT_DIR, 'lib', path), 'utf8');
      expect(text, path).not.toMatch(/from '[^']*\/demo(\/|\.ts)|demo-shop|DEMO_SHOP/);
    }
  });
});

describe('the shop of the demo', () => {
  it('is configured by the SDK’s own variables, with only the export interval shortened', () => {
    const otel = Object.entries(shop.env).filter(([name]) => name.startsWith('OTEL_'));
    expect(Object.fromEntries(otel)).toEqual({
      OTEL_SERVICE_NAME: 'demo-shop',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4040',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    });
  });

  it('has its bug in the environment, because the SDK sends the arguments to the server', () => {
    const args = shop.args.join(' ');
    for (const truth of truths) expect(args).not.toContain(truth);
    const file = (name: string) => join(PROJECT_DIR, 'demo', name);
    expect(shop.args).toEqual([
      '--max-old-space-size=96',
      '--require',
      file('telemetry.cjs'),
      file('shop.cjs'),
    ]);
  });

  it('runs nothing of ours: stock SDK, Express and Node', () => {
    const allowed = /^(@opentelemetry\/[a-z-]+|express|node:[a-z_]+|\.\/rows\.cjs)$/;
    for (const file of ['telemetry.cjs', 'shop.cjs', 'rows.cjs']) {
      const text = readFileSync(join(PROJECT_DIR, 'demo', file), 'utf8');
      const imports = [...text.matchAll(/require\('([^']+)'\)|import\b[^']*'([^']+)'/g)].map(
        ([, required, imported]) => required ?? imported,
      );
      for (const name of imports) expect(name, file).toMatch(allowed);
    }
    expect(readFileSync(join(PROJECT_DIR, 'demo', 'telemetry.cjs'), 'utf8')).not.toMatch(/tidemark|DEMO_/i);
  });
});
