import { Fault } from '../model/fault.ts';

// Answers as Relay gives them: relay-server/src/utils/api.rs. SDKs read the status and the two rate-limit headers alone.

/** Seconds that an SDK stays away when we are overloaded. Without a header it would be sixty. */
const BACK_OFF_S = 10;

export const sentryAccepted = (eventId: string): Response =>
  Response.json(eventId === '' ? {} : { id: eventId });

/** Sentry's own statuses: 5xx would lose data without a word, because SDKs do not send again; 429 slows them down. */
export function sentryRefusal(error: unknown): Response {
  const fault = error instanceof Fault ? error : undefined;
  const status = fault === undefined ? 500 : STATUS[fault.code];
  const detail = fault?.message ?? 'Cannot take envelope: something went wrong here';
  const headers = new Headers();
  if (status === 429) {
    headers.set('retry-after', String(BACK_OFF_S));
    headers.set('x-sentry-rate-limits', `${BACK_OFF_S}::organization:overloaded`);
  }
  return Response.json({ detail, causes: causesOf(fault) }, { status, headers });
}

const STATUS: Readonly<Record<Fault['code'], number>> = {
  'invalid-input': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 403,
  conflict: 400,
  'too-large': 413,
  unsupported: 400,
  overloaded: 429,
  unavailable: 429,
};

function causesOf(fault: Fault | undefined): readonly string[] {
  const cause = fault?.cause;
  return cause instanceof Fault ? [cause.message] : [];
}
