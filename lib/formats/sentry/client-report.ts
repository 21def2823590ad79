import { isObject, type JsonObject, listAt, numberAt, textAt } from './json.ts';
import { MAX_NAME_LENGTH } from './limits.ts';
import type { Drop } from './transaction.ts';

/**
 * What the SDK threw away before it reached us, by its own count: `{"discarded_events":[{reason, category, quantity}]}`,
 * https://develop.sentry.dev/sdk/telemetry/client-reports/
 */
export function readClientReport(report: JsonObject, drop: Drop): void {
  for (const key of [
    'discarded_events',
    'rate_limited_events',
    'filtered_events',
    'filtered_sampling_events',
  ]) {
    for (const item of listAt(report, key)) {
      if (!isObject(item)) continue;
      const quantity = numberAt(item, 'quantity') ?? 0;
      if (!Number.isSafeInteger(quantity) || quantity <= 0) continue;
      const reason = textAt(item, 'reason', MAX_NAME_LENGTH) || 'no reason';
      const category = textAt(item, 'category', MAX_NAME_LENGTH) || 'items';
      drop(`left out by the SDK (${reason}): ${category}`, quantity);
    }
  }
}
