import * as z from 'zod';
import { Fault } from '../model/fault.ts';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../model/units.ts';

const Moment = z.string().max(40).optional().meta({ description: 'RFC 3339, or epoch milliseconds' });
export const RangeQuery = z.object({ from: Moment, to: Moment });

const DEFAULT_RANGE_MS = DAY_MS;
/** Counters begin before their first point: what a process did until its first export belongs to the range. */
const BEFORE_FIRST_MS = MINUTE_MS;
/** Ten-minute partitions of a longer range would be read one by one: roll-ups are for that. */
const RANGE_MAX_MS = 31 * DAY_MS;

/**
 * Without `to` until now; without `from` the day before `to`, or since `firstData` when that is later: rates of a young
 * service are not spread over hours in which it was not there. @throws Fault('invalid-input')
 */
export function readRange(
  query: z.infer<typeof RangeQuery>,
  now: EpochMs,
  firstData = 0,
): { from: EpochMs; to: EpochMs } {
  const to = moment('to', query.to) ?? now;
  const day = to - DEFAULT_RANGE_MS;
  const from =
    moment('from', query.from) ?? (firstData < to ? Math.max(day, firstData - BEFORE_FIRST_MS) : day);
  if (from >= to) throw new Fault('invalid-input', 'Cannot read range: "from" must be before "to"');
  if (to - from > RANGE_MAX_MS)
    throw new Fault('invalid-input', 'Cannot read range: at most 31 days at once');
  return { from, to };
}

function moment(name: string, text: string | undefined): EpochMs | undefined {
  if (text === undefined || text === '') return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time)) {
    throw new Fault(
      'invalid-input',
      `Cannot read "${name}": got "${text}", need RFC 3339 or epoch milliseconds`,
    );
  }
  return time;
}
