import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dismiss, snooze } from '../../lib/findings/decisions.ts';
import { type FindingRecord, observe } from '../../lib/findings/life-cycle.ts';
import { claimNotice, type NoticeClaim, noticeFailed, noticeSent } from '../../lib/findings/notices.ts';
import { HOUR, NOON, seenAt, suspect } from './examples.ts';

const step = fc.oneof(
  fc.record({
    do: fc.constant('observe' as const),
    state: fc.constantFrom('firing' as const, 'clear' as const, 'unknown' as const),
    suspects: fc.constantFrom([suspect('a')], [suspect('b')], [suspect('a', 'b')], []),
    lag: fc.nat(3 * HOUR),
    onset: fc.option(fc.nat(20 * HOUR), { nil: undefined }),
  }),
  fc.record({ do: fc.constantFrom('claim' as const, 'sent' as const, 'failed' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constantFrom('snooze' as const, 'dismiss' as const), which: fc.nat(5) }),
);

function consistent(record: FindingRecord): void {
  const { state, notice } = record;
  expect(record.resolvedAt !== null).toBe(state === 'resolved');
  expect(record.snoozedUntil !== null).toBe(state === 'snoozed');
  expect(record.dismissed !== null).toBe(state === 'dismissed');
  expect(record.dismissedOnset !== null).toBe(state === 'dismissed');
  // Never two messages at once, and each of the state that it speaks of.
  if (notice.firing.due) expect(['firing', 'snoozed']).toContain(state);
  if (notice.resolved?.due) expect(state).toBe('resolved');
  expect(notice.serial).toBeGreaterThanOrEqual(Math.max(notice.firing.serial, notice.resolved?.serial ?? 0));
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
}

it('whatever happens, a finding is consistent, owes one message at most, and replays change nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(6 * HOUR)), { maxLength: 60 }), (steps) => {
      let now = NOON;
      let record: FindingRecord | undefined;
      const claims: NoticeClaim[] = [];
      const sent: { which: string; serial: number }[] = [];
      for (const [one, pauseMs] of steps) {
        now += pauseMs;
        const before: FindingRecord | undefined = record;
        if (one.do === 'observe') {
          const onset = one.onset === undefined ? {} : { onsetAt: now - one.onset };
          const seen = seenAt(now - one.lag, one.state, { suspects: one.suspects, ...onset });
          record = observe(before, seen, now);
          const wakes = before?.state === 'snoozed' && (before.snoozedUntil ?? 0) <= now;
          if (one.state === 'unknown' && !wakes) expect(record).toBe(before);
          expect(observe(record, seen, now)).toBe(record);
          // A finding does not vanish, and its serials never go back.
          if (before) expect(record?.notice.serial).toBeGreaterThanOrEqual(before.notice.serial);
        } else if (record && one.do === 'claim') {
          const held = claimNotice(record, now, HOUR);
          if (held) {
            claims.push(held.claim);
            record = held.record;
            expect(claimNotice(record, now + HOUR - 1, HOUR)).toBeUndefined();
          }
        } else if (record && (one.do === 'sent' || one.do === 'failed')) {
          const claim = claims.at(-1 - one.which);
          if (!claim) continue;
          const failure = { retryAt: one.which % 2 ? now + HOUR : null, reason: 'no', delivered: [] };
          record = one.do === 'sent' ? noticeSent(record, claim, now) : noticeFailed(record, claim, failure);
          if (one.do === 'sent' && record !== before) sent.push(claim);
        } else if (record && one.do === 'dismiss') record = dismiss(record, 'known', now);
        else if (record && one.do === 'snooze' && (record.state === 'firing' || record.state === 'snoozed')) {
          record = snooze(record, now + HOUR * (1 + one.which), now);
        }
        if (record) consistent(record);
      }
      // A firing finding that owes a message gets it out, at the latest when the lease has ended.
      if (record?.state === 'firing' && record.notice.firing.due) {
        expect(claimNotice(record, now + 2 * HOUR, HOUR)).toBeDefined();
      }
    }),
    { numRuns: 400 },
  );
});
