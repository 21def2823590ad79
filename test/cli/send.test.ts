import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../lib/cli/keys.ts';
import { send } from '../../lib/cli/send.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { sample } from '../formats/otlp-fixtures.ts';
import { countsByNumber, numbered } from '../server/numbered.ts';
import { type OwnServer, startOwn } from '../server/own-server.ts';
import { testIo } from './io.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

interface Report {
  readonly taken: number;
  readonly skipped: number;
  readonly refused: number;
  readonly uploads: readonly {
    readonly status: number | null;
    readonly detail: string;
    readonly outcome: string;
  }[];
}
async function run(url: string, files: Readonly<Record<string, Uint8Array>>, ...args: string[]) {
  const io = testIo(files);
  const code = await send([...Object.keys(files), '--to', url, '--json', ...args], io);
  return { code, err: io.err, report: JSON.parse(io.out) as Report };
}
// One time for all: a line that two files hold has to be the same upload.
const AT = Date.now();
const lines = (...numbers: number[]) =>
  new TextEncoder().encode(numbers.map((number) => `${numbered(number, AT).body}\n`).join(''));

describe('tidemark send, to a server that asks for keys', () => {
  let own: OwnServer;
  let key: Record<'id' | 'token' | 'secret', string>;
  let url: string;
  beforeAll(async () => {
    own = await startOwn({ auth: true });
    url = own.server.url;
    const io = testIo();
    await keys(['create', '--project', 'default', '--json', '--data', own.dataDir], io);
    key = JSON.parse(io.out) as typeof key;
  });
  afterAll(() => own.close());

  const counts = async () => {
    const get = async (path: string) => {
      const headers = { authorization: `Bearer ${key.token}` };
      return (await fetch(`${url}/api/v1${path}`, { headers })).json() as never;
    };
    for (;;) {
      const { balance } = (await get('/uploads')) as { balance: { pending: number } };
      if (balance.pending === 0) return countsByNumber(get);
    }
  };

  it('signs, and takes JSON lines plain, gzip in members and zstd, each line once', async () => {
    const packed = Buffer.concat([gzipSync(lines(3)), gzipSync(lines(4, 5))]);
    const files = { plain: lines(1, 2), gzip: packed, zstd: zstdCompressSync(lines(6, 1)) };
    const { code, report } = await run(url, files, '--key', key.id, '--secret', key.secret);
    expect([code, report.taken, report.refused]).toEqual([0, 7, 0]);
    expect(await counts()).toEqual(new Map([1, 2, 3, 4, 5, 6].map((number) => [number, 1])));
  });

  it('carries a token instead', async () => {
    const { report } = await run(url, { 'one.json': lines(8) }, '--key', key.token);
    expect(report.uploads).toMatchObject([{ outcome: 'taken', status: 200 }]);
  });

  it('tells metrics from traces in protobuf, and sends both whole', async () => {
    const files = { 'm.pb': sample('metrics-gauge.pb'), 't.pb': sample('traces-frontend.pb') };
    expect((await run(url, files, '--key', key.id, '--secret', key.secret)).report.taken).toBe(2);
  });

  it.each<[string, () => string[], number]>([
    [
      'a wrong secret',
      () => ['--key', key.id, '--secret', `whsec_${Buffer.alloc(32).toString('base64')}`],
      401,
    ],
    ['an unknown key', () => ['--key', 'k_none', '--secret', key.secret], 401],
    ['no key', () => [], 401],
  ])('is refused with %s, and says so', async (_name, args, status) => {
    const { code, report } = await run(url, { one: lines(10) }, ...args());
    expect([code, report.refused, report.uploads[0]?.status]).toEqual([1, 1, status]);
    expect(report.uploads[0]?.detail).toMatch(/^Cannot accept/);
  });

  it('takes JSON that begins with blanks or a byte order mark', async () => {
    const blank = Buffer.concat([Buffer.from('\n  \t'), lines(16)]);
    const marked = Buffer.concat([Buffer.from('\ufeff'), lines(18)]);
    const { code, report } = await run(url, { blank, marked }, '--key', key.token);
    expect([code, report.taken]).toEqual([0, 2]);
  });

  it('goes on where a part of a file holds nothing of ours', async () => {
    const logs = new TextEncoder().encode('{"resourceLogs":[]}\n');
    const { code, report } = await run(
      url,
      { mixed: Buffer.concat([lines(12), logs, lines(14)]) },
      '--key',
      key.token,
    );
    expect([code, report.taken, report.refused]).toEqual([1, 2, 1]);
    expect(report.uploads[1]).toMatchObject({
      status: null,
      detail: expect.stringContaining('holds neither'),
    });
  });
});

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
/** Answers with the statuses in turn, 0 for a connection that is cut, and 200 from then on. */
async function scripted(...statuses: number[]): Promise<{ url: string; seen: Seen[]; server: Server }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = gunzipSync(Buffer.concat(chunks)).toString();
    seen.push({ url: request.url ?? '', headers: request.headers, body });
    const status = statuses.shift() ?? 200;
    if (status === 0) request.socket.destroy();
    else
      response.writeHead(status, { 'retry-after': '0.01', location: '/elsewhere' }).end('{"message":"told"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, seen, server };
}

describe('tidemark send, interrupted', () => {
  it('tries again under one id, with a signature of its time, when an answer is lost or says later', async () => {
    const { url, seen, server } = await scripted(503, 429, 0);
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const { report } = await run(`${url}/prefix/`, { one: lines(2) }, '--key', 'k', '--secret', secret);
    expect(report).toMatchObject({ taken: 1, uploads: [{ detail: 'told' }] });
    expect(seen.map((one) => one.url)).toEqual(Array(4).fill('/prefix/v1/metrics'));
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(seen.every(({ headers }) => headers['tidemark-key'] === 'k')).toBe(true);
    server.close();
  });

  it('does not follow to another address, and does not try again what was refused', async () => {
    for (const status of [301, 307, 400, 413]) {
      const { url, seen, server } = await scripted(status);
      const { code, report } = await run(url, { one: lines(2) });
      expect([code, report.uploads[0]?.status, seen.length]).toEqual([1, status, 1]);
      server.close();
    }
  });

  it('resumes with --progress at the first part that was not taken', async () => {
    const progress = join(folder.path, 'progress');
    const files = { all: lines(1, 2, 3, 4) };
    const first = await scripted(200, 200, 400, 200);
    const before = await run(first.url, files, '--progress', progress);
    expect(before.report).toMatchObject({ taken: 3, skipped: 0, refused: 1 });
    const again = await run(first.url, files, '--progress', progress);
    expect(again).toMatchObject({ code: 0, report: { taken: 1, skipped: 3, refused: 0 } });
    expect(first.seen).toHaveLength(5);
    expect(first.seen[4]?.body).toBe(first.seen[2]?.body);
    const other = await scripted();
    expect((await run(other.url, files, '--progress', progress)).report.taken).toBe(4); // another server has none of it
    expect((await readFile(progress, 'utf8')).trim().split('\n')).toHaveLength(8);
    first.server.close();
    other.server.close();
  });

  it.each([
    [[]],
    [['file']],
    [['file', '--to', 'nowhere']],
    [['file', '--to', 'ftp://127.0.0.1']],
    [['file', '--to', 'localhost:4040']],
    [['file', '--to', 'http://x', '--key', 'k_1']],
    [['file', '--to', 'http://x', '--key', 'tm_1', '--secret', `whsec_${'A'.repeat(43)}=`]],
    [['--to', 'http://x']],
  ])('%j is a mistake', async (args) => {
    const io = testIo({ file: lines(2) });
    expect([await send(args, io), io.out]).toEqual([2, '']);
    expect(io.err).toMatch(/^tidemark send: .+\n$/);
  });

  it('refuses a secret that is none', async () => {
    const args = ['file', '--to', 'http://127.0.0.1:1', '--secret', 'abc'];
    await expect(send(args, testIo({ file: lines(2) }))).rejects.toThrow(/^Cannot use secret: need whsec_/);
  });
});
