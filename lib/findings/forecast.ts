import type { SentencePart } from '../model/finding.ts';
import type { Interval } from '../model/leak.ts';
import { type Bytes, DAY_MS, type EpochMs, SECOND_MS } from '../model/units.ts';
import { number, service, text, time } from './sentence.ts';
import { clockIntervalText, dayText, dayWord } from './times.ts';
import { limitText, type Situation } from './wording.ts';

export interface Forecast extends Situation {
  /** Counted from `seenTo`, the last moment of the data. */
  readonly timeToLimitS: Interval | null;
  readonly seenTo: EpochMs;
  readonly limitBytes: Bytes | null;
}

// A forecast beyond this says more about the line than about the service.
const MAX_FORECAST_MS = 60 * DAY_MS;

/** At this rate checkout fills its 512 MiB limit today at about 21:10 UTC (20:20–22:00). */
export function forecast(facts: Forecast): SentencePart[] {
  const { timeToLimitS, limitBytes, seenTo, now, role } = facts;
  if (!timeToLimitS || limitBytes === null || !Number.isFinite(timeToLimitS.value)) return [];
  const at = (seconds: number) => seenTo + seconds * SECOND_MS;
  const moment = {
    t: at(timeToLimitS.value),
    low: Math.max(now, at(timeToLimitS.low)),
    high: at(timeToLimitS.high),
  };
  if (moment.t - now > MAX_FORECAST_MS) return [];
  const first = facts.instances.affected > 1 ? [text('the first instance of ')] : [];
  const its = [
    ...first,
    service(facts.service),
    text(' fills its '),
    number(limitText(limitBytes, role)),
    text(' '),
  ];
  if (moment.t <= now) {
    return [
      text(' At this rate '),
      ...first,
      service(facts.service),
      text(' is at its '),
      number(limitText(limitBytes, role)),
      text(' by now.'),
    ];
  }
  const isVague = !Number.isFinite(moment.high) || moment.high - moment.low > DAY_MS;
  const when = isVague
    ? [text('on about '), time(`${dayText(moment.t, now)}${dayInterval(moment, now)}`, moment.t)]
    : [text(`${dayWord(moment.t, now)} at about `), time(clockIntervalText(moment, now), moment.t)];
  return [text(' At this rate '), ...its, ...when, text('.')];
}

function dayInterval({ low, high }: { low: EpochMs; high: EpochMs }, now: EpochMs): string {
  if (!Number.isFinite(high) || high - now > 10 * MAX_FORECAST_MS) return ` (${dayText(low, now)} or later)`;
  return ` (${dayText(low, now)}–${dayText(high, now)})`;
}
