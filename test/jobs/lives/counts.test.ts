import { describe, expect, it } from 'vitest';
import { collections, SPANS, workOf } from '../../../lib/jobs/lives/counts.ts';
import type { InstanceState } from '../../../lib/segments/kinds/instance.ts';
import { at, counter, STEP_MS, spansAt, story } from './story.ts';

const OLD = at(-1000);
/** Growth of the one series in the story, step by step; what lies outside of the range is not there. */
function growth(instance: InstanceState, { from = at(-1), to = at(100) } = {}): string {
  const [work] = workOf(instance, from, to);
  return work?.increments.counts.join(' ') ?? '';
}
const named = (name: string, kind = 'http' as const) => ({ unit: { kind, name } });
const sources = (instance: InstanceState) =>
  workOf(instance, at(-1), at(100)).map(({ unit, source, increments }) => [
    unit,
    source,
    increments.counts.reduce((sum, one) => sum + one, 0),
  ]);

describe('workOf() of one cumulative counter', () => {
  it('takes differences, and all of the first point of a process that began in the range', () => {
    expect(growth(story(counter('2359')))).toBe('2 1 2 4');
  });

  it('takes the first point of an old process for a baseline', () => {
    expect(growth(story(counter('5679', { start: OLD })))).toBe('0 1 1 2');
  });

  it('counts all of the first point when its process began few intervals before, though outside of the range', () => {
    expect(growth(story(counter('2359')), { from: at(0) })).toBe('2 1 2 4');
    expect(growth(story(counter('2359', { began: -4 })), { from: at(0) })).toBe('0 1 2 4');
  });

  it('counts all of the first point of a kind of request that came first while its process was heard', () => {
    const parts = workOf(
      story(
        counter('12345', { start: OLD, ...named('GET /a') }),
        counter('...23', { start: OLD, ...named('GET /b') }),
      ),
      at(-1),
      at(100),
    );
    expect(parts.map(({ unit, increments }) => [unit, increments.counts])).toEqual([
      ['http GET /a', [0, 1, 1, 1, 1]],
      ['http GET /b', [2, 1]],
    ]);
  });

  it('takes a counter that was missing from one export, the first, for an old one', () => {
    const parts = workOf(
      story(
        counter('12345', { start: OLD, ...named('GET /a') }),
        counter('.7899', { start: OLD, ...named('GET /b') }),
      ),
      at(-1),
      at(100),
    );
    expect(parts.map(({ increments }) => increments.counts[0])).toEqual([0, 0]);
  });

  it('counts a reset as new, by its start or by its fall', () => {
    expect(growth(story(counter('1357....'), counter('....2468', { began: 3 })))).toBe('1 2 2 2 2 2 2 2');
    expect(growth(story(counter('13572468')))).toBe('1 2 2 2 2 2 2 2');
  });

  it('counts nothing of a point whose start is its own time: the true start is not known', () => {
    const unknown = story(
      counter('13..'),
      counter('..5.', { start: at(2) }),
      counter('...7', { start: at(2) }),
    );
    expect(growth(unknown)).toBe('1 2 0 2');
  });

  it('counts what lies in the range, with the point before it as its baseline', () => {
    expect(growth(story(counter('23579', { start: OLD })), { from: at(2), to: at(3) })).toBe('2 2');
  });
});

describe('workOf() of one delta counter', () => {
  it('takes every count as it is', () => {
    expect(growth(story(counter('5.31', { temporality: 'delta', start: OLD })))).toBe('5 3 1');
  });
});

describe('workOf()', () => {
  const requests = { metric: 'http.server.request.duration', ...named('GET /a') };

  it('prefers the stable metric to the old one, and any metric to spans', () => {
    const both = story(
      counter('12', { ...requests, metric: 'http.server.duration', stream: 's.2' }),
      counter('12', requests),
      spansAt([0, 1]),
    );
    expect(sources(both)).toEqual([['http GET /a', 'http.server.request.duration', 2]]);
  });

  it('takes spans when nothing else tells, and says whether they are all', () => {
    expect(sources(story(spansAt([0, 1, 1.5])))).toEqual([['http GET /orders/:id', SPANS, 3]]);
    expect(workOf(story(spansAt([0])), 0, at(9))[0]?.complete).toBe(true);
    expect(workOf(story(spansAt([0], { weight: undefined })), 0, at(9))[0]?.complete).toBe(false);
  });

  it('chooses for each kind of work by itself', () => {
    const mixed = story(
      counter('12', requests),
      counter('13', { metric: 'rpc.server.call.duration', unit: { kind: 'rpc', name: 'shop/Buy' } }),
      spansAt([0, 1], { unit: { kind: 'message', name: 'process orders' } }),
      spansAt([0], { unit: { kind: 'rpc', name: 'shop/Buy' } }),
    );
    expect(sources(mixed)).toEqual([
      ['http GET /a', 'http.server.request.duration', 2],
      ['message process orders', SPANS, 2],
      ['rpc shop/Buy', 'rpc.server.call.duration', 3],
    ]);
  });

  it('takes of two scopes with one metric the one that knows the routes', () => {
    const twice = story(
      counter('13', { ...requests, unit: { kind: 'http', name: 'GET (no route)' }, stream: 'node.1' }),
      counter('12', { ...requests, stream: 'hono.1' }),
      counter('01', { ...requests, unit: { kind: 'http', name: 'GET /b' }, stream: 'hono.2' }),
    );
    expect(sources(twice)).toEqual([
      ['http GET /a', 'http.server.request.duration', 2],
      ['http GET /b', 'http.server.request.duration', 1],
    ]);
  });

  it('takes of two scopes that both know the routes the one that saw more, and never adds them', () => {
    const twice = story(
      counter('15', { ...requests, stream: 'gin.1' }),
      counter('17', { ...requests, stream: 'http.1' }),
    );
    expect(sources(twice)).toEqual([['http GET /a', 'http.server.request.duration', 7]]);
  });

  it('takes the source that was sent in the range, though a better one came later', () => {
    const upgraded = story(
      counter('12....', { ...requests, metric: 'http.server.duration' }),
      counter('....12', { ...requests, began: 3 }),
    );
    expect(workOf(upgraded, at(-1), at(2)).map(({ source }) => source)).toEqual(['http.server.duration']);
    expect(workOf(upgraded, at(3), at(9)).map(({ source }) => source)).toEqual([
      'http.server.request.duration',
    ]);
  });
});

describe('collections()', () => {
  const gc = { role: 'gc_major' as const, unit: undefined, metric: 'v8js.gc.duration' };

  it('are the times at which a counter was seen to have grown', () => {
    expect(collections(story(counter('1123335', gc)), 'gc_major', at(-1), at(100))).toEqual(
      Float64Array.of(at(0), at(2), at(3), at(6)),
    );
    expect(collections(story(counter('11', gc)), 'gc_major', at(1) - STEP_MS / 2, at(9))).toEqual(
      new Float64Array(),
    );
  });

  it('are undefined when no counter of them was sent', () => {
    expect(collections(story(counter('11', gc)), 'gc_minor', at(-1), at(9))).toBeUndefined();
  });
});
