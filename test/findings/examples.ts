import type { FindingRecord, Observation } from '../../lib/findings/life-cycle.ts';
import type { Evidence } from '../../lib/model/finding.ts';
import type { Suspect } from '../../lib/model/leak.ts';
import { serviceName } from '../../lib/model/service.ts';

export const NOON = Date.UTC(2026, 10, 14, 12);
export const HOUR = 3_600_000;
export const checkout = serviceName({ name: 'checkout' });

export const suspect = (...names: string[]): Suspect => ({
  units: names.map((name) => ({ kind: 'http', name })),
  cause: 'unit',
  bytesPerUnit: { value: 812, low: 772, high: 852 },
  weight: 0.97,
  unitsSinceOnset: 120_000,
});

const evidence: Evidence = {
  analyzer: 'leaks@1',
  role: 'heap_used',
  version: '1.4.2',
  instances: ['a', 'b'],
  from: NOON - 24 * HOUR,
  to: NOON,
  onset: { t: NOON - 2 * HOUR, low: NOON - 2.2 * HOUR, high: NOON - 1.8 * HOUR },
  slopeBytesPerHour: null,
  timeToLimitS: null,
  limitBytes: null,
  floor: null,
  lows: 40,
  confidence: 0.98,
  reason: '',
  cleared: [],
  deploys: [],
};

export const firing: Observation = {
  state: 'firing',
  id: 'leak-1',
  kind: 'leak',
  project: 'p',
  service: checkout,
  since: NOON - 2 * HOUR,
  title: 'checkout: GET /orders keeps memory',
  summary: 'Since 10:00 every `GET /orders` keeps 812 ± 40 B on the heap.',
  sentence: [],
  suspects: [suspect('GET /orders')],
  evidence,
};

/** The observation of a scan whose window ends at `to`, with an onset of its own if asked. */
export const seenAt = (
  to: number,
  state: Observation['state'] = 'firing',
  { suspects = firing.suspects, onsetAt }: { suspects?: readonly Suspect[]; onsetAt?: number } = {},
): Observation => ({
  ...firing,
  state,
  suspects,
  since: onsetAt ?? firing.since,
  evidence: {
    ...evidence,
    to,
    onset:
      onsetAt === undefined ? evidence.onset : { t: onsetAt, low: onsetAt - 60_000, high: onsetAt + 60_000 },
  },
});

export function present(record: FindingRecord | undefined): FindingRecord {
  if (!record) throw new Error('there is no finding');
  return record;
}
