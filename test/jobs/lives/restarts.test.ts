import { describe, expect, it } from 'vitest';
import { findRestarts } from '../../../lib/jobs/lives/restarts.ts';
import type { InstanceReport } from '../../../lib/model/telemetry.ts';
import { at, counter, levels, STEP_MS, story } from './story.ts';

const restarts = (...parts: readonly InstanceReport[]) => findRestarts(story(...parts), STEP_MS);
const UPTIME = { role: 'uptime_s' as const, metric: 'process.uptime' };

describe('findRestarts()', () => {
  it('finds none in one life', () => {
    expect(restarts(levels('5555555555', {}, { pid: 1 }), counter('1234567899', {}, { pid: 1 }))).toEqual({
      cuts: [],
      mixedWriters: false,
    });
  });

  it('cuts where a new pid is first seen under one instance id', () => {
    expect(restarts(levels('55555.....', {}, { pid: 1 }), levels('.....66666', {}, { pid: 2 }))).toEqual({
      cuts: [at(5)],
      mixedWriters: false,
    });
  });

  it('cuts where the uptime falls', () => {
    expect(restarts(levels('3456712345', UPTIME)).cuts).toEqual([at(5)]);
    expect(restarts(levels('3455556789', UPTIME)).cuts).toEqual([]);
  });

  it('cuts where most counters begin anew with another start', () => {
    const parts = ['a', 'b', 'c'].flatMap((stream) => [
      counter('12345.....', { stream }),
      counter('.....12345', { stream, began: 4 }),
    ]);
    expect(restarts(...parts).cuts).toEqual([at(5)]);
  });

  it('cuts where most counters of one start fall', () => {
    expect(
      restarts(counter('5678912345', { stream: 'a' }), counter('5678912345', { stream: 'b' })).cuts,
    ).toEqual([at(5)]);
  });

  it('does not cut where one counter of many begins anew', () => {
    const steady = ['a', 'b', 'c'].map((stream) => counter('1234567899', { stream }));
    expect(
      restarts(
        ...steady,
        counter('12345.....', { stream: 'd' }),
        counter('.....12345', { stream: 'd', began: 4 }),
      ).cuts,
    ).toEqual([]);
  });

  it('takes signs within two intervals for one restart', () => {
    const { cuts } = restarts(
      levels('55555.....', {}, { pid: 1 }),
      levels('.....66666', {}, { pid: 2 }),
      levels('3456771234', UPTIME),
    );
    expect(cuts).toEqual([at(5)]);
  });

  it('finds each of several restarts', () => {
    expect(restarts(levels('123451234512345', UPTIME)).cuts).toEqual([at(5), at(10)]);
  });

  it('sees two writers in pids that overlap', () => {
    expect(
      restarts(levels('5.5.5.5.5.', {}, { pid: 1 }), levels('.6.6.6.6.6', {}, { pid: 2 })).mixedWriters,
    ).toBe(true);
  });

  it('takes a pid that comes back for another life where the counters follow each other', () => {
    const lives = [
      levels('55555..........', {}, { pid: 7 }),
      levels('.....66666.....', {}, { pid: 8 }),
      levels('..........55555', {}, { pid: 7 }),
      counter('12345..........'),
      counter('.....12345.....', { began: 4 }),
      counter('..........12345', { began: 9 }),
    ];
    expect(restarts(...lives)).toEqual({ cuts: [at(5), at(10)], mixedWriters: false });
  });

  it('sees two writers in start times that alternate', () => {
    const two = [counter('1.2.3.4.5.', { began: -1 }), counter('.1.2.3.4.5', { began: -2 })];
    expect(restarts(...two).mixedWriters).toBe(true);
  });

  it('sees two forked writers, whose counters share a start, in what falls and is taken back', () => {
    expect(restarts(counter('1.2.3.4.5.'), counter('.6.7.8.9.9')).mixedWriters).toBe(true);
    expect(restarts(counter('567812345678')).mixedWriters).toBe(false);
  });

  it('takes one late export of an ended process for what it is', () => {
    const late = [counter('1234.5....', { began: -1 }), counter('....1.2345', { began: 3 })];
    expect(restarts(...late).mixedWriters).toBe(false);
    const all = ['a', 'b', 'c', 'd'].flatMap((stream) => [
      counter('1234.5....', { stream, began: -1 }),
      counter('....1.2345', { stream, began: 3 }),
    ]);
    expect(restarts(...all)).toEqual({ cuts: [at(4)], mixedWriters: false });
  });
});
