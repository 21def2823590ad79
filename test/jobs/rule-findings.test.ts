// When a rule speaks: at once where people set it, after the analysis where they did not.
import { describe, expect, it } from 'vitest';
import { type FindingRecord, observe } from '../../lib/findings/life-cycle.ts';
import { observeRules, type RuleScene, toldByRule } from '../../lib/jobs/rule-findings.ts';
import { type RuleStatus, rulesWith } from '../../lib/jobs/rules.ts';
import type { RuleOverride } from '../../lib/records/settings.ts';
import { checkout, HOUR, firing as leak, NOON, present } from '../findings/examples.ts';

const scene = (now: number, more: Partial<RuleScene> = {}): RuleScene => ({
  ...{ project: 'p', service: checkout, now, from: now - 3 * HOUR, instances: 12 },
  ...{ named: new Set(), calm: new Map(), ...more },
});

/** The usual rules, of which one has fired on instances `a` and `b` since noon. */
const fires = (alert: string, value: number, overrides: Record<string, RuleOverride> = {}): RuleStatus[] =>
  rulesWith(overrides).map((status) => ({
    ...status,
    alerts:
      status.rule.alert === alert
        ? ['a', 'b'].map((instance) => ({
            ...{ labels: { instance }, state: 'firing', value },
            ...{ activeAt: NOON, firedAt: NOON + HOUR / 2, keepFiringSince: undefined },
          }))
        : [],
  }));

/** Whether each observation of a rule would be told, by the hour after noon. */
const toldAfter = (hours: number, statuses: RuleStatus[], more: Partial<RuleScene> = {}) =>
  observeRules(scene(NOON + hours * HOUR, more), statuses)
    .filter(({ state }) => state === 'firing')
    .map(({ isSilent }) => isSilent !== true);

/** What rule HeapGrowth says while it fires on `a` and `b`. */
const heapGrowthAt = (now: number) => observeRules(scene(now), fires('HeapGrowth', 20_000))[0]!;

describe('a rule that nobody set', () => {
  it.each(['HeapGrowth', 'MemoryNearLimit', 'GoroutineLeak'])(
    '%s leaves the first word to the analysis',
    (alert) => {
      expect([toldAfter(1, fires(alert, 0.9)), toldAfter(3.9, fires(alert, 0.9))]).toEqual([
        [false],
        [false],
      ]);
      expect(toldAfter(4, fires(alert, 0.9))).toEqual([true]);
    },
  );
  it.each([
    ['HeapGrowth', 'heap_after_gc'],
    ['HeapGrowth', 'heap_used'],
    ['MemoryNearLimit', 'rss'],
    ['GoroutineLeak', 'goroutine_count'],
  ])('%s says nothing of what the analysis knows to be calm: %s', (alert, role) => {
    expect(toldAfter(40, fires(alert, 0.9), { calm: new Map([[role, true]]) })).toEqual([false]);
    expect(toldAfter(40, fires(alert, 0.9), { calm: new Map([['external', true]]) })).toEqual([true]);
  });
  it('speaks at once when hardly anything is left', () => {
    expect(toldAfter(1, fires('MemoryNearLimit', 0.95), { calm: new Map([['rss', true]]) })).toEqual([true]);
    expect(toldAfter(1, fires('HeapGrowth', 20_000))).toEqual([false]);
  });
  it('is told once it waits no more', () => {
    const early = heapGrowthAt(NOON + HOUR);
    const late = heapGrowthAt(NOON + 5 * HOUR);
    const shown = present(observe(undefined, early, NOON + HOUR));
    expect(shown).toMatchObject({ state: 'firing', notice: { firing: { due: false } } });
    const told = present(observe(shown, late, NOON + 5 * HOUR));
    expect(told.notice.firing).toMatchObject({ due: true, sentAt: null });
  });
});

it.each([{ threshold: 10_000 }, { forMs: 60_000 }])(
  'a rule that people set speaks at once: %o',
  (override) => {
    const statuses = fires('HeapGrowth', 20_000, { HeapGrowth: override });
    expect(toldAfter(1, statuses, { calm: new Map([['heap_used', true]]) })).toEqual([true]);
  },
);

describe('the message of a rule stands for the finding that comes after it', () => {
  const sentAt = NOON - HOUR;
  const rule = (more: Partial<FindingRecord> = {}): FindingRecord => {
    const seen = heapGrowthAt(NOON);
    const record = present(observe(undefined, seen, NOON));
    return { ...record, notice: { ...record.notice, firing: { ...record.notice.firing, sentAt } }, ...more };
  };
  it('about the same instances, since the growth began', () => {
    expect(toldByRule([rule()], leak)).toBe(sentAt);
    expect(toldByRule([rule({ state: 'resolved' })], leak)).toBeNull();
    const ofOne = { ...leak, evidence: { ...leak.evidence, instances: ['a', 'b', 'c'] } };
    expect(toldByRule([rule()], ofOne)).toBeNull();
    const later = { t: NOON, low: sentAt + 1, high: NOON };
    expect(toldByRule([rule()], { ...leak, evidence: { ...leak.evidence, onset: later } })).toBeNull();
  });
  it('of the same measure', () => {
    const handles = { ...leak, evidence: { ...leak.evidence, role: 'fd_count' as const } };
    expect(toldByRule([rule()], handles)).toBeNull();
  });
  it('so that none is sent for it, until it names somebody and four hours have passed', () => {
    const opened = present(observe(undefined, { ...leak, toldAt: sentAt }, NOON));
    expect(opened.notice).toMatchObject({ firing: { due: false, sentAt } });
    const seen = (hours: number, suspects = leak.suspects) => {
      const at = sentAt + hours * HOUR;
      return observe(opened, { ...leak, suspects, evidence: { ...leak.evidence, to: at } }, at);
    };
    expect(seen(3.9)?.notice.firing.due).toBe(false);
    expect(seen(9, [])?.notice.firing.due).toBe(false);
    expect(seen(4)?.notice.firing.due).toBe(true);
  });
});
