import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../lib/model/trace.ts';
import { analyzeTraces } from '../../lib/traces/analyze.ts';
import { gapsOf } from '../../lib/traces/gaps.ts';
import { asSent, treeOf } from '../../lib/traces/tree.ts';
import { profileOf } from './profile-picture.ts';
import { msFromStart, traceOf } from './trace-picture.ts';

const treeOfPicture = (picture: string) => treeOf(asSent(traceOf(picture)));
const gapsIn = (picture: string, periodMs = 0) => {
  const tree = treeOfPicture(picture);
  const name = (node: number) => (node === -1 ? '·' : tree.nodes[node]!.description || tree.nodes[node]!.op);
  return gapsOf(tree, periodMs * 1000).map(
    ({ parent, start, end, after, before }) =>
      `${name(parent)}: ${name(after)} ${msFromStart(start)}-${msFromStart(end)} ${name(before)}`,
  );
};

describe('gapsOf', () => {
  it('finds what lies before, between and after the children', () => {
    const picture = `
      GET /x | 0-200
        db a | 30-60
        db b | 100-150
    `;
    expect(gapsIn(picture)).toEqual(['GET /x: · 0-30 a', 'GET /x: a 60-100 b', 'GET /x: b 150-200 ·']);
  });

  it('takes overlapping children as one', () => {
    const picture = `
      GET /x | 0-100
        http.client a | 0-40
        http.client b | 10-70
    `;
    expect(gapsIn(picture)).toEqual(['GET /x: b 70-100 ·']);
  });

  it('looks into spans of functions, not into calls', () => {
    const picture = `
      GET /x | 0-100
        function work | 0-50
        db slow | 50-100
    `;
    expect(gapsIn(picture)).toEqual(['work: · 0-50 ·']);
  });

  it('leaves out what is short: 20 ms, 5 % of the transaction, two samples', () => {
    expect(gapsIn('GET /x | 0-19')).toEqual([]);
    expect(gapsIn('GET /x | 0-21')).toHaveLength(1);
    expect(gapsIn('GET /x | 0-1000\n  db a | 49-1000')).toEqual([]);
    expect(gapsIn('GET /x | 0-21', 11)).toEqual([]);
  });

  it('and self time of the children add up to a span, whatever the tree', () => {
    const span = fc.record({ parent: fc.nat(20), from: fc.nat(1000), length: fc.nat(1000), id: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 25 }), (spans) => {
        const base = traceOf('GET /x | 0-1000');
        const id = (n: number) => n.toString(16).padStart(16, 'f');
        const made = spans.map(({ parent, from, length, id: own }) => ({
          ...base.root,
          // Repeated ids, circles, unknown parents and children outside of their parents: all occur.
          spanId: id(own),
          parentSpanId: id(parent),
          start: base.root.start + from * 1000,
          end: base.root.start + (from + length) * 1000,
        }));
        const trace: Trace = { ...base, spans: made.sort((a, b) => a.start - b.start) };
        const tree = treeOf(asSent(trace));
        for (const [i, node] of tree.nodes.entries()) {
          expect(tree.selfUs[i]).toBeGreaterThanOrEqual(0);
          expect(tree.selfUs[i]).toBeLessThanOrEqual(node.end - node.start);
        }
        // Every node reaches the root.
        for (let i = 0; i < tree.nodes.length; i += 1) {
          let at = i;
          for (let steps = 0; at > 0; steps += 1) {
            expect(steps).toBeLessThan(tree.nodes.length);
            at = tree.parent[at]!;
          }
        }
      }),
    );
  });
});

describe('causes of a gap', () => {
  const trace = (name: string, id: string, from: number, to: number): Trace =>
    traceOf(`GET ${name} | ${from}-${to}\n  db q | ${from}-${from}`, {
      traceId: id.repeat(32),
      profile: { eventId: id, profilerId: '' },
    });
  const profile = (eventId: string, picture: string) => ({
    profile: profileOf(picture),
    eventId,
    profilerId: '',
    activeThreadId: '1',
    threadIds: ['1'],
  });
  const causesOf = (traces: Trace[], profiles: ReturnType<typeof profile>[], name: string) =>
    analyzeTraces({ traces, profiles })
      .transactions.find(({ unit }) => unit.name === name)!
      .gaps.flatMap(({ causes }) =>
        causes.map(({ kind, frame, ms }) => `${kind} ${Math.round(ms)}: ${frame}`),
      );

  it('are app code, libraries with their caller, waiting, collections', () => {
    const picture = `
      0-110: main > view > work
      110-200: main > view > load@lib/json.py > scan@lib/json.py
      200-300: main > run@asyncio/base_events.py > select@selectors.py
      300-350: (garbage collector)@
    `;
    expect(causesOf([trace('/a', 'a', 0, 350)], [profile('a', picture)], 'GET /a')).toEqual([
      'app 110: work ← view (app.py)',
      'waiting 100: nothing to instrument in this process',
      'library 90: load › scan (lib/json.py), called from view ← main (app.py)',
      'gc 50: garbage collection',
    ]);
  });

  it('are not the SDK itself', () => {
    const picture = '0-100: view > wrapped@sentry_sdk/tracing.py > work';
    expect(causesOf([trace('/a', 'a', 0, 100)], [profile('a', picture)], 'GET /a')).toEqual([
      'app 100: work ← view (app.py)',
    ]);
  });

  it('say whose work held the event loop', () => {
    const loop = 'serve > run@asyncio/base_events.py';
    const busy = `0-200: ${loop} > report`;
    const waited = `
      100-200: ${loop} > report
      200-400: ${loop} > select@selectors.py
      400-420: ${loop} > order
    `;
    const alone = `1000-1060: ${loop} > order`;
    const traces = [
      trace('/report', 'a', 0, 200),
      trace('/order', 'b', 100, 420),
      trace('/order', 'c', 1000, 1060),
    ];
    const profiles = [profile('a', busy), profile('b', waited), profile('c', alone)];
    const causes = causesOf(traces, profiles, 'GET /order');
    expect(causes).toContain('foreign 100: blocked by GET /report: report (app.py)');
    expect(causes.join()).not.toMatch(/app \d+: report/);
  });

  it('count work once, where spans lie beside each other', () => {
    const picture = `
      GET /a | 0-200
        middleware next | 0-200
        handler /a | 10-190
    `;
    const nested = traceOf(picture, { platform: 'node', profile: { eventId: 'a', profilerId: '' } });
    const { gaps } = analyzeTraces({ traces: [nested], profiles: [profile('a', '0-200: handler > work')] })
      .transactions[0]!;
    expect(gaps.map(({ within, totalMs }) => `${within} ${totalMs}`)).toEqual(['handler /a 180']);
  });

  it('cover what was sampled, and say how much', () => {
    const { gaps } = analyzeTraces({
      traces: [trace('/a', 'a', 0, 2000)],
      profiles: [profile('a', '0-500: view > work')],
    }).transactions[0]!;
    expect(gaps[0]!.coverage).toBeCloseTo(0.25, 1);
  });

  it('do not depend on the order in which a chunk and its transaction came, nor on its length', () => {
    const one = { ...trace('/a', 'a', 0, 200), profile: { eventId: '', profilerId: 'p' } };
    const chunk = (picture: string) => ({ ...profile('', picture), profilerId: 'p' });
    const whole = [chunk('0-200: view > work')];
    const halves = [chunk('100-200: view > work'), chunk('0-100: view > work')];
    const ofChunks = (chunks: ReturnType<typeof chunk>[]) => causesOf([one], chunks, 'GET /a');
    expect(ofChunks(halves)).toEqual(ofChunks(whole));
    expect(ofChunks(whole)).toEqual(['app 200: work ← view (app.py)']);
  });
});
