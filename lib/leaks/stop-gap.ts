import type { Interval, Suspect } from '../model/leak.ts';

/** How long a process may run, in requests and in time, until somebody has fixed it. */
export interface StopGap {
  /** For `--max-requests`: finished units of all kinds. Null when no unit is named, or its bytes are not known. */
  readonly maxRequests: Interval | null;
  readonly restartS: Interval | null;
}

/** A process is recycled before it has used this share of its limit. */
const USED_AT_MOST = 0.8;

/** Undefined without a limit, or when it is passed already. */
export function stopGapOf(facts: {
  readonly limit: number | undefined;
  readonly floorStart: number | undefined;
  readonly slopeBytesPerHour: Interval | null;
  readonly suspect: Suspect | undefined;
  /** Finished units of the suspect since the onset, and of all kinds, in the same process or processes. */
  readonly ownUnits: number;
  readonly allUnits: number;
}): StopGap | undefined {
  const { limit, floorStart, slopeBytesPerHour, suspect, ownUnits, allUnits } = facts;
  const room = USED_AT_MOST * (limit ?? 0) - (floorStart ?? 0);
  if (!limit || !(room > 0)) return undefined;
  const kept = suspect?.cause === 'unit' ? wholeRise(suspect) : null;
  const perOwn = ownUnits > 0 ? allUnits / ownUnits : 0;
  const requests = (bytes: number) => Math.floor((room / bytes) * perOwn);
  const seconds = (perHour: number) => (perHour > 0 ? (room / perHour) * 3600 : Number.MAX_SAFE_INTEGER);
  return {
    maxRequests:
      kept && kept.low > 0 && perOwn >= 1
        ? { value: requests(kept.value), low: requests(kept.high), high: requests(kept.low) }
        : null,
    restartS:
      slopeBytesPerHour && slopeBytesPerHour.value > 0
        ? {
            value: seconds(slopeBytesPerHour.value),
            low: seconds(slopeBytesPerHour.high),
            high: seconds(slopeBytesPerHour.low),
          }
        : null,
  };
}

/** Bytes that come with one unit of the suspect, those of its partner included: of a pair each makes a share of the rise. */
function wholeRise({ bytesPerUnit, share = 1 }: Suspect): Interval | null {
  if (bytesPerUnit === null || !(share > 0)) return null;
  const { value, low, high } = bytesPerUnit;
  return { value: value / share, low: low / share, high: high / share };
}
