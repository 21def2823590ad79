import { asOf } from '../../findings/as-of.ts';
import { dismiss, snooze } from '../../findings/decisions.ts';
import { awake, type FindingRecord } from '../../findings/life-cycle.ts';
import { Fault } from '../../model/fault.ts';
import type { ServiceName } from '../../model/service.ts';
import { SECOND_MS } from '../../model/units.ts';
import type { JobContext } from '../context.ts';

export interface FindingsFilter {
  readonly state?: 'open' | FindingRecord['state'] | undefined;
  readonly service?: ServiceName | undefined;
  readonly kind?: FindingRecord['kind'] | undefined;
}

/** Findings that pass the filter: firing ones first, and of those the ones that do harm soonest. */
export async function findingsAnswer(
  context: JobContext,
  project: string,
  filter: FindingsFilter,
  notify: boolean,
) {
  const now = context.clock.now();
  return (await context.findings.list(project))
    .map((record) => asOf(awake(record, now), now))
    .filter(
      ({ state }) =>
        filter.state === undefined || (filter.state === 'open' ? isOpen(state) : filter.state === state),
    )
    .filter(({ service }) => filter.service === undefined || filter.service === service)
    .filter(({ kind }) => filter.kind === undefined || filter.kind === kind)
    .sort(byUrgency)
    .map((record) => answerOf(record, notify));
}

const isOpen = (state: FindingRecord['state']) => state === 'firing' || state === 'snoozed';
const STATES: readonly FindingRecord['state'][] = ['firing', 'snoozed', 'resolved', 'dismissed'];

function byUrgency(a: FindingRecord, b: FindingRecord): number {
  const killed = (record: FindingRecord) => (record.kind === 'killed' ? 0 : 1);
  const harm = ({ evidence: { to, timeToLimitS } }: FindingRecord) =>
    timeToLimitS === null ? Number.POSITIVE_INFINITY : to + timeToLimitS.value * SECOND_MS;
  const difference = harm(a) - harm(b);
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    killed(a) - killed(b) ||
    (Number.isNaN(difference) ? 0 : difference) ||
    b.since - a.since
  );
}

export async function findingAnswer(context: JobContext, project: string, id: string, notify: boolean) {
  const record = await context.findings.get(project, id);
  if (record === undefined) throw new Fault('not-found', `Cannot find finding "${id.slice(0, 80)}"`);
  const now = context.clock.now();
  return answerOf(asOf(awake(record, now), now), notify);
}

export type FindingChange =
  | { readonly do: 'snooze'; readonly until: number }
  | { readonly do: 'dismiss'; readonly reason: string };

/** What people decide. @throws Fault('not-found' | 'conflict' | 'invalid-input') */
export async function changeFinding(
  context: JobContext,
  project: string,
  id: string,
  change: FindingChange,
  notify: boolean,
) {
  const now = context.clock.now();
  const changed = await context.findings.change(project, id, (before) => {
    if (before === undefined) return undefined;
    const record = awake(before, now);
    return change.do === 'snooze' ? snooze(record, change.until, now) : dismiss(record, change.reason, now);
  });
  if (changed === undefined) throw new Fault('not-found', `Cannot find finding "${id.slice(0, 80)}"`);
  return answerOf(asOf(changed, now), notify);
}

/** As the API shows it: without what only the life cycle needs. */
function answerOf(record: FindingRecord, notify: boolean) {
  const { notice, observedTo: _, dismissedOnset: __, project: ___, ...finding } = record;
  const { firing, resolved } = notice;
  const stateOf = (owed: typeof firing) =>
    owed.sentAt !== null ? 'sent' : notify && owed.due ? 'due' : 'off';
  return {
    ...finding,
    notice: {
      firing: stateOf(firing),
      resolved: resolved === null ? ('none' as const) : stateOf(resolved),
      lastError: resolved?.lastError ?? firing.lastError,
    },
  };
}
