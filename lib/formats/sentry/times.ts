import type { EpochUs } from '../../model/trace.ts';

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?\s?(Z|[+-]\d\d:?\d\d|[+-]\d\d)?$/i;
const US_PER_S = 1e6;
const US_PER_MS = 1e3;
/** The last time that a Date can hold. */
const LAST_US = 8.64e18;

/**
 * A time as SDKs write it: RFC 3339 text (Python, six digits), or seconds as a double or its text (JavaScript), which
 * is good for a quarter of a microsecond.
 *
 * @returns whole microseconds; undefined for what is no time after 1970
 */
export function timeUs(value: unknown): EpochUs | undefined {
  const us =
    typeof value === 'string'
      ? ofText(value.trim())
      : typeof value === 'number'
        ? value * US_PER_S
        : Number.NaN;
  return us > 0 && us < LAST_US ? Math.round(us) : undefined;
}

function ofText(text: string): number {
  const match = text.length > 60 ? null : ISO.exec(text);
  if (match === null) return /^\d{1,12}(\.\d{1,12})?$/.test(text) ? Number(text) * US_PER_S : Number.NaN;
  const [, day, time, fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.toUpperCase();
  return Date.parse(`${day}T${time}${offset}`) * US_PER_MS + Number(fraction.padEnd(6, '0').slice(0, 6));
}
