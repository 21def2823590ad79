import type { PostMortem, SentencePart } from '../model/finding.ts';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../model/format-number.ts';
import type { UnitOfWork } from '../model/unit-of-work.ts';
import type { Bytes, DurationMs, EpochMs } from '../model/units.ts';
import { number, onInstances, service, serviceTitle, text, time, unit } from './sentence.ts';
import { timeText } from './times.ts';
import { placeOf, type Situation, type Wording, worded } from './wording.ts';

export interface KilledSituation extends Situation {
  /** The last of the deaths. */
  readonly at: EpochMs;
  readonly deaths: number;
  /** `oom`: somebody said so. `near-limit`: it ended at 90 % of its limit or above, and nobody said why. */
  readonly cause: 'oom' | 'near-limit';
  readonly shareOfLimit: number | null;
  readonly limitBytes: Bytes | null;
  readonly before:
    | {
        readonly kind: 'unit';
        readonly unit: UnitOfWork;
        readonly bytes: Bytes;
        readonly durationMs: DurationMs;
      }
    | { readonly kind: 'grew'; readonly bytes: Bytes; readonly since: EpochMs }
    | null;
  /** What else is known of the last death. */
  readonly postMortem?: PostMortem | null;
  /** False when the verdict says so; null when there is none. */
  readonly isLeak: boolean | null;
}

/** `checkout` was killed for memory at 97 % of 512 MiB at 20:41 UTC: it had grown 380 MiB since 08:00 UTC. */
export function killedWording(facts: KilledSituation): Wording {
  const isSure = facts.cause === 'oom';
  const title = `${serviceTitle(facts.service)}: ${isSure ? 'killed for memory' : 'ended at its memory limit'}`;
  return worded(title, [
    service(facts.service),
    text(isSure ? ' was killed for memory' : ' ended'),
    ...level(facts),
    ...(facts.deaths > 1 ? [text(' '), number(`${facts.deaths} times`)] : []),
    ...onInstances(facts.instances),
    text(facts.deaths > 1 ? ', last at ' : ' at '),
    time(timeText(facts.at, facts.now), facts.at),
    ...before(facts),
    text('.'),
    ...inFlight(facts),
    ...lastHeap(facts),
    ...(facts.isLeak === false ? [text(' This is not a leak.')] : []),
  ]);
}

/** 14 requests were in flight. */
function inFlight({ postMortem }: KilledSituation): SentencePart[] {
  const open = postMortem?.inFlight;
  if (!open || open < 1) return [];
  const words = open === 1 ? ' request was in flight.' : ' requests were in flight.';
  return [text(' '), number(formatCount(open)), text(words)];
}

/** Its last heap profile has 180 MiB more than the flat one, most of it allocated at keep (store.go:17). */
function lastHeap({ postMortem }: KilledSituation): SentencePart[] {
  const [line] = postMortem?.heap?.lines ?? [];
  if (!postMortem?.heap || !line || postMortem.heap.grewBytes <= 0) return [];
  return [
    text(' Its last heap profile has '),
    number(formatBytes(postMortem.heap.grewBytes)),
    text(` more than the flat one, most of it allocated at ${placeOf(line)}.`),
  ];
}

function level({ shareOfLimit, limitBytes }: KilledSituation): SentencePart[] {
  if (shareOfLimit === null)
    return limitBytes === null ? [] : [text(' at its limit of '), number(formatBytes(limitBytes))];
  const of = limitBytes === null ? [text(' of its limit')] : [text(' of '), number(formatBytes(limitBytes))];
  return [text(' at '), number(formatPercent(shareOfLimit)), ...of];
}

function before({ before: cause, now }: KilledSituation): SentencePart[] {
  if (cause === null) return [];
  if (cause.kind === 'grew') {
    const since = time(timeText(cause.since, now), cause.since);
    return [text(': it had grown '), number(formatBytes(cause.bytes)), text(' since '), since];
  }
  return [
    text(': one '),
    unit(cause.unit),
    text(' took '),
    number(formatBytes(cause.bytes)),
    text(' in '),
    number(formatDuration(cause.durationMs)),
  ];
}
