import { expect, it } from 'vitest';
import { KEPT_BEYOND_PAST_DAYS, PARTITIONS_LIVE_MS, RECORDS_LIVE_MS } from '../../lib/model/lifetimes.ts';
import { DAY_MS } from '../../lib/model/units.ts';

it('uploads are turned away before their partition may expire, by a day for clocks, and raw objects have records', () => {
  expect(PARTITIONS_LIVE_MS + DAY_MS).toBeLessThanOrEqual(KEPT_BEYOND_PAST_DAYS * DAY_MS);
  expect(RECORDS_LIVE_MS).toBeGreaterThan(KEPT_BEYOND_PAST_DAYS * DAY_MS);
});
