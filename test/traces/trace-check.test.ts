import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { trace as traceCommand } from '../../lib/cli/trace.ts';
import { encode, tracesRequest } from '../formats/otlp-fixtures.ts';
import { capturedRequests } from './captures.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
async function run(args: string[], files: Record<string, Uint8Array> = {}) {
  let stdout = '';
  let stderr = '';
  const code = await traceCommand(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    readFile: async (path) =>
      files[path] ?? Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' })),
    isTerminal: false,
  });
  return { code, stdout, stderr };
}
const START = 1_795_248_586;
const event = (name: string, spans: readonly object[] = []) => ({
  type: 'transaction',
  transaction: name,
  contexts: { trace: { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), op: 'http.server', status: 'ok' } },
  start_timestamp: START,
  timestamp: START + 1,
  spans,
});
const span = (id: string, from: number, to: number) => ({
  span_id: id.repeat(16),
  parent_span_id: 'b'.repeat(16),
  op: 'db',
  description: 'SELECT 1',
  start_timestamp: START + from,
  timestamp: START + to,
});

describe('tidemark trace check', () => {
  const captures = Object.fromEntries(
    capturedRequests('sentry-django-prefetch').map(({ body }, i) => [`${i}.body`, body] as const),
  );

  it("prints the contract's shape and nothing else with --json", async () => {
    const { code, stdout } = await run(['check', ...Object.keys(captures), '--json'], captures);
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document.traces).toHaveLength(24);
    expect(Object.keys(document.traces[0])).toEqual(
      expect.arrayContaining(['traceId', 'transaction', 'verdict', 'edges', 'cause', 'fix', 'gaps']),
    );
    const [gap] = document.traces[0].gaps;
    expect(gap).toMatchObject({ startMs: expect.any(Number), durationMs: expect.any(Number) });
    expect(gap.explained[0]).toEqual({ kind: 'library', frame: expect.any(String), ms: expect.any(Number) });
    const users = document.transactions.find((one: { name: string }) => one.name === '/users');
    expect(users).toMatchObject({
      count: 12,
      misnested: 0,
      p50Ms: expect.any(Number),
      p99Ms: expect.any(Number),
    });
    expect(users.suspectSpans[0]).toMatchObject({
      op: 'db',
      selfP95Ms: expect.any(Number),
      share: expect.any(Number),
    });
  });

  it('shows people the cause of the largest gap', async () => {
    const { stdout } = await run(['check', ...Object.keys(captures)], captures);
    expect(stdout).toContain('24 traces of 2 transactions');
    expect(stdout).toMatch(
      /gap \d+ ms in 12 requests.*\n +\d+ ms {2}library: .*prefetch_related_objects.*called from users/,
    );
  });

  const lines = `${JSON.stringify(event('/a', [span('1', 0, 0.1)]))}\n\n${JSON.stringify(event('/b'))}\n`;
  const otlp = (name: string) =>
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: 'c'.repeat(32),
                  spanId: 'd'.repeat(16),
                  name,
                  kind: 2,
                  startTimeUnixNano: `${START}000000000`,
                  endTimeUnixNano: `${START + 1}000000000`,
                },
                {
                  traceId: 'c'.repeat(32),
                  spanId: 'e'.repeat(16),
                  parentSpanId: 'd'.repeat(16),
                  name: 'query',
                  kind: 3,
                  startTimeUnixNano: `${START}100000000`,
                  endTimeUnixNano: `${START}200000000`,
                  attributes: [
                    { key: 'db.system', value: { stringValue: 'postgresql' } },
                    { key: 'db.statement', value: { stringValue: 'SELECT 7' } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });

  const envelope = (item: object) =>
    `{"event_id":"${'a'.repeat(32)}"}\n{"type":"transaction"}\n${JSON.stringify(item)}\n`;
  /** An export of one span, in a resource of so many bytes. */
  function protobufOfLength(bytes: number): Uint8Array {
    const span = {
      ...{ traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), name: '' },
      ...{ startTimeUnixNano: START * 1e9, endTimeUnixNano: START * 1e9 + 1 },
    };
    const request = (name: string) =>
      encode(tracesRequest, { resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, name }] }] }] });
    return request('x'.repeat(bytes + 2 - request('').length));
  }

  const behindLengths = (...exports: readonly Uint8Array[]) =>
    Buffer.concat(exports.flatMap((one) => [Uint8Array.of(0, 0, 0, one.length), one]));

  it.each([
    ['transactions by line', utf8(lines), 2],
    ['the same, gzip', gzipSync(lines), 2],
    ['the same, zstd', zstdCompressSync(lines), 2],
    ['one transaction, over several lines', utf8(JSON.stringify(event('/a'), null, 2)), 1],
    ['a list of transactions', utf8(JSON.stringify([event('/a'), event('/b')])), 2],
    ['an envelope', utf8(`{}\n{"type":"transaction"}\n${JSON.stringify(event('/a'))}`), 1],
    ['OTLP as JSON', utf8(otlp('GET /x')), 1],
    ['OTLP as lines of JSON', utf8(`${otlp('GET /x')}\n${otlp('GET /x').replaceAll('cccc', 'ffff')}\n`), 2],
    ['a list of OTLP exports', utf8(`[${otlp('GET /x')},${otlp('GET /x').replaceAll('cccc', 'ffff')}]`), 2],
    ['OTLP as protobuf, whose length is a brace', protobufOfLength(0x7b), 1],
    ['OTLP as protobuf, whose length is a bracket', protobufOfLength(0x5b), 1],
    [
      'OTLP as protobuf, exports behind their lengths',
      behindLengths(protobufOfLength(90), protobufOfLength(99)),
      1,
    ],
    ['transactions by line behind a byte order mark', utf8(`\ufeff${lines}`), 2],
    ['transactions by line that end as on Windows', utf8(lines.replaceAll('\n', '\r\n')), 2],
    [
      'a transaction that does not say that it is one',
      utf8(JSON.stringify({ ...event('/a'), type: undefined })),
      1,
    ],
    [
      'envelopes with empty lines between them',
      utf8([1, 2].map((n) => envelope(event(`/${n}`))).join('\n\n')),
      2,
    ],
    ['envelopes one after the other', utf8([1, 2, 3].map((n) => envelope(event(`/${n}`))).join('')), 3],
  ])('reads %s', async (_, bytes, traces) => {
    const { stdout, stderr, code } = await run(['check', 'f', '--json'], { f: bytes });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).traces).toHaveLength(traces);
  });

  it('reads what lies among other events, metrics and logs, whichever comes first', async () => {
    const error = JSON.stringify({ event_id: 'e'.repeat(32), level: 'error', timestamp: START });
    for (const text of [`${error}\n${lines}`, `${lines}${error}\n`, `{"resourceMetrics":[]}\n${lines}`]) {
      const { stdout, stderr, code } = await run(['check', 'f', '--json'], { f: utf8(text) });
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'tidemark trace: left out: 1 × no transaction and no spans\n',
      });
      expect(JSON.parse(stdout).traces).toHaveLength(2);
    }
  });

  const streamed = (id: string, isSegment: boolean) => {
    const item = {
      ...{ trace_id: 'a'.repeat(32), span_id: id.repeat(16), is_segment: isSegment, name: `span ${id}` },
      ...{ start_timestamp: START, end_timestamp: START + 1, status: 'ok' },
      attributes: { 'sentry.segment.id': { type: 'string', value: '1'.repeat(16) } },
    };
    return utf8(`{}\n{"type":"span","item_count":1}\n${JSON.stringify({ version: 2, items: [item] })}\n`);
  };
  it('puts streamed spans below their segment, whichever files they came in', async () => {
    const files = { a: streamed('2', false), b: streamed('1', true), c: streamed('3', false) };
    const { stdout, stderr } = await run(['check', 'a', 'b', 'c', '--json'], files);
    const { traces, transactions } = JSON.parse(stdout);
    expect(stderr).toBe('');
    expect(traces).toHaveLength(1);
    expect(transactions[0].suspectSpans).toMatchObject([{ description: 'span *', count: 2 }]);
  });

  it('counts spans without a local root', async () => {
    const { stderr } = await run(['check', 'a', 'c', '--json'], {
      a: streamed('2', false),
      c: utf8(otlp('GET /x').replace(',"kind":2', ',"kind":1,"parentSpanId":"1111111111111111"')),
    });
    expect(stderr).toBe('tidemark trace: left out: 3 × span without a local root in these files\n');
  });

  it('reads the other files when one cannot be read, says so and ends with 1', async () => {
    const files = { good: utf8(lines), bad: utf8('hello'), best: utf8(otlp('GET /x')) };
    const { code, stdout, stderr } = await run(['check', 'good', 'bad', 'none', 'best', '--json'], files);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).traces).toHaveLength(3);
    expect(stderr).toMatch(
      /^tidemark trace: bad: Cannot [^\n]*\ntidemark trace: Cannot read "none": ENOENT\n$/,
    );
  });

  it("calls spans of OTLP by Sentry's words", async () => {
    const { stdout } = await run(['check', 'f', '--json'], { f: utf8(otlp('GET /x')) });
    const [transaction] = JSON.parse(stdout).transactions;
    expect(transaction).toMatchObject({
      name: 'GET /x',
      service: 'shop',
      suspectSpans: [{ op: 'db', description: 'SELECT ?' }],
    });
  });

  it.each([
    ['nothing', utf8('')],
    ['text', utf8('hello')],
    ['other JSON', utf8('{"name":"shop"}')],
    ['lines of other JSON', utf8('{"name":"shop"}\n{"name":"cart"}')],
    ['a cut envelope', utf8('{}\n{"type":"transaction","length":9}\n{}')],
    ['a broken line', utf8(`${JSON.stringify(event('/a'))}\n{"type":\n`)],
    ['broken gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 1)],
    ['bytes', Uint8Array.of(0x0a, 0xff, 0xff, 0xff)],
    ['a cut export behind its length', behindLengths(protobufOfLength(90)).subarray(0, 50)],
  ])('says in one line that %s cannot be read', async (_, bytes) => {
    const { code, stdout, stderr } = await run(['check', 'f'], { f: bytes });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^tidemark trace: f: Cannot [^\n]*\n$/);
  });

  it('counts what it leaves out, on stderr', async () => {
    const { stderr, code } = await run(['check', 'f'], { f: utf8('[{"type":"transaction"},7]') });
    expect(code).toBe(0);
    expect(stderr).toContain('left out: 1 × transaction without a trace id');
  });

  it.each([
    [['look', 'f'], 2],
    [['check'], 2],
    [['check', 'f', '--fail-on', 'rain'], 2],
    [['check', 'f', '--limit', '0'], 2],
    [['check', 'f', '--nope'], 2],
    [['check', 'missing'], 1],
    [['--help'], 0],
  ])('%j ends with %i', async (args, code) => {
    expect((await run(args, { f: utf8(lines) })).code).toBe(code);
  });

  it('tells processes that nothing names apart by their files', async () => {
    const ids = (from: number) => Array.from({ length: 4 }, (_, i) => (from + i).toString(16).repeat(32));
    const nested = (traceId: string, parent: string) => {
      const span = (spanId: string, parentSpanId: string, from: number, to: number) => ({
        ...{
          traceId,
          spanId: spanId.repeat(16),
          parentSpanId: parentSpanId.repeat(16),
          name: `GET ${spanId}`,
        },
        ...{ startTimeUnixNano: `${START}${from}00000000`, endTimeUnixNano: `${START}${to}00000000` },
        ...{ kind: 3, attributes: [{ key: 'http.method', value: { stringValue: 'GET' } }] },
      });
      const spans = [
        { ...span('a', '', 0, 9), kind: 2 },
        span('b', 'a', 1, 4),
        span('c', parent, 2, 6),
        span('d', parent, 7, 8),
      ];
      return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    };
    const chain = utf8(
      ids(1)
        .map((id) => nested(id, 'b'))
        .join('\n'),
    );
    const siblings = utf8(
      ids(5)
        .map((id) => nested(id, 'a'))
        .join('\n'),
    );
    const { stdout } = await run(['check', 'chain', 'siblings', '--json'], { chain, siblings });
    const { traces, deployments } = JSON.parse(stdout);
    expect(deployments.map((one: { misnested: number }) => one.misnested)).toEqual([4, 0]);
    expect(traces.map((one: { verdict: string }) => one.verdict)).toEqual([
      ...Array(4).fill('misnested'),
      ...Array(4).fill('ok'),
    ]);
  });

  it('counts the traces of which it has nothing but a hint', async () => {
    const task = { ...span('1', 0, 0.1), op: 'function', origin: 'auto.function.asyncio' };
    const forgotten = { ...span('2', 0.05, 0.5), parent_span_id: '1'.repeat(16) };
    const detached = { ...event('/a', [task, forgotten]), platform: 'python' };
    const { stdout } = await run(['check', 'f'], { f: utf8(JSON.stringify([detached, event('/a')])) });
    expect(stdout).toContain('Nesting: hint in unknown_service: 1 of 1 traces\n  late-binding: ');
  });

  it('ends with 3 on --fail-on misnested when a trace is', async () => {
    // One shared "current span": the second child hangs from the first one, which has ended.
    const wrong = Array.from({ length: 6 }, (_, i) => ({
      ...event('/gather', [
        span('1', 0, 0.1),
        { ...span('2', 0.001, 0.2), parent_span_id: '1'.repeat(16) },
        { ...span('3', 0.3, 0.4), parent_span_id: '1'.repeat(16) },
      ]),
      platform: 'python',
      contexts: {
        trace: { trace_id: i.toString(16).repeat(32), span_id: 'b'.repeat(16), op: 'http.server' },
      },
    })).slice(1);
    const bytes = utf8(wrong.map((one) => JSON.stringify(one)).join('\n'));
    expect((await run(['check', 'f', '--fail-on', 'misnested'], { f: bytes })).code).toBe(3);
    expect((await run(['check', 'f', '--fail-on', 'misnested'], { f: utf8(lines) })).code).toBe(0);
  });
});
