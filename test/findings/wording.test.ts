import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KilledSituation, killedWording } from '../../lib/findings/killed-wording.ts';
import { type LeakSituation, leakWording } from '../../lib/findings/leak-wording.ts';
import { type FixedSituation, resolvedWording } from '../../lib/findings/resolved-wording.ts';
import { sentenceText } from '../../lib/findings/sentence.ts';
import type { Explained, FixProof, PostMortem, Releases } from '../../lib/model/finding.ts';
import { MEMORY_ROLES } from '../../lib/model/memory.ts';
import { serviceName } from '../../lib/model/service.ts';
import { KIB, MIB } from '../../lib/model/units.ts';
import { checkout, HOUR, NOON, suspect } from './examples.ts';

const MIN = 60_000;
const leak: LeakSituation = {
  now: NOON,
  service: checkout,
  role: 'heap_used',
  instances: { affected: 1, all: 1 },
  onset: { t: NOON - 2 * HOUR, low: NOON - 2 * HOUR - 20 * MIN, high: NOON - 2 * HOUR + 30 * MIN },
  deploys: [],
  suspects: [suspect('POST /cart/items')],
  slopeBytesPerHour: { value: 9.3 * MIB, low: 8.9 * MIB, high: 9.7 * MIB },
  timeToLimitS: null,
  seenTo: NOON - MIN,
  limitBytes: null,
};
const explained = (change: Partial<Explained>): Explained => ({
  where: null,
  lines: [],
  stopGap: null,
  compared: [],
  ...change,
});
const outside = (share: number): Explained['where'] => ({
  place: 'outside',
  share,
  experiments: ['Try this.'],
});
const plain = (text: string) => text.replaceAll('\u202f', ' ');
const say = (change: Partial<LeakSituation>) => plain(leakWording({ ...leak, ...change }).summary);

describe('leakWording', () => {
  it('says since when, which unit, and how much', () => {
    expect(say({})).toBe(
      'Since 10:00 UTC (09:40–10:30) every `POST /cart/items` keeps 812 ± 40 B on the heap.',
    );
    expect(leakWording(leak).title).toBe('checkout: POST /cart/items keeps memory');
  });
  it('has parts that pages can link, and the same words in all forms', () => {
    const { sentence, summary } = leakWording(leak);
    expect(sentenceText(sentence)).toBe(summary);
    expect(sentence.map((part) => part.kind)).toEqual([
      'text',
      'time',
      'text',
      'unit',
      'text',
      'number',
      'text',
    ]);
    expect(sentence.find((part) => part.kind === 'time')).toMatchObject({ at: NOON - 2 * HOUR });
    expect(sentence.find((part) => part.kind === 'unit')).toMatchObject({ text: 'POST /cart/items' });
  });
  it('names the release that was out when the growth began', () => {
    const deploys = [
      { version: '1.4.3', at: NOON - HOUR },
      { version: '1.4.2', at: NOON - 2 * HOUR - 5 * MIN },
      { version: '1.4.1', at: NOON - 20 * HOUR },
    ];
    expect(say({ deploys })).toMatch(/^Since release 1\.4\.2 every `POST/);
  });
  it('says on how many instances, if there are more than one', () => {
    expect(say({ instances: { affected: 3, all: 12 } })).toMatch(
      /keeps 812 ± 40 B on the heap on 3 of 12 instances\.$/,
    );
    expect(say({ instances: { affected: 2, all: 2 } })).toMatch(/on the heap on all 2 instances\.$/);
  });
  it('gives seconds for a narrow onset, and days where they differ', () => {
    const at = (t: number, half: number) => ({ onset: { t, low: t - half, high: t + half } });
    expect(say(at(NOON - HOUR, 30_000))).toMatch(/^Since 11:00:00 UTC \(10:59:30–11:00:30\) every/);
    expect(say(at(NOON - HOUR, 0))).toMatch(/^Since 11:00:00 UTC every/);
    expect(say(at(NOON - 40 * HOUR, 10 * MIN))).toMatch(/^Since 12 Nov 20:00 UTC \(19:50–20:10\) every/);
    expect(say(at(NOON - 40 * HOUR, 6 * HOUR))).toMatch(
      /^Since 12 Nov 20:00 UTC \(14:00–13 Nov 02:00\) every/,
    );
    expect(say(at(NOON - 400 * 24 * HOUR, 10 * MIN))).toMatch(/^Since 10 Oct 2025 12:00 UTC/);
    expect(say({ onset: null })).toMatch(/^Every `POST \/cart\/items` keeps/);
  });
  it.each([
    [9, 1, 'today at about 20:59 UTC (19:59–21:59)'],
    [14, 2, 'tomorrow at about 01:59 UTC (14 Nov 23:59–03:59)'],
    [60, 5, 'on 16 Nov at about 23:59 UTC (18:59–17 Nov 04:59)'],
    [240, 40, 'on about 24 Nov (22 Nov–26 Nov)'],
    [240, Number.POSITIVE_INFINITY, 'on about 24 Nov (14 Nov or later)'],
  ])('forecasts the limit in %i ± %i h', (hours, half, words) => {
    const timeToLimitS = {
      value: hours * 3600,
      low: Math.max(0, hours - half) * 3600,
      high: (hours + half) * 3600,
    };
    expect(say({ timeToLimitS, limitBytes: 512 * MIB })).toMatch(
      new RegExp(
        `on the heap\\. At this rate checkout fills its 512 MiB limit ${words.replace(/[()]/g, '\\$&')}\\.$`,
      ),
    );
  });
  it('forecasts for the first of several instances', () => {
    const timeToLimitS = { value: 9 * 3600, low: 8 * 3600, high: 10 * 3600 };
    const instances = { affected: 3, all: 12 };
    expect(say({ timeToLimitS, limitBytes: 512 * MIB, instances })).toContain(
      'on 3 of 12 instances. At this rate the first instance of checkout fills its 512 MiB limit today at',
    );
  });
  it('forecasts nothing without a limit, nor beyond two months, nor into the past', () => {
    const timeToLimitS = { value: 3600, low: 3000, high: 4000 };
    expect(say({ timeToLimitS })).not.toContain('At this rate');
    const far = { value: 7e6, low: 6e6, high: 8e6 };
    expect(say({ timeToLimitS: far, limitBytes: MIB })).not.toContain('At this rate');
    const past = { value: 30, low: 20, high: 40 };
    expect(say({ timeToLimitS: past, limitBytes: MIB })).toMatch(
      /At this rate checkout is at its 1 MiB limit by now\.$/,
    );
  });
  it('names a group as one', () => {
    expect(say({ suspects: [suspect('GET /a', 'GET /b')] })).toBe(
      'Since 10:00 UTC (09:40–10:30) `GET /a` and `GET /b` together keep 812 ± 40 B per unit on the heap; they rise and fall together and cannot be told apart yet.',
    );
    expect(say({ suspects: [suspect('a', 'b', 'c', 'd')] })).toContain('`a`, `b`, `c` and `d` together');
    expect(say({ suspects: [suspect('a', 'b', 'c', 'd', 'e')] })).toContain(
      '`a`, `b`, `c` and 2 more together',
    );
    expect(say({ onset: null, suspects: [suspect('a', 'b')] })).toMatch(/^`a` and `b` together keep/);
  });
  it('names both of two units that make the rise together', () => {
    const pair = [
      { ...suspect('GET /a'), share: 0.7 },
      { ...suspect('GET /b'), bytesPerUnit: { value: 300, low: 280, high: 320 }, share: 0.3 },
    ];
    expect(say({ suspects: pair })).toBe(
      'Since 10:00 UTC (09:40–10:30) every `GET /a` keeps 812 ± 40 B and every `GET /b` 300 ± 20 B on the heap.',
    );
    expect(leakWording({ ...leak, suspects: pair }).title).toBe('checkout: GET /a, GET /b keep memory');
    const [first, second] = pair as [(typeof pair)[0], (typeof pair)[0]];
    expect(say({ suspects: [first, { ...second, weight: 0.1 }] })).not.toContain('GET /b');
    const group = { ...first, units: suspect('GET /a', 'GET /c').units };
    expect(leakWording({ ...leak, suspects: [group, second] }).title).toBe(
      'checkout: GET /a or GET /c, GET /b keep memory',
    );
    expect(say({ suspects: [group, second] })).toContain(
      'every `GET /a` or `GET /c` keeps 812 ± 40 B and every `GET /b` 300 ± 20 B on the heap.',
    );
  });
  it('says that the rest of many units is no route', () => {
    expect(say({ suspects: [suspect('(other)')] })).toMatch(
      /every `\(other\)` keeps 812 ± 40 B on the heap\. `\(other\)` is all work beyond the 2,000 units that are counted apart: .* not by paths or ids\.$/,
    );
  });
  it('tells growth by the clock and by all traffic from growth by a unit', () => {
    const clock = [{ ...suspect(), cause: 'clock' as const }];
    const all = { affected: 12, all: 12 };
    expect(say({ suspects: clock, instances: all })).toBe(
      'checkout grows +9.3 ± 0.4 MiB/h on all 12 instances at any traffic: a timer or an agent, not a request. Began at 10:00 UTC (09:40–10:30).',
    );
    const deploys = [{ version: 'agent 3.1', at: NOON - 2 * HOUR }];
    expect(say({ suspects: clock, deploys })).toMatch(/not a request\. Began with release agent 3\.1\.$/);
    expect(say({ suspects: [{ ...suspect(), cause: 'total-traffic' }] })).toBe(
      'Since 10:00 UTC (09:40–10:30) the heap of checkout grows +9.3 ± 0.4 MiB/h with all its traffic alike, 812 ± 40 B per unit: something that every unit passes, no single one.',
    );
  });
  it('names no unit as the cause where the data does not', () => {
    expect(say({ suspects: [] })).toBe(
      'Since 10:00 UTC (09:40–10:30) the heap of checkout grows +9.3 ± 0.4 MiB/h. No unit of work explains it yet.',
    );
    expect(say({ suspects: [{ ...suspect('GET /a'), weight: 0.4 }] })).toBe(
      'Since 10:00 UTC (09:40–10:30) the heap of checkout grows +9.3 ± 0.4 MiB/h. It goes best with `GET /a`, each of which would keep 812 ± 40 B, which is not certain yet (40 %).',
    );
    expect(say({ suspects: [{ ...suspect('GET /a'), bytesPerUnit: null }] })).toMatch(
      /\+9\.3 ± 0\.4 MiB\/h\. It goes best with `GET \/a`\.$/,
    );
  });
  it('says where it lies: outside the heap, in the process, or what is counted', () => {
    expect(say({ explained: explained({ where: outside(0.82) }), role: 'rss' })).toMatch(
      /keeps 812 ± 40 B in the memory of the process \(RSS\)\. 82 % of the growth of checkout lies outside the managed heap, so no line is named\. What would tell: Try this\./,
    );
    expect(say({ explained: explained({ where: outside(0.1) }) })).not.toContain('outside');
    const each = { ...suspect('GET /a'), bytesPerUnit: { value: 1.02, low: 0.97, high: 1.07 } };
    expect(say({ role: 'goroutine_count', suspects: [each] })).toMatch(
      /every `GET \/a` keeps 1\.02 ± 0\.05 goroutines\.$/,
    );
  });
  it('joins unit and line, and says what to do until it is fixed', () => {
    const line = {
      ...{ name: 'retain', file: 'cart.js', line: 42, calledFrom: null, owner: 'own' as const },
      ...{ share: 0.96, bytesPerHour: 9 * MIB, bytesPerUnit: null },
    };
    const stopGap = { maxRequests: { value: 12_000, low: 10_500, high: 14_200 }, restartS: null };
    expect(say({ explained: explained({ lines: [line], stopGap }) })).toMatch(
      /keeps 812 ± 40 B on the heap\. Allocated at retain \(cart\.js:42\): 96 % of what stayed in heap profiles\. Until it is fixed, replace a process after 12 k requests \(10\.5 k–14\.2 k\)/,
    );
    const restartS = { value: 18_000, low: 14_400, high: 25_200 };
    expect(say({ explained: explained({ stopGap: { maxRequests: null, restartS } }) })).toMatch(
      /Until it is fixed, replace each process every 5 h \(4 h–7 h\)\.$/,
    );
    // Both ends alike: more digits, so that the interval stays one.
    const narrow = { maxRequests: { value: 12_863, low: 12_851, high: 12_876 }, restartS: null };
    expect(say({ explained: explained({ stopGap: narrow }) })).toContain('12,863 requests (12,851–12,876):');
    const near = { value: 56_572, low: 56_352, high: 56_794 };
    expect(say({ explained: explained({ stopGap: { maxRequests: null, restartS: near } }) })).toMatch(
      /every 15 h 43 min \(15 h 39 min–15 h 47 min\)\.$/,
    );
    const sdk = { ...line, name: 'store', file: 'node_modules/@sentry/core/x.js', owner: 'sdk' as const };
    expect(say({ explained: explained({ lines: [sdk] }) })).toContain('code of an SDK or agent');
  });
  it('names the type that grows', () => {
    const part = {
      role: 'object_count' as const,
      part: 'Session',
      share: 0.97,
      perHour: 1204,
      perUnit: null,
    };
    expect(say({ explained: explained({ parts: [part] }) })).toMatch(
      /on the heap\. The type of object that grows is Session: 97 % of the objects that came\.$/,
    );
    const waiting = {
      ...part,
      role: 'thread_count' as const,
      part: 'waiting',
      perUnit: { value: 1, low: 0.9, high: 1.1 },
    };
    expect(say({ role: 'thread_count', explained: explained({ parts: [waiting] }) })).toMatch(
      /What grows of them is waiting: 97 % of those that came, 1\.0 ± 0\.1 per unit\.$/,
    );
  });
  it('says which release was the first, and how far the proof of a fix is', () => {
    const item = (version: string, value: number) => ({
      ...{ version, from: NOON - HOUR, to: NOON, lives: 1, hours: 8, units: 9000, slopeBytesPerHour: null },
      bytesPerUnit: { value, low: value - 9, high: value + 9 },
    });
    const releases = (firstBad: string[], fix: Partial<FixProof> | null): Releases => ({
      ...{ by: 'unit', items: [item('1.4.1', 2), item('1.4.2', 812)] },
      firstBad: { versions: firstBad, lastGood: '1.4.1' },
      fix: fix && {
        ...{ version: '1.4.3', state: 'undecided', by: 'unit', kept: null, served: 1200, needed: 9000 },
        ...fix,
      },
    });
    const told = (firstBad: string[], fix: Partial<FixProof> | null) =>
      say({ explained: explained({ releases: releases(firstBad, fix) }) }).split('on the heap. ')[1];
    expect(told(['1.4.2'], null)).toBe('1.4.2 is the first release that does; 1.4.1 kept 2 ± 9 B.');
    expect(told(['1.4.1a', '1.4.2'], {})).toBe(
      'One of 1.4.1a and 1.4.2 is the first release that does; 1.4.1 kept 2 ± 9 B. 1.4.3 has served 1,200 of about 9,000 `POST /cart/items` that would prove it fixed: 7,800 are missing.',
    );
    const kept = { value: 800, low: 790, high: 810 };
    expect(told(['1.4.2'], { state: 'keeps', kept })).toMatch(/1\.4\.3 does the same: 800 ± 10 B\.$/);
    expect(told(['1.4.2'], { by: 'clock', served: 2, needed: 26.5 })).toMatch(
      /1\.4\.3 has run for 2 h of about 27 h of its processes that would prove it fixed: 25 h are missing\.$/,
    );
  });
  it('tells environments apart in the title', () => {
    const service = serviceName({ name: 'shop', environment: 'production' });
    expect(leakWording({ ...leak, service, suspects: [] }).title).toBe('production / shop: memory grows');
  });
  it('always has words, without holes, and no alarm', () => {
    const number = fc.double({ min: -1e9, max: 1e12, noNaN: true });
    const interval = fc.tuple(number, number, number).map((three) => {
      const [low = 0, value = 0, high = 0] = three.toSorted((a, b) => a - b);
      return { value, low, high };
    });
    const situation = fc.record({
      role: fc.constantFrom(...MEMORY_ROLES),
      onset: fc.option(fc.nat(1e11).map((ago) => ({ t: NOON - ago, low: NOON - ago - 9999, high: NOON }))),
      suspects: fc.constantFrom(
        [],
        [suspect('a`b')],
        [suspect('a', 'b')],
        [{ ...suspect(), cause: 'clock' as const }],
      ),
      slopeBytesPerHour: fc.option(interval),
      timeToLimitS: fc.option(interval),
      limitBytes: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(situation, (change) => {
        const { summary, title } = leakWording({ ...leak, ...change });
        expect(`${title} ${summary}`).not.toMatch(/undefined|null|NaN|Infinity|critical|!| {2}|\.\.| \./);
        expect(summary).toMatch(/^[A-Z`]|^checkout/);
        expect(summary.endsWith('.')).toBe(true);
      }),
    );
  });
});

describe('resolvedWording', () => {
  const fixed: FixedSituation = {
    now: NOON,
    service: checkout,
    role: 'heap_used',
    instances: { affected: 1, all: 1 },
    since: { t: NOON - HOUR, low: NOON - 2 * HOUR, high: NOON },
    deploys: [{ version: '1.4.3', at: NOON - HOUR }],
    suspect: suspect('POST /cart/items'),
    bytesPerUnit: { value: 0, low: -3, high: 3 },
    units: 402_000,
  };
  const end = (change: Partial<FixedSituation>) => plain(resolvedWording({ ...fixed, ...change }).summary);

  it('says since when, how little, and over how many', () => {
    expect(end({})).toBe('Since release 1.4.3 `POST /cart/items` keeps 0 ± 3 B, over 402 k units: fixed.');
  });
  it('calls fixed only what may be nothing', () => {
    expect(end({ bytesPerUnit: { value: 20, low: 17, high: 23 } })).toMatch(
      /keeps 20 ± 3 B, over 402 k units\.$/,
    );
  });
  it('says in which release it was fixed, and by how much that was proved', () => {
    const fix = {
      ...{ version: '1.4.3', state: 'fixed' as const, by: 'unit' as const, served: 402_000, needed: 12_000 },
      kept: { value: 0, low: -3, high: 3 },
    };
    expect(end({ fix })).toBe(
      'Fixed in 1.4.3: every `POST /cart/items` keeps 0 ± 3 B there, over 402 k of them.',
    );
    expect(end({ fix: { ...fix, by: 'clock', served: 31.2 }, suspect: null })).toBe(
      'Fixed in 1.4.3: the heap of checkout grows 0 ± 3 B/h, over 31 hours of its processes.',
    );
  });
  it('says of memory without a unit that it grows no more', () => {
    expect(end({ suspect: null, deploys: [] })).toBe(
      'Since 11:00 UTC (10:00–12:00) the heap of checkout grows no more.',
    );
  });
});

describe('killedWording', () => {
  const killed: KilledSituation = {
    now: NOON,
    service: checkout,
    role: 'container_usage',
    instances: { affected: 1, all: 1 },
    at: NOON - 10 * MIN,
    deaths: 1,
    cause: 'oom',
    shareOfLimit: 0.97,
    limitBytes: 512 * MIB,
    before: null,
    isLeak: null,
  };
  const say = (change: Partial<KilledSituation>) => plain(killedWording({ ...killed, ...change }).summary);

  it('says at what level, when, and what came before', () => {
    expect(say({})).toBe('checkout was killed for memory at 97 % of 512 MiB at 11:50 UTC.');
    expect(say({ before: { kind: 'grew', bytes: 380 * MIB, since: NOON - 4 * HOUR } })).toBe(
      'checkout was killed for memory at 97 % of 512 MiB at 11:50 UTC: it had grown 380 MiB since 08:00 UTC.',
    );
    const unit = { kind: 'http', name: 'GET /export' } as const;
    expect(say({ before: { kind: 'unit', unit, bytes: 300.4 * MIB, durationMs: 1530 }, isLeak: false })).toBe(
      'checkout was killed for memory at 97 % of 512 MiB at 11:50 UTC: one `GET /export` took 300 MiB in 1.53 s. This is not a leak.',
    );
  });
  it('says what was in flight, and what its last heap had more than a flat one', () => {
    const line = { name: 'keep', file: 'store.go', line: 17, calledFrom: null, owner: 'own' as const };
    const postMortem: PostMortem = {
      ...{ instance: 'a', version: '1', at: NOON - 10 * MIN, cause: 'oom', lastBytes: 1, shareOfLimit: 0.97 },
      ...{ lifeMs: HOUR, growth: null, unitsServed: 9, inFlight: 14, lastWork: [] },
      heap: {
        ...{ at: NOON - 12 * MIN, baselineAt: NOON - HOUR, grewBytes: 180 * MIB },
        lines: [{ ...line, bytes: 200 * MIB, grewBytes: 170 * MIB }],
      },
    };
    expect(say({ postMortem })).toBe(
      'checkout was killed for memory at 97 % of 512 MiB at 11:50 UTC. 14 requests were in flight. Its last heap profile has 180 MiB more than the flat one, most of it allocated at keep (store.go:17).',
    );
  });
  it('counts deaths and instances', () => {
    expect(say({ deaths: 4, instances: { affected: 2, all: 12 } })).toBe(
      'checkout was killed for memory at 97 % of 512 MiB 4 times on 2 of 12 instances, last at 11:50 UTC.',
    );
  });
  it('claims no cause that nobody told', () => {
    const near = killedWording({ ...killed, cause: 'near-limit', limitBytes: null });
    expect(plain(near.summary)).toBe('checkout ended at 97 % of its limit at 11:50 UTC.');
    expect(near.title).toBe('checkout: ended at its memory limit');
    expect(say({ shareOfLimit: null, limitBytes: null })).toBe(
      'checkout was killed for memory at 11:50 UTC.',
    );
    expect(say({ shareOfLimit: null, limitBytes: 100 * KIB })).toContain('at its limit of 100 KiB at 11:50');
  });
});
