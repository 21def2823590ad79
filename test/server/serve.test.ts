import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpenCaller } from '../../lib/server/open-caller.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { bareEnvironment, freePort, ROOT, startChild } from './child-server.ts';
import { numbered } from './numbered.ts';
import { type OwnServer, raw, startOwn, statusIn } from './own-server.ts';

/** Processes whose environment holds `mark`, so that grandchildren are found after their parents are gone. */
function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const isZombie = /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
        return !isZombie && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
      } catch {
        return false; // it has just ended, or is not ours
      }
    })
    .map(Number);
}

const collect = (child: ChildProcess) => {
  const said = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  return { said, ended };
};

async function answering(url: string, until: Promise<unknown>): Promise<boolean> {
  let over = false;
  void until.then(() => {
    over = true;
  });
  while (!over) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return true;
    await setTimeout(50);
  }
  return false;
}

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'serves API and UI, and %s ends it with everything gone and kept',
    async (signal) => {
      const folder = await temporaryFolder();
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const mark = `TIDEMARK_TEST_MARK=${signal}-${process.pid}-${port}`;
      const [name, value] = mark.split('=') as [string, string];
      const env = {
        ...bareEnvironment(),
        TIDEMARK_DATA: folder.path,
        TIDEMARK_PORT: String(port),
        [name]: value,
      };
      const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const { said, ended } = collect(npm);
      try {
        expect(await answering(`${url}/readyz`, ended), said.err).toBe(true);
        const page = await fetch(url);
        expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
        expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
        const asset = /\/assets\/[^"]+\.js/.exec(await page.text())?.[0];
        const script = await fetch(`${url}${asset}`);
        expect([script.status, script.headers.get('content-type')]).toEqual([
          200,
          'text/javascript; charset=utf-8',
        ]);
        expect(script.headers.get('cache-control')).toContain('immutable');
        await script.arrayBuffer();
        const { path, body } = numbered(2, Date.now());
        const headers = { 'content-type': 'application/json' };
        expect((await fetch(url + path, { method: 'POST', headers, body })).status).toBe(200);
        expect(said.out).toContain(`Tidemark listens at ${url}`);
      } finally {
        npm.kill(signal);
      }
      expect(await ended).toBe(0);
      if (process.platform === 'linux') expect(marked(mark)).toEqual([]);
      expect(await answering(`${url}/readyz`, Promise.resolve())).toBe(false);
      expect(readdirSync(folder.path).sort()).toEqual([
        'master-secret',
        'objects',
        'server.lock',
        'tidemark.db',
      ]);
      await folder.remove();
    },
    60_000,
  );
});

describe('tidemark serve', () => {
  it('says in one line that its port is in use, and keeps nothing open', async () => {
    const folder = await temporaryFolder();
    const other = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = other.address() as { port: number };
    const started = startChild({ dataDir: folder.path, port });
    const line = `tidemark: Cannot listen on 127.0.0.1:${port}: the port is in use; choose another by --port`;
    await expect(started).rejects.toThrow(`tidemark serve ended with 1 before it listened: ${line}\n`);
    other.close();
    await folder.remove();
  });

  it('leaves a folder to the server that has it, however that one ends', async () => {
    const folder = await temporaryFolder();
    const first = await startChild({ dataDir: folder.path });
    const line = `tidemark: Cannot serve ${folder.path}: another server does; stop it, or choose another folder by --data`;
    await expect(startChild({ dataDir: folder.path })).rejects.toThrow(
      `tidemark serve ended with 1 before it listened: ${line}\n`,
    );
    await first.end('SIGKILL');
    const next = await startChild({ dataDir: folder.path });
    expect(await next.end('SIGTERM')).toBe(0);
    await folder.remove();
  }, 90_000);

  it.each<[string, string[], Record<string, string>, number]>([
    ['a port that is none', ['--port', '70000'], {}, 2],
    ['a port that is no number', ['--port', 'x'], {}, 2],
    ['an unknown option', ['--bogus'], {}, 2],
    ['an argument', ['extra'], {}, 2],
    ['a port of the environment', [], { TIDEMARK_PORT: '1.5' }, 1],
    ['a public URL that is none', [], { TIDEMARK_PUBLIC_URL: 'tidemark.example' }, 1],
    ['a webhook without its secret', [], { TIDEMARK_WEBHOOK_URL: 'https://hook.example' }, 1],
    ['an address of another machine', ['--host', '203.0.113.1', '--port', '0'], {}, 1],
  ])('refuses %s in one line', async (_name, args, env, code) => {
    const folder = await temporaryFolder();
    const main = join(ROOT, 'lib', 'cli', 'main.ts');
    const child = spawn(process.execPath, [main, 'serve', '--data', folder.path, ...args], {
      env: { ...bareEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { said, ended } = collect(child);
    expect([await ended, said.out]).toEqual([code, '']);
    expect(said.err).toMatch(/^tidemark[^\n]+\n$/);
    await folder.remove();
  });

  it('gives the whole of a stopping second to the uploads in work', async () => {
    const own = await startOwn();
    const answers = Array.from({ length: 20 }, (_, i) => {
      const { path, body } = numbered(2 * i + 2, Date.now());
      const headers = { 'content-type': 'application/json' };
      return fetch(own.server.url + path, { method: 'POST', headers, body }).then(({ status }) => status);
    });
    await Promise.race(answers);
    const stopped = own.close();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    await stopped;
  });
});

describe('the server, asked from elsewhere', () => {
  let own: OwnServer;
  let everywhere: OwnServer;
  beforeAll(async () => {
    own = await startOwn();
    everywhere = await startOwn({ host: '0.0.0.0' });
  });
  afterAll(() => Promise.all([own.close(), everywhere.close()]));

  /** Status of a GET, or a POST of a deploy, with a Host and headers of our own. */
  const ask = async (
    host: string,
    headers: Record<string, string> = {},
    method = 'GET',
    path = '/api/v1/status',
  ) => {
    const body = method === 'GET' ? '' : JSON.stringify({ service: 'shop', version: '1' });
    const lines = Object.entries({
      Host: host,
      Connection: 'close',
      'Content-Length': String(body.length),
      ...headers,
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return statusIn(await raw(own.port, `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`));
  };

  it.each(['127.0.0.1', 'localhost', 'LOCALHOST:4040', '[::1]:4040', '127.9.9.9:1'])(
    'is open to programs of this machine that ask for %s',
    async (host) => {
      expect(await ask(host)).toBe(200);
      expect(await ask(host, {}, 'POST', '/v1/deploys')).toBe(201);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '0.0.0.0',
    'localhost:80@evil',
  ])('needs a key where the Host is %s: DNS rebinding', async (host) => {
    expect([400, 401]).toContain(await ask(host));
    expect([400, 401]).toContain(await ask(host, {}, 'POST', '/v1/deploys'));
  });

  it.each(['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-IP', 'Forwarded', 'Via'])(
    'needs a key where %s says that somebody else asks',
    async (name) => {
      expect(await ask('127.0.0.1', { [name]: '127.0.0.1' })).toBe(401);
      expect(await ask('127.0.0.1', { [name]: '' })).toBe(401);
    },
  );

  it.each(['https://evil.example', 'null', 'http://localhost:3000'])(
    'takes no POST from a page of %s',
    async (origin) => {
      const headers = { Origin: origin, 'Content-Type': 'text/plain' };
      expect(await ask('127.0.0.1', headers, 'POST', '/v1/deploys')).toBe(403);
      expect(await ask('127.0.0.1', headers, 'POST', '/v1/traces')).toBe(403);
      expect(await ask('127.0.0.1', headers, 'POST', '/api/v1/findings/x/dismiss')).toBe(403);
    },
  );

  it('on all addresses: open to this machine, and to nobody who comes by another one', async () => {
    expect((await fetch(`http://127.0.0.1:${everywhere.port}/api/v1/status`)).status).toBe(200);
    const outer = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    // A machine without a network has no such address; isOpenCaller is asked below all the same.
    if (outer !== undefined) {
      const url = `http://${outer}:${everywhere.port}`;
      expect((await fetch(`${url}/api/v1/status`)).status).toBe(401);
      expect((await fetch(`${url}/v1/metrics`, { method: 'POST' })).status).toBe(401);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    }
  });

  it.each<[boolean, string, string]>([
    [true, '127.0.0.1', 'localhost'],
    [true, '::1', '[::1]:4040'],
    [true, '::ffff:127.0.0.1', '127.0.0.1:4040'],
    [false, '192.168.1.5', 'localhost'],
    [false, '::ffff:10.0.0.1', 'localhost'],
    [false, '127.0.0.1.5', 'localhost'],
    [false, '', 'localhost'],
    [false, '127.0.0.1', ''],
  ])('isOpenCaller is %s for a peer at "%s" that asks for "%s"', (open, remoteAddress, host) => {
    const incoming = { socket: { remoteAddress }, headers: { host } } as Parameters<typeof isOpenCaller>[0];
    expect(isOpenCaller(incoming)).toBe(open);
  });
  it('isOpenCaller is false without a connection', () => expect(isOpenCaller(undefined)).toBe(false));

  it('answers pages with the UI, and what the UI does not have with 404 or itself', async () => {
    const get = async (path: string) =>
      await raw(own.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(await get('/services/shop/memory')).toContain('<!doctype html>');
    expect(statusIn(await get('/assets/none.js'))).toBe(404);
    // Programs that ask for another API must not take the page for its answer.
    for (const path of ['/api/v2/services', '/api/1/envelope/', '/api', '/v1'])
      expect([statusIn(await get(path)), await get(path)], path).toEqual([
        404,
        expect.stringContaining('problem+json'),
      ]);
    for (const path of [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/assets/..%2f..%2f..%2fpackage.json',
      '/..\\..\\package.json',
      '/%00',
      '/%',
    ]) {
      expect(await get(path), path).not.toContain('"dependencies"');
    }
    const head = await raw(own.port, 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect([statusIn(head), head.split('\r\n\r\n')[1]]).toEqual([200, '']);
  });
});
