import { describe, expect, it } from 'vitest';
import { dismiss, snooze } from '../../lib/findings/decisions.ts';
import { type FindingRecord, observe } from '../../lib/findings/life-cycle.ts';
import { claimNotice, noticeDueAt, noticeFailed, noticeSent } from '../../lib/findings/notices.ts';
import { firing, HOUR, NOON, present, seenAt, suspect } from './examples.ts';

const LEASE = 60_000;
const fresh = () => present(observe(undefined, firing, NOON));
const told = (record: FindingRecord, now: number) => {
  const held = claimNotice(record, now, LEASE);
  if (!held) throw new Error('nothing is due');
  return noticeSent(held.record, held.claim, now + 1000);
};
const later = (record: FindingRecord, ...args: [...Parameters<typeof seenAt>]) =>
  present(observe(record, seenAt(...args), args[0]));

describe('observe', () => {
  it('opens a finding at its first firing, with a message due', () => {
    expect(fresh()).toMatchObject({
      state: 'firing',
      since: firing.since,
      updatedAt: NOON,
      resolvedAt: null,
    });
    expect(fresh().notice).toMatchObject({ firing: { due: true, attempts: 0 }, resolved: null });
    for (const state of ['clear', 'unknown'] as const) {
      expect(observe(undefined, seenAt(NOON, state), NOON)).toBeUndefined();
    }
  });
  it('gives back the same object for the same observation', () => {
    const record = told(fresh(), NOON);
    expect(observe(record, firing, NOON + HOUR)).toBe(record);
    const resolved = later(record, NOON + HOUR, 'clear');
    expect(observe(resolved, seenAt(NOON + HOUR, 'clear'), NOON + 2 * HOUR)).toBe(resolved);
  });
  it('takes in sharper evidence without another message', () => {
    const next = later(told(fresh(), NOON), NOON + HOUR, 'firing', { onsetAt: NOON - HOUR });
    expect(next).toMatchObject({ since: NOON - HOUR, updatedAt: NOON + HOUR, state: 'firing' });
    expect(next.notice.firing.due).toBe(false);
  });
  it('unknown changes nothing in any state', () => {
    const record = told(fresh(), NOON);
    const resolved = later(record, NOON + HOUR, 'clear');
    for (const one of [
      fresh(),
      record,
      resolved,
      dismiss(record, 'known', NOON),
      snooze(record, NOON + 9 * HOUR, NOON),
    ]) {
      expect(observe(one, seenAt(NOON + 2 * HOUR, 'unknown'), NOON + 2 * HOUR)).toBe(one);
    }
  });
  it('leaves aside what speaks of an older window than it knows', () => {
    const resolved = later(told(fresh(), NOON), NOON + HOUR, 'clear');
    expect(observe(resolved, seenAt(NOON + HOUR / 2), NOON + 2 * HOUR)).toBe(resolved);
  });
  it('resolves with one message, and keeps what the growth was about', () => {
    const resolved = later(told(fresh(), NOON), NOON + HOUR, 'clear', { suspects: [] });
    expect(resolved).toMatchObject({ state: 'resolved', resolvedAt: NOON + HOUR, suspects: firing.suspects });
    expect(resolved.notice).toMatchObject({ firing: { due: false }, resolved: { due: true } });
    const quiet = told(resolved, NOON + HOUR);
    expect(claimNotice(quiet, NOON + 99 * HOUR, LEASE)).toBeUndefined();
  });
  it('says nothing of the end when nobody was told of the beginning', () => {
    const resolved = later(fresh(), NOON + HOUR, 'clear');
    expect(resolved.notice.resolved).toBeNull();
    expect(claimNotice(resolved, NOON + HOUR, LEASE)).toBeUndefined();
  });
  it('says it when somebody may have been told', () => {
    const held = claimNotice(fresh(), NOON, LEASE);
    const failure = { retryAt: NOON + HOUR, reason: 'No answer', delivered: [] };
    const failed = noticeFailed(held!.record, held!.claim, failure);
    expect(later(failed, NOON + 2000, 'clear').notice.resolved?.due).toBe(true);
  });
  it('fires again after it was resolved, with a message of its own', () => {
    let record = fresh();
    for (let cycle = 0; cycle < 3; cycle += 1) {
      const start = NOON + cycle * 10 * HOUR;
      record = told(later(record, start), start);
      record = told(later(record, start + HOUR, 'clear'), start + HOUR);
      record = later(record, start + 2 * HOUR, 'firing', { onsetAt: start + 2 * HOUR });
      expect(record).toMatchObject({ state: 'firing', since: start + 2 * HOUR, resolvedAt: null });
      expect(record.notice).toMatchObject({ firing: { due: true, sentAt: null }, resolved: null });
    }
    expect(record.notice.serial).toBe(7);
  });
  it('repeats the message after four hours if it would name others, and only then', () => {
    const record = told(fresh(), NOON);
    const others = { suspects: [suspect('GET /other'), suspect('GET /orders')] };
    expect(later(record, NOON + 3 * HOUR, 'firing', others).notice.firing.due).toBe(false);
    expect(later(record, NOON + 5 * HOUR).notice.firing.due).toBe(false);
    const lesser = { suspects: [...firing.suspects, suspect('GET /lesser')] };
    expect(later(record, NOON + 5 * HOUR, 'firing', lesser).notice.firing.due).toBe(false);
    const again = later(later(record, NOON + 3 * HOUR, 'firing', others), NOON + 5 * HOUR, 'firing', others);
    expect(again.notice.firing.due).toBe(true);
    const quiet = told(again, NOON + 5 * HOUR);
    expect(later(quiet, NOON + 20 * HOUR, 'firing', others).notice.firing.due).toBe(false);
  });
});

describe('snooze', () => {
  it('holds back the message, ends by itself, and tells again what was told', () => {
    const record = snooze(told(fresh(), NOON), NOON + 8 * HOUR, NOON + HOUR);
    expect(later(record, NOON + 7 * HOUR)).toMatchObject({ state: 'snoozed', updatedAt: NOON + 7 * HOUR });
    const ended = later(record, NOON + 8 * HOUR);
    expect(ended).toMatchObject({ state: 'firing', snoozedUntil: null, notice: { firing: { due: true } } });
  });
  it('keeps a message that was not sent yet, and no second one', () => {
    const record = snooze(fresh(), NOON + 8 * HOUR, NOON + HOUR);
    expect(claimNotice(record, NOON + 2 * HOUR, LEASE)).toBeUndefined();
    expect(noticeDueAt(record)).toBeUndefined();
    const ended = later(record, NOON + 8 * HOUR);
    expect(ended.notice).toMatchObject({ serial: 1, firing: { due: true } });
  });
  it('a snoozed finding that clears is resolved, and says so', () => {
    const record = snooze(told(fresh(), NOON), NOON + 8 * HOUR, NOON + HOUR);
    expect(later(record, NOON + 2 * HOUR, 'clear')).toMatchObject({
      state: 'resolved',
      snoozedUntil: null,
      notice: { resolved: { due: true } },
    });
  });
  it('one that ended and clears at the same observation sends the end alone', () => {
    const record = snooze(told(fresh(), NOON), NOON + 2 * HOUR, NOON + HOUR);
    expect(later(record, NOON + 3 * HOUR, 'clear').notice).toMatchObject({
      firing: { due: false },
      resolved: { due: true },
    });
  });
  it.each([NOON, NOON - 1, NOON + 93 * 24 * HOUR, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses the end %d',
    (until) => {
      expect(() => snooze(fresh(), until, NOON)).toThrow('the end must lie in the future, within 92 days');
    },
  );
  it('refuses a finding that is closed', () => {
    expect(() => snooze(dismiss(fresh(), 'known', NOON), NOON + HOUR, NOON)).toThrow('that is dismissed');
  });
});

describe('dismiss', () => {
  const dismissed = () => dismiss(fresh(), 'a cache that fills', NOON + HOUR);
  it('drops the message, and stays through the same growth and its end', () => {
    const record = dismissed();
    expect(claimNotice(record, NOON + 2 * HOUR, LEASE)).toBeUndefined();
    expect(later(record, NOON + 5 * HOUR)).toMatchObject({ state: 'dismissed', updatedAt: NOON + 5 * HOUR });
    expect(later(record, NOON + 5 * HOUR, 'clear')).toBe(record);
  });
  it('an onset that moved within its interval is the same growth', () => {
    expect(later(dismissed(), NOON + 5 * HOUR, 'firing', { onsetAt: NOON - 1.9 * HOUR }).state).toBe(
      'dismissed',
    );
  });
  it('a later onset reopens it', () => {
    const again = later(dismissed(), NOON + 5 * HOUR, 'firing', { onsetAt: NOON + 4 * HOUR });
    expect(again).toMatchObject({
      state: 'firing',
      dismissed: null,
      notice: { firing: { due: true, serial: 2 } },
    });
  });
});

describe('notices', () => {
  it('of two claims one gets the message, until the lease ends', () => {
    const held = claimNotice(fresh(), NOON, LEASE)!;
    expect(held.claim).toMatchObject({ which: 'firing', serial: 1, attempt: 1 });
    expect(claimNotice(held.record, NOON + LEASE - 1, LEASE)).toBeUndefined();
    expect(noticeDueAt(held.record)).toBe(NOON + LEASE);
    expect(claimNotice(held.record, NOON + LEASE, LEASE)?.claim).toMatchObject({ attempt: 2 });
  });
  it('a failure is tried again when it says, to those who have it not yet', () => {
    const held = claimNotice(fresh(), NOON, LEASE)!;
    const failure = { retryAt: NOON + 30_000, reason: 'The target answered 500', delivered: ['webhook'] };
    const failed = noticeFailed(held.record, held.claim, failure);
    expect(failed.notice.firing).toMatchObject({ due: true, lastError: 'The target answered 500' });
    expect(claimNotice(failed, NOON + 29_999, LEASE)).toBeUndefined();
    expect(claimNotice(failed, NOON + 30_000, LEASE)?.claim.delivered).toEqual(['webhook']);
  });
  it('a final failure is given up, and its reason kept', () => {
    const held = claimNotice(fresh(), NOON, LEASE)!;
    const failure = { retryAt: null, reason: 'The target answered 404: no_service', delivered: [] };
    const failed = noticeFailed(held.record, held.claim, failure);
    expect(failed.notice.firing).toMatchObject({ due: false, sentAt: null, lastError: failure.reason });
    expect(claimNotice(failed, NOON + HOUR, LEASE)).toBeUndefined();
  });
  it('a late answer of an earlier try counts when it was sent, not when it failed', () => {
    const first = claimNotice(fresh(), NOON, LEASE)!;
    const second = claimNotice(first.record, NOON + LEASE, LEASE)!;
    const failure = { retryAt: null, reason: 'late', delivered: [] };
    expect(noticeFailed(second.record, first.claim, failure).notice.firing.due).toBe(true);
    expect(noticeSent(second.record, first.claim, NOON + LEASE + 1).notice.firing.due).toBe(false);
  });
  it('a late answer about an earlier episode does not swallow the message of this one', () => {
    const held = claimNotice(fresh(), NOON, LEASE)!;
    const resolved = later(held.record, NOON + HOUR, 'clear');
    const again = later(resolved, NOON + 2 * HOUR, 'firing', { onsetAt: NOON + 2 * HOUR });
    expect(noticeSent(again, held.claim, NOON + 3 * HOUR)).toBe(again);
  });
});
