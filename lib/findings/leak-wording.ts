import type { Explained, SentencePart } from '../model/finding.ts';
import { formatCount, formatInterval, formatPercent, formatRate } from '../model/format-number.ts';
import type { Interval, Onset, Suspect } from '../model/leak.ts';
import { OTHER_UNITS, unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import { type Forecast, forecast } from './forecast.ts';
import { releaseParts } from './release-wording.ts';
import {
  capitalised,
  number,
  onInstances,
  service,
  serviceTitle,
  text,
  time,
  unit,
  unitList,
} from './sentence.ts';
import { endSooner, inLives, ofLives, restartEach } from './stop-gap-wording.ts';
import { timeText } from './times.ts';
import {
  keptText,
  measureOf,
  placeOf,
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
  /** Where it grew, which lines allocate it, what to do until it is fixed. */
  readonly explained?: Explained;
  /** Newest reading of it, where that is old. */
  readonly lastSeen?: EpochMs;
}

// Below this the first suspect is the best guess, and the sentence says so.
const LIKELY_WEIGHT = 0.5;
const MOSTLY_OUTSIDE = 0.5;

/** The sentence of a leak, after the templates of the design: when, which unit, how much, and when it runs out. */
export function leakWording(facts: LeakSituation): Wording {
  const [suspect] = facts.suspects;
  const title = serviceTitle(facts.service);
  const end = [
    ...restOfWork(facts.suspects),
    ...allocatedAt(facts),
    ...growingType(facts),
    ...outside(facts),
    ...forecast(facts),
    ...ofLives(facts),
    ...seenLast(facts),
    ...stopGap(facts),
    ...releaseParts(facts),
  ];
  if (!suspect) {
    const sentence = [...grows(facts), text('. No unit of work explains it yet.'), ...end];
    return worded(`${title}: memory grows`, sentence);
  }
  if (suspect.cause !== 'unit') {
    return worded(`${title}: memory grows at any traffic`, [...rival(facts, suspect), ...end]);
  }
  const partner = partnerOf(facts.suspects);
  const names = [suspect, ...(partner ? [partner] : [])]
    .map(({ units }) => units.map((one) => one.name).join(partner ? ' or ' : ', '))
    .join(', ');
  const isLikely = suspect.weight >= LIKELY_WEIGHT && suspect.bytesPerUnit !== null;
  if (!isLikely)
    return worded(`${title}: memory grows, perhaps by ${names}`, [...guess(facts, suspect), ...end]);
  const verb = suspect.units.length > 1 || partner ? 'keep' : 'keeps';
  return worded(`${title}: ${names} ${verb} memory`, [
    ...keeps(facts, suspect, suspect.bytesPerUnit, partner),
    ...end,
  ]);
}

/** Where the rest is named that nobody counts apart, it says so. */
function restOfWork(suspects: readonly Suspect[]): SentencePart[] {
  const named = [suspects[0], partnerOf(suspects)].flatMap((one) => one?.units ?? []);
  if (!named.some((one) => unitKey(one) === OTHER)) return [];
  return [
    text(' '),
    unit(OTHER_UNITS),
    text(
      ' is all work beyond the 2,000 units that are counted apart: which of it keeps memory cannot be told until it is named by routes, not by paths or ids.',
    ),
  ];
}
const OTHER = unitKey(OTHER_UNITS);

/** Of two units that make the rise together the smaller one: they are believed as one, and share it. */
function partnerOf([first, second, ...more]: readonly Suspect[]): Suspect | undefined {
  if (!first || !second || more.length > 0 || first.weight !== second.weight) return undefined;
  const isPair = first.cause === 'unit' && second.cause === 'unit';
  const together = (first.share ?? 0) + (second.share ?? 0);
  return isPair && Math.abs(together - 1) < 1e-6 ? second : undefined;
}

/** Since … every `u` keeps 812 ± 40 B on the heap on 3 of 12 instances. */
function keeps(
  facts: LeakSituation,
  { units }: Suspect,
  kept: Interval,
  partner: Suspect | undefined,
): SentencePart[] {
  const isGroup = units.length > 1 && !partner;
  return capitalised([
    ...since(facts),
    ...(isGroup ? [] : [text('every ')]),
    // Beside its partner one of them keeps memory, and which cannot be told.
    ...unitList(units, partner ? 'or' : 'and'),
    text(isGroup ? ' together keep ' : ' keeps '),
    number(keptText(kept, facts.role)),
    ...(partner ? [text(' and every '), ...unitList(partner.units, 'or')] : []),
    ...(partner?.bytesPerUnit ? [text(' '), number(keptText(partner.bytesPerUnit, facts.role))] : []),
    text(` ${isGroup ? 'per unit ' : ''}${placeWords(facts.role)}`),
    ...on(facts),
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
      ...on(facts),
      text(' at any traffic: a timer or an agent, not a request.'),
      ...began,
    ];
  }
  const each =
    bytesPerUnit === null ? [] : [text(', '), number(keptText(bytesPerUnit, facts.role)), text(' per unit')];
  if (cause === 'connections')
    return [
      ...grows(facts),
      text(' with the requests that stay open'),
      ...each,
      text(': they are held, not lost.'),
    ];
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
    ...on(facts),
  ]);
}

/** ` on 3 of 12 instances`, ` in 160 lives of about 3 h`. */
const on = ({ instances, explained }: LeakSituation): SentencePart[] =>
  explained?.together ? inLives(explained.together) : onInstances(instances);

function rate({ slopeBytesPerHour, role }: LeakSituation): SentencePart[] {
  if (!slopeBytesPerHour) return [text('steadily')];
  return [number(formatRate(slopeBytesPerHour, measureOf(role), 'h', { signed: true }))];
}

function since({ onset, deploys, now }: LeakSituation): SentencePart[] {
  if (!onset) return [];
  return [text('since '), ...sinceParts(onset, releaseAt(onset, deploys), now), text(' ')];
}

/** This was seen last at 13 Nov 20:41 UTC: they are silent, were replaced, or do not decide. */
function seenLast({ lastSeen, now }: LeakSituation): SentencePart[] {
  if (lastSeen === undefined) return [];
  return [text(' This was seen last at '), time(timeText(lastSeen, now), lastSeen), text('.')];
}

const PLACES = {
  external: 'in external buffers of the runtime',
  stacks: 'in the stacks of threads',
  allocator: 'in what the runtime has reserved and does not use',
  outside: 'outside the managed heap',
} as const;

/** Where it lies, when the heap is not it. */
function outside({ explained, service: name }: LeakSituation): SentencePart[] {
  const where = explained?.where;
  if (!where || where.share < MOSTLY_OUTSIDE || where.place === 'heap') return [];
  return [
    text(' '),
    number(formatPercent(Math.min(1, where.share))),
    text(' of the growth of '),
    service(name),
    text(
      ` lies ${PLACES[where.place]}, so no line is named. What would tell: ${where.experiments.join(' ')}`,
    ),
  ];
}

/** Allocated at `retain` (cart.js:42), 96 % of what stayed. */
function allocatedAt({ explained }: LeakSituation): SentencePart[] {
  const [line] = explained?.lines ?? [];
  if (line === undefined || line.share < MOSTLY_THERE) return [];
  const own = line.owner === 'own' ? undefined : line.calledFrom;
  const whose = line.owner === 'sdk' ? ', code of an SDK or agent' : '';
  return [
    text(` Allocated at ${placeOf(line)}${whose}${own ? `, called from ${placeOf(own)}` : ''}: `),
    number(formatPercent(Math.min(1, line.share))),
    text(' of what stayed in heap profiles.'),
  ];
}

/** The type that grows is `Session`: 97 % of the objects that came. */
function growingType({ explained }: LeakSituation): SentencePart[] {
  const [first] = explained?.parts ?? [];
  if (first === undefined || first.share < MOSTLY_THERE) return [];
  const [what, of] =
    first.role === 'object_count'
      ? ['The type of object that grows', 'the objects that came']
      : ['What grows of them', 'those that came'];
  return [
    text(` ${what} is ${first.part}: `),
    number(formatPercent(Math.min(1, first.share))),
    text(` of ${of}`),
    ...(first.perUnit ? [text(', '), number(formatInterval(first.perUnit, 'count')), text(' per unit')] : []),
    text('.'),
  ];
}

const MOSTLY_THERE = 0.3;

/** Until it is fixed: `--max-requests 12,000` (10,500–14,200), or every 5 h (4 h–7 h) where no unit is known. */
function stopGap({ explained }: LeakSituation): SentencePart[] {
  const requests = explained?.stopGap?.maxRequests;
  // Lives that end sooner by themselves need no count of requests.
  if (!requests || requests.value < 1 || endSooner(explained)) return restartEach(explained);
  const rounded = (value: number) => formatCount(Math.floor(value));
  const exact = (value: number) => Math.floor(value).toLocaleString('en');
  const amount = rounded(requests.low) === rounded(requests.high) ? exact : rounded;
  return [
    text(' Until it is fixed, replace a process after '),
    number(`${amount(requests.value)} requests`),
    ...(requests.low === requests.high
      ? []
      : [text(' '), number(`(${amount(requests.low)}–${amount(requests.high)})`)]),
    text(': --max-requests, where the server has it.'),
  ];
}
