import { formatCount } from '../model/format-number.ts';
import type { Interval, Onset, Suspect } from '../model/leak.ts';
import { number, service, serviceTitle, text, unitList } from './sentence.ts';
import {
  keptText,
  type Release,
  releaseAt,
  type Situation,
  sinceParts,
  subjectWords,
  type Wording,
  worded,
} from './wording.ts';

export interface FixedSituation extends Situation {
  /** From when on nothing is bytesPerUnit: the release that fixed it, or the time. */
  readonly since: Onset;
  readonly deploys: readonly Release[];
  /** What the finding had named. */
  readonly suspect: Suspect | null;
  /** What a unit keeps now, and over how many of them that was seen. */
  readonly bytesPerUnit: Interval | null;
  readonly units: number;
}

/** Since release 1.4.3 `POST /cart/items` keeps 0 ± 3 B, over 402 k units: fixed. */
export function resolvedWording(facts: FixedSituation): Wording {
  const { suspect, bytesPerUnit, role, now, deploys } = facts;
  const title = serviceTitle(facts.service);
  const start = [text('Since '), ...sinceParts(facts.since, releaseAt(facts.since, deploys), now), text(' ')];
  if (suspect?.cause !== 'unit' || bytesPerUnit === null) {
    const words = [...start, text(`${subjectWords(role)} `), service(facts.service), text(' grows no more.')];
    return worded(`${title}: memory grows no more`, words);
  }
  const names = suspect.units.map((one) => one.name).join(', ');
  return worded(bytesPerUnit.low <= 0 ? `${title}: ${names} fixed` : `${title}: ${names} keeps less`, [
    ...start,
    ...unitList(suspect.units),
    text(suspect.units.length > 1 ? ' keep ' : ' keeps '),
    number(keptText(bytesPerUnit, role)),
    text(', over '),
    number(formatCount(facts.units)),
    text(bytesPerUnit.low <= 0 ? ' units: fixed.' : ' units.'),
  ]);
}
