import { describe, expect, it } from 'vitest';
import { companionsOf, processesIn } from '../../../lib/jobs/lives/companions.ts';
import { siteLevelKey } from '../../../lib/jobs/lives/sites.ts';
import {
  emptyInstance,
  factKey,
  type InstanceState,
  levelKey,
} from '../../../lib/segments/kinds/instance.ts';

/** `memory 0-9 host=vm pid=7`: what it sends, from when to when, and the names that it gives. */
function instance(text: string): InstanceState {
  const [kind = '', span = '', ...names] = text.split(' ');
  const [first, last] = span.split('-').map(Number) as [number, number];
  const seen = { first, last };
  const key = kind === 'memory' ? levelKey('rss', 'm', '') : siteLevelKey('space:bytes', '');
  return {
    ...emptyInstance,
    facts: new Map(
      names.map((name) => {
        const [fact = '', value = ''] = name.split('=');
        return [factKey(fact, value), seen];
      }),
    ),
    levels: new Map([[key, { times: [first, last], values: [1, 1], conflict: false }]]),
  };
}

/** Which instances of memory the last one is the same process as. */
function matched(...texts: readonly string[]): string[] {
  const instances = new Map(texts.map((text, i) => [String.fromCharCode(97 + i), instance(text)]));
  const found = companionsOf({ instances, unused: new Map() });
  return [...found].filter(([, others]) => others.length > 0).map(([key]) => key);
}

describe('processesIn()', () => {
  it('counts a process once, however many protocols tell of it', () => {
    const texts = ['memory 0-9 host=vm', 'heap 0-9 host=vm', 'memory 0-9 host=vm2'];
    const instances = new Map(texts.map((text, i) => [String(i), instance(text)]));
    expect(processesIn({ instances, unused: new Map() })).toBe(2);
  });
});

describe('companionsOf()', () => {
  it.each([
    ['its pod', ['memory 0-9 pod-uid=u1', 'memory 0-9 pod-uid=u2', 'heap 0-9 pod-uid=u2'], ['b']],
    ['its container', ['memory 0-9 container=c1 host=vm', 'heap 0-9 container=c1'], ['a']],
    [
      'its host and pid',
      ['memory 0-9 host=vm pid=1', 'memory 0-9 host=vm pid=2', 'heap 0-9 host=vm pid=2'],
      ['b'],
    ],
    ['its host alone', ['memory 0-9 host=vm pid=1', 'memory 0-9 host=vm2', 'heap 0-9 host=vm'], ['a']],
    ['a host that is its pod', ['memory 0-9 pod=web/shop-7f', 'heap 0-9 host=shop-7f'], ['a']],
    [
      'a host that is its container',
      ['memory 0-9 container=c0ffee123456789', 'heap 0-9 host=c0ffee123456'],
      ['a'],
    ],
    [
      'its surest name',
      ['memory 0-9 pod-uid=u1 host=x', 'memory 0-9 host=vm', 'heap 0-9 pod-uid=u1 host=vm'],
      ['a'],
    ],
    [
      'a host on which one process followed the other',
      ['memory 0-9 host=vm', 'memory 9-20 host=vm', 'heap 0-20 host=vm'],
      ['a', 'b'],
    ],
  ])('knows a process by %s', (_, texts, keys) => {
    expect(matched(...texts)).toEqual(keys);
  });

  it.each([
    [
      'the same host, where two processes ran at once',
      ['memory 0-9 host=vm', 'memory 3-12 host=vm', 'heap 0-9 host=vm'],
    ],
    ['the same host and another pid', ['memory 0-9 host=vm pid=1', 'heap 0-9 host=vm pid=2']],
    ['no name', ['memory 0-9', 'heap 0-9']],
    ['memory of its own', ['memory 0-9 host=vm', 'memory 0-9 host=vm']],
  ])('does not guess from %s', (_, texts) => {
    expect(matched(...texts)).toEqual([]);
  });
});
