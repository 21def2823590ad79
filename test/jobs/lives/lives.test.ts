import { describe, expect, it } from 'vitest';
import { livesOf } from '../../../lib/jobs/lives/index.ts';
import type { MemoryRole } from '../../../lib/model/memory.ts';
import type { MachineFact } from '../../../lib/model/telemetry.ts';
import type { InstanceState } from '../../../lib/segments/kinds/instance.ts';
import { machine } from '../facts.ts';
import { at, counter, levels, machines, spansAt, story } from './story.ts';

interface Told {
  readonly role?: MemoryRole;
  readonly limitSetting?: number | null;
  readonly now?: number;
  readonly machines?: readonly MachineFact[];
}
const lives = (
  instance: InstanceState,
  { role = 'heap_used', limitSetting = null, now = at(12), ...rest }: Told = {},
) => livesOf({ key: 'pod-1', instance, facts: machines(...(rest.machines ?? [])), limitSetting, now }, role);

describe('livesOf()', () => {
  it('gives one life that goes on', () => {
    expect(lives(story(levels('1234512345')))).toMatchObject([
      {
        instance: 'pod-1',
        version: '1.0.0',
        role: 'heap_used',
        metric: 'v8js.memory.heap.used',
        end: undefined,
        mixedWriters: false,
      },
    ]);
  });

  it('ends a life at a restart, and begins the next with its own version', () => {
    const two = story(
      levels('12345.....', {}, { pid: 1 }),
      levels('.....12345', {}, { pid: 2, version: '2.0.0' }),
    );
    expect(lives(two).map(({ version, times, end }) => [version, times.length, end])).toEqual([
      ['1.0.0', 5, { time: at(4), reason: 'restart' }],
      ['2.0.0', 5, undefined],
    ]);
  });

  it('counts work that a process did before its first export as its own', () => {
    const two = story(levels('.1234.1234'), counter('.1234.....'), counter('......2345', { began: 5 }));
    const [first, second] = lives(two);
    expect([first?.startedAt, second?.startedAt]).toEqual([at(-1), at(6)]);
    expect([...(first?.work[0]?.counts ?? [])]).toEqual([1, 2, 3, 4]);
    expect([...(second?.work[0]?.counts ?? [])]).toEqual([2, 3, 4, 5]);
  });

  it('counts no work of the life before, also where its last exports told nothing new', () => {
    const AFTER = { role: 'heap_after_gc' as const, metric: 'jvm.memory.used_after_last_gc' };
    const two = story(
      levels('1234555', AFTER, { pid: 1 }),
      levels('.......12345', AFTER, { pid: 2 }),
      counter('1234567'),
      counter('.......12345', { began: 6 }),
    );
    const [, second] = lives(two, { role: 'heap_after_gc' });
    expect([...(second?.work[0]?.counts ?? [])]).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends a life that has been silent for ten intervals as gone', () => {
    const one = story(levels('12345'));
    expect(lives(one, { now: at(14) })[0]?.end).toBeUndefined();
    expect(lives(one, { now: at(14) + 1 })[0]?.end).toEqual({ time: at(4), reason: 'gone' });
  });

  it('marks two processes that write under one id', () => {
    const two = story(levels('1.1.1.1.1.', {}, { pid: 1 }), levels('.9.9.9.9.9', {}, { pid: 2 }));
    expect(lives(two).every(({ mixedWriters }) => mixedWriters)).toBe(true);
  });

  it('marks two processes that write by turns, told apart by their levels alone', () => {
    const turns = story(levels('19..'.repeat(24), { role: 'rss', metric: 'process.memory.usage' }));
    expect(lives(turns, { role: 'rss' })[0]?.mixedWriters).toBe(true);
  });

  it('hands collections of both kinds to the heap alone', () => {
    const one = story(
      levels('1234512345'),
      levels('1234512345', { role: 'rss', metric: 'process.memory.usage' }),
      counter('1122334455', { role: 'gc_minor', unit: undefined, metric: 'gc', stream: 'minor' }),
      counter('1111122222', { role: 'gc_major', unit: undefined, metric: 'gc', stream: 'major' }),
    );
    expect([...(lives(one)[0]?.minorCollections ?? [])]).toEqual([0, 2, 4, 6, 8].map(at));
    expect([...(lives(one)[0]?.majorCollections ?? [])]).toEqual([0, 5].map(at));
    expect(lives(one, { role: 'rss' })[0]).toMatchObject({
      majorCollections: undefined,
    });
    expect(lives(one, { role: 'rss' })[0]?.minorCollections).toBeUndefined();
  });

  it('is empty for a role that was not sent', () => {
    expect(lives(story(levels('123')), { role: 'rss' })).toEqual([]);
  });

  it('says of a unit of which some spans told no sampling rate that not all of it is counted', () => {
    const mixed = [spansAt([0, 2]), spansAt([1, 3], { weight: undefined })];
    for (const spans of [mixed, mixed.toReversed()]) {
      const [life] = lives(story(levels('56789'), ...spans));
      expect(life!.work.map(({ complete }) => complete)).toEqual([false]);
    }
  });
});

describe('livesOf() of what a heap holds after collections', () => {
  const AFTER = {
    role: 'heap_after_gc' as const,
    metric: 'jvm.memory.used_after_last_gc',
    part: 'G1 Old Gen',
  };
  const afterGc = (picture: string) =>
    lives(story(levels(picture, AFTER)), { role: 'heap_after_gc', now: at(60) });

  it('takes a value that keeps moving', () => {
    expect(afterGc('1122334455 6677')).toHaveLength(1);
  });

  it('keeps of it the points that a collection renewed', () => {
    const [life] = afterGc('1122334455 6677');
    expect([...(life?.values ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect([...(life?.times ?? [])]).toEqual([0, 2, 4, 6, 8, 10, 12].map(at));
    expect(life?.end?.time).toBe(at(13)); // the last export, not the last renewal
  });

  it('leaves a value that did not move, or less than once in eight exports', () => {
    expect(afterGc('2222222222 2222222222')).toEqual([]);
    expect(afterGc('2222222223 3333333333 3333334444')).toEqual([]);
  });

  it('takes a value that moved often enough for a verdict, however often it was asked for', () => {
    const seldom = (values: string) => afterGc(Array.from(values, (value) => value.repeat(9)).join(''));
    expect(seldom('12345678912345678')[0]?.values).toHaveLength(17);
    expect(seldom('1234567891234567')).toEqual([]);
  });

  it('hands what seldom collections left to the raw heap, but for the value that was there before', () => {
    const heap = levels('1234567891 2345678912 3456789123', {});
    const [life] = lives(story(heap, levels('2222222223 3333333333 3333334444', AFTER)), {});
    expect([...(life?.collected?.times ?? [])]).toEqual([9, 26].map(at));
    expect([...(life?.collected?.values ?? [])]).toEqual([3, 4]);
    const [moving] = lives(story(heap, levels('1122334455 6677889911 2233445566', AFTER)), {});
    expect(moving?.collected).toBeUndefined();
  });

  it('leaves a value that stood still for the last third of its time, as with G1 and a goal at its minimum', () => {
    expect(afterGc('1234567777 7777777777 7777777777')).toEqual([]);
    expect(afterGc('1111222233 3344444444 4555')).toHaveLength(1);
  });
});

describe('ends of livesOf()', () => {
  const POD = { joins: { podUid: 'uid-1' } };
  const LAST = 'kube_pod_container_status_last_terminated_reason';
  const EVENTS = 'container_oom_events_total';
  /** One character for each scrape of the machine's metric; of the two lives below the second begins at the sixth. */
  const said = (metric: string, picture: string, kind: MachineFact['kind'] = 'oom_killed') =>
    [...picture.replaceAll(' ', '')].flatMap((char, step) =>
      char === '.' ? [] : [machine({ metric, kind, value: Number(char), time: at(step) })],
    );
  const two = story(
    levels('11111..........', {}, { ...POD, pid: 1 }),
    levels(`.....${'2'.repeat(20)}`, {}, { ...POD, pid: 2 }),
  );
  const endsOf = (facts: readonly MachineFact[], now = at(26), instance = two) =>
    lives(instance, { machines: facts, now }).map(({ end }) => end?.reason ?? 'runs');

  it.each([
    ['nothing is said', [], ['restart', 'runs']],
    ['a state that begins with the next life and stays', said(LAST, '.....11111'), ['oom', 'runs']],
    ['a count that rises and stays', said(EVENTS, '00000 11111'), ['oom', 'runs']],
    ['a count from before we looked', said(EVENTS, '33333 33333'), ['restart', 'runs']],
    ['a state from before we looked', said(LAST, '11111 11111'), ['restart', 'runs']],
    [
      'the same state after another restart',
      [...said(LAST, '11111 11111'), ...said('k8s.container.restarts', '11111 22222', 'restarts')],
      ['oom', 'runs'],
    ],
    [
      'a count from before, and a restart for another reason',
      [...said(EVENTS, '11111 11111'), ...said('k8s.container.restarts', '11111 22222', 'restarts')],
      ['restart', 'runs'],
    ],
    [
      'a child that is killed while the process goes on',
      said(EVENTS, `${'0'.repeat(22)}11`),
      ['restart', 'runs'],
    ],
  ])('tell who was killed where %s', (_, facts, ends) => {
    expect(endsOf(facts)).toEqual(ends);
  });

  it('are a kill for a life that nobody follows once it is gone', () => {
    const one = story(levels('12345', {}, POD));
    expect(endsOf(said(EVENTS, '00000 11111'), at(9), one)).toEqual(['runs']);
    expect(endsOf(said(EVENTS, '00000 11111'), at(15), one)).toEqual(['oom']);
  });
});

describe('limits of livesOf()', () => {
  const heap = [levels('1111111111'), levels('1111111111', { role: 'rss', metric: 'process.memory.usage' })];
  const POD = { joins: { podUid: 'uid-1', containerId: 'c0ffee' } };
  const inPod = [levels('1111111111', { role: 'rss', metric: 'process.memory.usage' }, POD)];
  const cadvisor = (value: number, fact: Partial<MachineFact> = {}) =>
    machine({ metric: 'container_spec_memory_limit_bytes', value, time: at(2), ...fact });

  it('are the heap limit for a heap, and not for the process', () => {
    const own = story(
      ...heap,
      levels('9999999999', { role: 'heap_limit', metric: 'v8js.memory.heap.limit' }),
    );
    expect(lives(own)[0]?.limit).toBe(9);
    expect(lives(own, { role: 'rss' })[0]?.limit).toBeUndefined();
  });

  it.each([
    ['pod uid', { joins: { podUid: 'uid-1' } }, 512],
    ['container id', { joins: { containerId: 'c0ffee' } }, 512],
    ['the uid of another pod', { joins: { podUid: 'uid-2' } }, undefined],
    ['another container', { joins: { containerId: 'decaf' } }, undefined],
  ])('are what cAdvisor says of a container, told by %s', (_, fact, limit) => {
    expect(lives(story(...inPod), { role: 'rss', machines: [cadvisor(512, fact)] })[0]?.limit).toBe(limit);
  });

  it('are the last that a container had, and the setting where it has none', () => {
    const told = [cadvisor(512), cadvisor(1024, { time: at(3) })];
    expect(lives(story(...inPod), { role: 'rss', machines: told, limitSetting: 77 })[0]?.limit).toBe(1024);
    expect(lives(story(...inPod), { role: 'rss', machines: [cadvisor(0)], limitSetting: 77 })[0]?.limit).toBe(
      77,
    );
    expect(lives(story(...inPod), { role: 'rss' })[0]?.limit).toBeUndefined();
  });

  it('are not the number just below 2^63 that cgroups write for none', () => {
    const none = 2 ** 63 - 4096;
    expect(
      lives(story(...inPod), { role: 'rss', machines: [cadvisor(none)], limitSetting: 77 })[0]?.limit,
    ).toBe(77);
  });

  it('bound no count of things', () => {
    const threads = story(levels('1111111111', { role: 'thread_count', metric: 'jvm.thread.count' }, POD));
    expect(
      lives(threads, { role: 'thread_count', machines: [cadvisor(512)], limitSetting: 77 })[0]?.limit,
    ).toBeUndefined();
  });
});
