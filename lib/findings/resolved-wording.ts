import type { FixProof } from '../model/finding.ts';
import { formatCount, formatRate } from '../model/format-number.ts';
import type { Interval, Onset, Suspect } from '../model/leak.ts';
import { number, service, serviceTitle, text, unitList } from './sentence.ts';
import {
  keptText,
  measureOf,
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
  /** The release that was proved to keep no more of it; null where nothing was proved by release. */
  readonly fix?: FixProof | null;
}

/** Since release 1.4.3 `POST /cart/items` keeps 0 ± 3 B, over 402 k units: fixed. */
export function resolvedWording(facts: FixedSituation): Wording {
  const { suspect, bytesPerUnit, role, now, deploys } = facts;
  const title = serviceTitle(facts.service);
  if (facts.fix) return fixedWording(facts, facts.fix);
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

/** Fixed in 1.4.3: every `POST /cart/items` keeps 0 ± 3 B there, over 402 k of them. */
function fixedWording({ suspect, role, service: name }: FixedSituation, fix: FixProof): Wording {
  const { version, kept, served, by } = fix;
  const title = serviceTitle(name);
  const release = version || 'the release that has no name';
  const start = [text(`Fixed in ${release}: `)];
  if (kept === null) return worded(`${title}: fixed`, [...start, service(name), text(' grows no more.')]);
  if (by === 'clock' || suspect?.cause !== 'unit') {
    const rate = number(formatRate(kept, measureOf(role), 'h'));
    const words = [text(`${subjectWords(role)} `), service(name), text(' grows '), rate, text(', over ')];
    const hours = [number(formatCount(Math.round(served))), text(' hours of its processes.')];
    return worded(`${title}: memory grows no more, fixed in ${release}`, [...start, ...words, ...hours]);
  }
  const names = suspect.units.map((one) => one.name).join(', ');
  return worded(`${title}: ${names} fixed in ${release}`, [
    ...start,
    text('every '),
    ...unitList(suspect.units),
    text(' keeps '),
    number(keptText(kept, role)),
    text(' there, over '),
    number(formatCount(served)),
    text(' of them.'),
  ]);
}
