import { asOf } from '../findings/as-of.ts';
import { awake, type FindingRecord } from '../findings/life-cycle.ts';
import { claimNotice, type NoticeClaim, noticeFailed, noticeSent } from '../findings/notices.ts';
import { MINUTE_MS, SECOND_MS } from '../model/units.ts';
import type { DeliveryOutcome, Notice, Notifier } from '../ports/notifier.ts';
import { listProjects } from '../records/api-keys.ts';
import { readScan } from '../records/scans.ts';
import type { JobContext } from './context.ts';
import { noticeOf } from './notice-text.ts';

/** How long one try may hold a notice: longer than any target takes to answer. */
const LEASE_MS = 2 * MINUTE_MS;
/** At most one message a second per target. */
const PACE_MS = SECOND_MS;
const RETRY_MAX_MS = 10 * MINUTE_MS;

/**
 * Sends what findings owe. A notice is claimed before it is sent and settled after: a process that dies in between leaves
 * a lease that ends, so that a message may come twice but is never lost.
 */
export async function deliverDue(
  context: JobContext,
  notifiers: readonly Notifier[],
  onError: (error: unknown, where: string) => void,
): Promise<number> {
  if (notifiers.length === 0) return 0;
  let sent = 0;
  for (const { name: project } of await listProjects(context.records)) {
    for (const { id } of await context.findings.list(project)) {
      try {
        if (await deliverOne(context, notifiers, project, id)) sent += 1;
      } catch (error) {
        onError(error, `notice of ${id}`);
      }
    }
  }
  return sent;
}

async function deliverOne(
  context: JobContext,
  notifiers: readonly Notifier[],
  project: string,
  id: string,
): Promise<boolean> {
  const now = context.clock.now();
  let claim: NoticeClaim | undefined;
  const claimed = await context.findings.change(project, id, (record) => {
    claim = undefined;
    if (record === undefined) return undefined;
    const woken = awake(record, now);
    const taken = claimNotice(woken, now, LEASE_MS);
    claim = taken?.claim;
    return taken?.record ?? (woken === record ? undefined : woken);
  });
  if (claim === undefined || claimed === undefined) return false;
  const held: NoticeClaim = claim;
  const spark = await sparkOf(context, claimed);
  const notice = noticeOf(asOf(claimed, now), held.which, context.settings.publicUrl, spark);
  const result = await sendToAll(notifiers, notice, held);
  await context.findings.change(
    project,
    id,
    (record) => record && settle(record, held, result, context.clock.now()),
  );
  return result.retryAfterMs === undefined;
}

interface SendResult {
  readonly delivered: readonly string[];
  readonly reason: string | undefined;
  /** Undefined: no target asks for another try. */
  readonly retryAfterMs: number | undefined;
}

async function sendToAll(
  notifiers: readonly Notifier[],
  notice: Notice,
  claim: NoticeClaim,
): Promise<SendResult> {
  const delivered = [...claim.delivered];
  const reasons: string[] = [];
  const waits: number[] = [];
  for (const notifier of notifiers.filter(({ name }) => !claim.delivered.includes(name))) {
    const outcome = await paced(notifier, notice);
    if (outcome.outcome === 'sent') delivered.push(notifier.name);
    else reasons.push(`${notifier.name}: ${outcome.reason}`);
    if (outcome.outcome === 'retry') waits.push(Math.max(outcome.afterMs, backoff(claim.attempt)));
  }
  return {
    delivered,
    reason: reasons.length === 0 ? undefined : reasons.join('; '),
    retryAfterMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

const backoff = (attempt: number) => Math.min(RETRY_MAX_MS, SECOND_MS * 2 ** Math.min(attempt - 1, 12));

function settle(record: FindingRecord, claim: NoticeClaim, result: SendResult, now: number): FindingRecord {
  if (result.reason === undefined) return noticeSent(record, claim, now);
  const retryAt = result.retryAfterMs === undefined ? null : now + result.retryAfterMs;
  return noticeFailed(record, claim, { retryAt, reason: result.reason, delivered: result.delivered });
}

const lastSentAt = new WeakMap<Notifier, number>();

async function paced(notifier: Notifier, notice: Notice): Promise<DeliveryOutcome> {
  const wait = (lastSentAt.get(notifier) ?? Number.NEGATIVE_INFINITY) + PACE_MS - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  try {
    return await notifier.send(notice);
  } finally {
    lastSentAt.set(notifier, performance.now());
  }
}

async function sparkOf({ records }: JobContext, { project, service, evidence }: FindingRecord) {
  if (evidence.role === null) return [];
  const scan = await readScan(records, project, service, evidence.role, evidence.version);
  return (scan?.floor ?? []).map(([, value]) => value);
}
