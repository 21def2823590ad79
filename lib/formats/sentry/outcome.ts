import type { Attributes } from '../work/attributes.ts';
import { httpStatus } from '../work/work-units.ts';

const SERVER_ERROR = 500;
/** Statuses that are no failure, https://develop.sentry.dev/sdk/telemetry/traces/: '' is one that was not told. */
const FINE = new Set(['', 'ok', 'unset', 'cancelled', 'unknown']);

/**
 * Whether the work failed. Where HTTP's status is known it decides, as it does for OTLP: a 404 is the caller's mistake,
 * though Sentry counts its status `not_found` (and `error` of a streamed span) as a failure.
 */
export function outcome(status: string, attributes: Attributes): { failed: boolean; status: string } {
  const code = httpStatus(attributes);
  if (code !== undefined) return { failed: code >= SERVER_ERROR, status: `${Math.floor(code / 100)}xx` };
  const failed = !FINE.has(status);
  return { failed, status: failed ? 'error' : 'ok' };
}
