import type { SentencePart } from '../model/finding.ts';
import { formatPercent, formatRate } from '../model/format-number.ts';
import type { Interval, Onset, Suspect } from '../model/leak.ts';
import { type Forecast, forecast } from './forecast.ts';
import { capitalised, number, onInstances, service, serviceTitle, text, unitList } from './sentence.ts';
import {
  keptText,
  measureOf,
  placeWords,
  type Release,
  releaseAt,
  sinceParts,
  subjectWords,
  type Wording,
  worded,
} from './wording.ts';

export interface LeakSituation extends Forecast {
  readonly onset: Onset | null;
  /** Releases within the onset's interval or just before it. */
  readonly deploys: readonly Release[];
  readonly suspects: readonly Suspect[];
  readonly slopeBytesPerHour: Interval | null;
  /** Share of the process's growth that is outside the managed heap, where both are measured. */
  readonly outsideHeapShare?: number;
}

// Below this the first suspect is the best guess, and the sentence says so.
const LIKELY_WEIGHT = 0.5;
const MOSTLY_OUTSIDE = 0.5;

/** The sentence of a leak, after the templates of the design: when, which unit, how much, and when it runs out. */
export function leakWording(facts: LeakSituation): Wording {
  const [suspect] = facts.suspects;
  const title = serviceTitle(facts.service);
  const end = [...outside(facts), ...forecast(facts)];
  if (!suspect) {
    const sentence = [...grows(facts), text('. No unit of work explains it yet.'), ...end];
    return worded(`${title}: memory grows`, sentence);
  }
  if (suspect.cause !== 'unit') {
    return worded(`${title}: memory grows at any traffic`, [...rival(facts, suspect), ...end]);
  }
  const names = suspect.units.map((one) => one.name).join(', ');
  const isLikely = suspect.weight >= LIKELY_WEIGHT && suspect.bytesPerUnit !== null;
  if (!isLikely)
    return worded(`${title}: memory grows, perhaps by ${names}`, [...guess(facts, suspect), ...end]);
  const verb = suspect.units.length > 1 ? 'keep' : 'keeps';
  return worded(`${title}: ${names} ${verb} memory`, [
    ...keeps(facts, suspect, suspect.bytesPerUnit),
    ...end,
  ]);
}

/** Since … every `u` keeps 812 ± 40 B on the heap on 3 of 12 instances. */
function keeps(facts: LeakSituation, { units }: Suspect, kept: Interval): SentencePart[] {
  const isGroup = units.length > 1;
  return capitalised([
    ...since(facts),
    ...(isGroup ? [] : [text('every ')]),
    ...unitList(units),
    text(isGroup ? ' together keep ' : ' keeps '),
    number(keptText(kept, facts.role)),
    text(` ${isGroup ? 'per unit ' : ''}${placeWords(facts.role)}`),
    ...onInstances(facts.instances),
    text(isGroup ? '; they rise and fall together and cannot be told apart yet.' : '.'),
  ]);
}

/** A unit leads, but not so that it could be named as the cause, or what it keeps could be told. */
function guess(facts: LeakSituation, { units, weight, bytesPerUnit }: Suspect): SentencePart[] {
  const each =
    bytesPerUnit === null
      ? []
      : [text(', each of which would keep '), number(keptText(bytesPerUnit, facts.role))];
  return [
    ...grows(facts),
    text('. It goes best with '),
    ...unitList(units),
    ...each,
    ...(weight < LIKELY_WEIGHT
      ? [text(', which is not certain yet '), number(`(${formatPercent(weight)})`)]
      : []),
    text('.'),
  ];
}

/** Growth by the clock, or by all traffic alike. */
function rival(facts: LeakSituation, { cause, bytesPerUnit }: Suspect): SentencePart[] {
  if (cause === 'clock') {
    const release = releaseAt(facts.onset, facts.deploys);
    const began = facts.onset
      ? [
          text(release ? ' Began with ' : ' Began at '),
          ...sinceParts(facts.onset, release, facts.now),
          text('.'),
        ]
      : [];
    return [
      service(facts.service),
      text(' grows '),
      ...rate(facts),
      ...onInstances(facts.instances),
      text(' at any traffic: a timer or an agent, not a request.'),
      ...began,
    ];
  }
  const each =
    bytesPerUnit === null ? [] : [text(', '), number(keptText(bytesPerUnit, facts.role)), text(' per unit')];
  return [
    ...grows(facts),
    text(' with all its traffic alike'),
    ...each,
    text(': something that every unit passes, no single one.'),
  ];
}

/** Since … the heap of checkout grows +9.3 ± 0.4 MiB/h on 3 of 12 instances */
function grows(facts: LeakSituation): SentencePart[] {
  return capitalised([
    ...since(facts),
    text(`${subjectWords(facts.role)} `),
    service(facts.service),
    text(' grows'),
    ...(facts.slopeBytesPerHour ? [text(' '), ...rate(facts)] : []),
    ...onInstances(facts.instances),
  ]);
}

function rate({ slopeBytesPerHour, role }: LeakSituation): SentencePart[] {
  if (!slopeBytesPerHour) return [text('steadily')];
  return [number(formatRate(slopeBytesPerHour, measureOf(role), 'h', { signed: true }))];
}

function since({ onset, deploys, now }: LeakSituation): SentencePart[] {
  if (!onset) return [];
  return [text('since '), ...sinceParts(onset, releaseAt(onset, deploys), now), text(' ')];
}

/** Where it lies, when the heap is not it. */
function outside(facts: LeakSituation): SentencePart[] {
  const { outsideHeapShare: share } = facts;
  if (share === undefined || share < MOSTLY_OUTSIDE) return [];
  return [
    text(' '),
    number(formatPercent(Math.min(1, share))),
    text(' of the growth of '),
    service(facts.service),
    text(
      ' lies outside the managed heap, so no line is named. Three experiments tell which: watch the external memory ' +
        'of the runtime, count its threads, and run one instance with another allocator or with MALLOC_ARENA_MAX=2.',
    ),
  ];
}
