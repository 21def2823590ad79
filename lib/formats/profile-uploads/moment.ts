import { invalidInput } from '../../model/fault.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/units.ts';

const STEP_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

/**
 * A time as senders of profiles write it: Unix seconds, ms, µs or ns (told apart by their size), RFC 3339, and as Pyroscope
 * has it a day (`20261122`), `now` or `now-15m`. Undefined when there is none.
 *
 * @throws Fault('invalid-input') for other words
 */
export function readMoment(name: string, text: string | null, now: EpochMs): EpochMs | undefined {
  if (text === null || text === '') return undefined;
  if (/^(?!\d{8}$)\d{1,20}(\.\d+)?$/.test(text)) return msOf(Number(text));
  const relative = /^now(?:-(\d{1,9})([smhd]))?$/.exec(text);
  if (relative !== null) return now - Number(relative[1] ?? 0) * (STEP_MS[relative[2] ?? 's'] ?? 0);
  const time = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
  if (!Number.isNaN(time)) return time;
  throw invalidInput(
    `Cannot read "${name}": got "${text.slice(0, 40)}", need Unix time, RFC 3339 or now-15m`,
  );
}

/** Whole units since 1970: of seconds until the year 5138, of milliseconds from 1973 on, and so forth. */
function msOf(value: number): EpochMs {
  if (value < 1e11) return value * SECOND_MS;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1e3 : value / 1e6;
}
