import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keys } from '../../lib/cli/keys.ts';
import { readConfig } from '../../lib/compose/config.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../lib/model/units.ts';
import { testIo } from '../cli/io.ts';
import { ROOT } from './child-server.ts';
import { startOwn } from './own-server.ts';

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const rows = [...read('docs', 'operations', 'settings.md').matchAll(/^\| `(TIDEMARK_\w+)` \| (.+?) \|/gm)];
const documented = new Map(rows.map(([, name = '', value = '']) => [name, value.replaceAll('`', '')]));

/** Every variable that readConfig asks for. */
function variablesOfConfig(): Set<string> {
  const asked = new Set<string>();
  const all = { TIDEMARK_WEBHOOK_URL: 'https://hook.example', TIDEMARK_WEBHOOK_SECRET: 'x' } as Record<
    string,
    string
  >;
  readConfig(
    new Proxy(all, {
      get(target, name) {
        asked.add(String(name));
        return target[String(name)];
      },
    }),
  );
  return asked;
}

describe('docs/operations/settings.md', () => {
  it('lists every variable that the configuration reads', () => {
    for (const name of variablesOfConfig()) expect([...documented.keys()]).toContain(name);
  });

  it('lists what lib/ reads from the environment, and nothing else', () => {
    const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.ts'),
    );
    const named = files.flatMap((file) =>
      [...read('lib', file).matchAll(/process\.env\.(TIDEMARK_\w+)/g)].map(([, name]) => name),
    );
    expect([...documented.keys()].sort()).toEqual([...new Set([...named, ...variablesOfConfig()])].sort());
  });

  it('tells the defaults that hold', () => {
    const config = readConfig({});
    const told = (name: string) => documented.get(name);
    expect({
      data: told('TIDEMARK_DATA'),
      port: Number(told('TIDEMARK_PORT')),
      accept: Number(told('TIDEMARK_ACCEPT_PAST_HOURS')) * HOUR_MS,
      days: Number(told('TIDEMARK_RETENTION_DAYS')) * DAY_MS,
      scan: Number(told('TIDEMARK_SCAN_INTERVAL_S')) * SECOND_MS,
    }).toEqual({
      data: config.dataDir,
      port: config.port,
      accept: config.acceptPastMs,
      days: config.retentionDays * DAY_MS,
      scan: config.scanIntervalMs,
    });
    expect(config.publicUrl).toBe('http://127.0.0.1:4040');
    expect([config.slackWebhookUrl, config.webhook]).toEqual([undefined, undefined]);
  });
});

describe('readConfig', () => {
  it('takes a variable that is empty for one that is not there', () => {
    const empty = Object.fromEntries([...variablesOfConfig()].map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });
  it('puts an IPv6 host into brackets', () => {
    expect(readConfig({}, { host: '::1', port: 1 }).publicUrl).toBe('http://[::1]:1');
  });
  it.each(['0.0.0.0', '::'])('names the machine where it listens on all addresses: %s', (host) => {
    expect(readConfig({}, { host, port: 1 }).publicUrl).toBe(`http://${hostname()}:1`);
  });
  it.each([
    ['TIDEMARK_PORT', '-1'],
    ['TIDEMARK_PORT', '65536'],
    ['TIDEMARK_PORT', '40.5'],
    ['TIDEMARK_PORT', 'http'],
    ['TIDEMARK_SCAN_INTERVAL_S', '0'],
    ['TIDEMARK_ACCEPT_PAST_HOURS', 'NaN'],
    ['TIDEMARK_RETENTION_DAYS', '17'],
    ['TIDEMARK_PUBLIC_URL', 'ftp://x'],
    ['TIDEMARK_SLACK_WEBHOOK_URL', 'hooks.slack.com/secret'],
    ['TIDEMARK_WEBHOOK_URL', 'https://hook.example'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^Cannot use ${name}`));
  });
  it('never repeats what may be a secret', () => {
    expect(() => readConfig({ TIDEMARK_SLACK_WEBHOOK_URL: 'hooks.slack.com/T0/SECRET' })).toThrow(
      /^(?!.*SECRET)/s,
    );
  });
});

const hasTools = ['bash', 'openssl', 'curl', 'base64', 'od'].every(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0,
);
describe.skipIf(!hasTools)('docs/operations/auth.md (needs bash, openssl and curl)', () => {
  it('has an example that the server takes as it stands', async () => {
    const own = await startOwn({ auth: true });
    try {
      const io = testIo();
      await keys(['create', '--project', 'default', '--json', '--data', own.dataDir], io);
      const { id, secret } = JSON.parse(io.out) as { id: string; secret: string };
      const example = /```bash\n(.+?)```/s.exec(read('docs', 'operations', 'auth.md'))?.[1] ?? '';
      const script = example
        .replace('http://127.0.0.1:4040', own.server.url)
        .replace('k_…', id)
        .replace('whsec_…', secret);
      expect(script).not.toContain('…');
      expect(await bash(`${shiftedDate()}${script}`)).toMatchObject({
        service: 'shop',
        version: '1.4.2',
        project: 'default',
      });
    } finally {
      await own.close();
    }
  });
});

/** The shell asks the machine for the time: where the tests live on another day, so must it. */
function shiftedDate(): string {
  const days = process.env.TIDEMARK_TEST_CLOCK_SHIFT_DAYS;
  return days ? `date() { command date -d "+${days} days" "$@"; }\n` : '';
}

async function bash(script: string): Promise<unknown> {
  const child = spawn('bash', ['-euc', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(out);
}
