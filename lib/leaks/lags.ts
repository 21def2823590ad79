import type { Life } from '../model/leak.ts';
import type { Lag } from './attribution.ts';
import { firstAfter } from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** Steps of the counts, where nothing better is known: promotion to the old generation takes a collection or two. */
const STEPS = [1, 2];
/** Minor collections that an object survives before it is promoted: in V8 the second one does it. */
const SURVIVED = [0, 1];

/**
 * Ways in which memory may follow the work, besides at once. Young objects are copied before they are promoted, so the
 * old generation shows the requests of one or two minor collections ago; at low traffic that is many seconds (measured:
 * with it the leaking route of a Node capture leads by 130 in BIC, without it comes third).
 */
export function lagsOf(life: Life, units: readonly UnitCounts[]): Lag[] {
  const step = Math.max(...units.map(({ stepMs }) => stepMs));
  const byStep = STEPS.map(
    (steps): Lag =>
      (time) =>
        time - steps * step,
  );
  const minor = life.minorCollections;
  if (!minor || minor.length < 3) return byStep;
  const byPromotion = SURVIVED.map(
    (survived): Lag =>
      (time) => {
        const place = firstAfter(minor, time) - 1 - survived;
        return place >= 0 ? minor[place]! : Math.min(time, minor[0]!);
      },
  );
  return [...byStep, ...byPromotion];
}
