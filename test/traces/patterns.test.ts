import { describe, expect, it } from 'vitest';
import type { Span } from '../../lib/model/trace.ts';
import { foreignWork } from '../../lib/traces/foreign.ts';
import { blockedLoop } from '../../lib/traces/patterns/blocked-loop.ts';
import { othersRan } from '../../lib/traces/patterns/loop-turns.ts';
import { spanPatterns } from '../../lib/traces/patterns/spans.ts';
import {
  PATTERN_THRESHOLDS,
  type PatternThresholds,
  withOverrides,
} from '../../lib/traces/patterns/thresholds.ts';
import { samplesByTrace } from '../../lib/traces/sampled.ts';
import { asSent, treeOf } from '../../lib/traces/tree.ts';
import { profileOf } from './profile-picture.ts';
import { traceOf } from './trace-picture.ts';

const patternsIn = (picture: string, thresholds: PatternThresholds = PATTERN_THRESHOLDS) =>
  spanPatterns(treeOf(asSent(traceOf(picture))), thresholds).map(
    ({ kind, subject }) => `${kind}: ${subject}`,
  );

const rows = (count: number, everyMs: number, lengthMs: number, what: (i: number) => string) =>
  Array.from(
    { length: count },
    (_, i) => `    ${what(i)} | ${10 + i * everyMs}-${10 + i * everyMs + lengthMs}`,
  ).join('\n');

describe('spanPatterns', () => {
  const query = (i: number) => `db SELECT name FROM author WHERE id = ${i}`;

  it('finds N + 1 queries below one parent', () => {
    expect(patternsIn(`GET /books | 0-300\n${rows(8, 20, 10, query)}`)).toEqual([
      'n-plus-one-db: SELECT name FROM author WHERE id = ?',
    ]);
  });

  it.each([
    ['four of them', `GET /x | 0-300\n${rows(4, 20, 15, query)}`],
    ['quick ones', `GET /x | 0-300\n${rows(8, 20, 5, query)}`],
    ['commands of redis', `GET /x | 0-300\n${rows(8, 20, 10, (i) => `db.redis GET a:${i}`)}`],
    ['different ones', `GET /x | 0-300\n${rows(8, 20, 10, (i) => `db SELECT a FROM t${'abcdefgh'[i]}`)}`],
    ['connects', `GET /x | 0-300\n${rows(8, 20, 10, () => 'db connect')}`],
    ['connects of a pool', `GET /x | 0-700\n${rows(8, 80, 70, () => 'db pg-pool.connect')}`],
    ['steps of a driver', `GET /x | 0-300\n${rows(8, 20, 10, () => 'db sql.rows')}`],
    ['a slow handshake', 'GET /x | 0-700\n    db sql.connector.connect | 10-650'],
  ])('leaves %s alone', (_, picture) => {
    expect(patternsIn(picture)).toEqual([]);
  });

  it('sees no N + 1 where the parents differ: wrong nesting has to be repaired first', () => {
    const chain = Array.from(
      { length: 8 },
      (_, i) => `${'  '.repeat(i + 1)}${query(i)} | ${i}-${i + 10}`,
    ).join('\n');
    expect(patternsIn(`GET /x | 0-300\n${chain}`)).toEqual([]);
  });

  it('reads more spans below one parent than a call takes arguments', () => {
    const { root, ...rest } = traceOf('GET /x | 0-1');
    const of = { ...root, op: 'http.client', description: 'GET /a' };
    const spans = Array.from({ length: 130_000 }, (_, i): Span => {
      const start = root.start + i * 1_000_000;
      return { ...of, start, end: start + 1_000_000 };
    });
    const tree = {
      trace: { ...rest, root, spans },
      nodes: spans,
      parent: new Int32Array(0),
      selfUs: new Float64Array(0),
    };
    const found = spanPatterns({ ...tree, children: [[...spans.keys()]] }, PATTERN_THRESHOLDS);
    expect(found.map(({ kind }) => kind)).toContain('consecutive-http');
  });

  it('names the query before each group, in one walk over all of them', () => {
    let reads = 0;
    const { root, ...rest } = traceOf('GET /x | 0-1');
    const spans = Array.from({ length: 600 }, (_, i): Span => {
      const at = root.start + i * 10_000;
      const description = `SELECT a FROM ${String.fromCharCode(97 + (i % 24))}t WHERE b = ${i}`;
      return {
        ...root,
        spanId: `${i}`,
        op: 'db',
        description,
        end: at + 9000,
        get start() {
          reads += 1;
          return at;
        },
      };
    });
    const tree = treeOf({ trace: { ...rest, root, spans }, spans, parent: new Int32Array(600).fill(-1) });
    reads = 0;
    const found = spanPatterns(tree, PATTERN_THRESHOLDS).filter(({ kind }) => kind === 'n-plus-one-db');
    expect(found.map(({ evidence }) => /after .*/.exec(evidence)?.[0]).slice(0, 3)).toEqual([
      undefined,
      'after SELECT a FROM at WHERE b = ?',
      'after SELECT a FROM bt WHERE b = ?',
    ]);
    expect(reads / spans.length).toBeLessThan(20);
  });

  it('finds N + 1 calls', () => {
    const picture = `GET /x | 0-900\n${rows(6, 70, 60, (i) => `http.client GET https://api.example/users/${i + 10}`)}`;
    expect(patternsIn(picture)).toEqual(['n-plus-one-http: GET https://api.example/users/:id']);
  });

  it('finds queries in a row of which one depends on nothing', () => {
    const picture = `
      GET /x | 0-500
        db SELECT a FROM accounts WHERE id = 1 | 0-150
        db SELECT b FROM plans | 155-300
    `;
    expect(patternsIn(picture)).toEqual(['consecutive-db: SELECT b FROM plans']);
    expect(patternsIn(picture.replace('FROM plans', 'FROM plans WHERE id = 7'))).toEqual([]);
    expect(patternsIn(picture.replace('155-300', '100-245'))).toEqual([]);
  });

  it('finds slow calls in a row, and not those that run at once', () => {
    const picture = (times: readonly string[]) =>
      `GET /x | 0-9000\n${times.map((time, i) => `  http.client GET https://${'abc'[i]}.example/ | ${time}`).join('\n')}`;
    expect(patternsIn(picture(['0-1000', '1100-2100', '2200-3200']))).toEqual([
      'consecutive-http: GET https://a.example/',
    ]);
    expect(patternsIn(picture(['0-1000', '0-1000', '0-1000']))).toEqual([]);
    expect(patternsIn(picture(['0-1000', '2100-3100', '4200-5200']))).toEqual([]);
  });

  it('finds a slow query, unless its kind is ignored or the threshold is another', () => {
    const picture = 'GET /x | 0-900\n  db SELECT 1 | 0-600';
    expect(patternsIn(picture)).toEqual(['slow-db: SELECT ?']);
    expect(patternsIn(picture, { ...PATTERN_THRESHOLDS, ignore: ['slow-db'] })).toEqual([]);
    expect(patternsIn(picture, { ...PATTERN_THRESHOLDS, slowDb: { minMs: 700 } })).toEqual([]);
  });
});

describe('blockedLoop', () => {
  const blocked = (
    picture: string,
    platform = 'python',
    pictures: readonly string[] = ['GET /x | 0-400'],
  ) => {
    const traces = pictures.map((one) =>
      traceOf(one, { platform, profile: { eventId: 'e', profilerId: '' } }),
    );
    const source = {
      profile: profileOf(picture),
      eventId: 'e',
      profilerId: '',
      activeThreadId: '',
      threadIds: [],
    };
    const runs = traces.flatMap(samplesByTrace([source]));
    return runs
      .flatMap((run) => blockedLoop(run, foreignWork(runs), othersRan(runs), PATTERN_THRESHOLDS))
      .map(({ subject, evidence }) => `${subject}: ${evidence}`);
  };
  const loop = 'run@asyncio/base_events.py';

  it('finds a call that holds the event loop, with what to use instead', () => {
    const picture = `
      0-100: ${loop} > view
      100-300: ${loop} > view > get@requests/api.py > recv_into@socket.py
      300-400: ${loop} > select@selectors.py
    `;
    expect(blocked(picture)).toEqual([
      'view (app.py): 300 ms without giving the event loop back: use an async client (httpx, aiohttp) or asyncio.to_thread',
    ]);
  });

  it('leaves short steps, waiting loops and threads without a loop alone', () => {
    const steps = Array.from(
      { length: 4 },
      (_, i) =>
        `${i * 100}-${i * 100 + 60}: ${loop} > view\n${i * 100 + 60}-${i * 100 + 100}: ${loop} > select@selectors.py`,
    );
    expect(blocked(steps.join('\n'))).toEqual([]);
    expect(blocked('0-400: main > view > work')).toEqual([]);
  });

  it('adds up no steps of requests that take turns', () => {
    const work = `0-200: ${loop} > view > parse`;
    const requests = Array.from({ length: 10 }, (_, i) => `GET /x | 0-${20 * (i + 1)}`);
    expect(blocked(work, 'python', requests)).toEqual([]);
    const calls = Array.from(
      { length: 10 },
      (_, i) => `GET /x | 0-400\n  http.client GET /y | ${20 * (i + 1)}-300`,
    );
    expect(blocked(work, 'python', calls)).toEqual([]);
    expect(blocked(work, 'python', ['GET /x | 0-400', 'GET /x | 10-300'])).toEqual([
      'parse (app.py): 190 ms without giving the event loop back',
      'parse (app.py): 190 ms without giving the event loop back',
    ]);
  });

  it('adds up no steps between which the request waited, but those within a call that held the loop', () => {
    const work = `0-200: ${loop} > view`;
    const queries = Array.from({ length: 20 }, (_, i) => `  db SELECT 1 | ${10 * i}-${10 * i + 1}`);
    expect(blocked(work, 'python', [['GET /x | 0-400', ...queries].join('\n')])).toEqual([]);
    const held = Array.from({ length: 4 }, (_, i) => `  db SELECT 1 | ${50 * i}-${50 * i + 45}`);
    expect(blocked(work, 'python', [['GET /x | 0-400', ...held].join('\n')])).toEqual([
      'view (app.py): 200 ms without giving the event loop back',
    ]);
  });

  it('adds up short synchronous calls, in few of which a sample was taken', () => {
    const work = `0-200: ${loop} > view > get@requests/api.py > recv_into@socket.py`;
    const calls = Array.from({ length: 20 }, (_, i) => `  http.client GET /y | ${10 * i + 2}-${10 * i + 6}`);
    expect(blocked(work, 'python', [['GET /x | 0-400', ...calls].join('\n')])).toEqual([
      'view (app.py): 200 ms without giving the event loop back: use an async client (httpx, aiohttp) or asyncio.to_thread',
    ]);
  });

  it("finds Node's synchronous calls", () => {
    const picture = `
      0-50: (idle)@
      50-250: handler > pbkdf2Sync@node:crypto
      250-400: (idle)@
    `;
    expect(blocked(picture, 'node')).toEqual([
      'handler (app.py): 200 ms without giving the event loop back: use the asynchronous form',
    ]);
  });
});

it('thresholds of a unit win over those of its service, and what either ignores is ignored', () => {
  const service = { slowDb: { minMs: 200 }, ignore: ['n-plus-one-db'] } as const;
  const unit = { slowDb: { minMs: 50 }, nPlusOneHttp: { minCount: 3 }, ignore: ['blocked-loop'] } as const;
  const set = withOverrides(PATTERN_THRESHOLDS, service, undefined, unit);
  expect(set).toEqual({
    ...PATTERN_THRESHOLDS,
    slowDb: { minMs: 50 },
    nPlusOneHttp: { ...PATTERN_THRESHOLDS.nPlusOneHttp, minCount: 3 },
    ignore: ['n-plus-one-db', 'blocked-loop'],
  });
  expect(withOverrides(PATTERN_THRESHOLDS)).toEqual(PATTERN_THRESHOLDS);
});
