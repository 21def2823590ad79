import type { Explained, LivesOfLeak, SentencePart } from '../model/finding.ts';
import { formatDuration, formatInterval } from '../model/format-number.ts';
import type { Interval } from '../model/leak.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../model/units.ts';
import type { Forecast } from './forecast.ts';
import { number, text } from './sentence.ts';
import { limitText, measureOf } from './wording.ts';

/** Beyond this no stop-gap is needed, and no age can be told. */
const MAX_AGE_MS = 60 * DAY_MS;

/** ` in 160 lives of about 3 h`. */
export const inLives = ({ lives, lifeMs }: LivesOfLeak): SentencePart[] => [
  text(' in '),
  number(`${lives} lives of about ${formatDuration(rounded(lifeMs))}`),
];

/** Two digits: lives are alike, not equal. */
const rounded = (ms: number): number => Number((ms / HOUR_MS).toPrecision(2)) * HOUR_MS;

/** At this rate a life gains 18 ± 2 MiB; one that goes on fills its 512 MiB limit after 2 d 3 h (1 d 20 h–2 d 12 h). */
export function ofLives(facts: Forecast & { readonly explained?: Explained }): SentencePart[] {
  const { role, limitBytes } = facts;
  const together = facts.explained?.together;
  if (together === undefined) return [];
  const { gain, limitS } = together;
  const gains = [text(' At this rate a life gains '), number(formatInterval(gain, measureOf(role)))];
  if (limitBytes === null || limitS === null || limitS.value * SECOND_MS > MAX_AGE_MS)
    return [...gains, text('.')];
  const fills = [text('; one that goes on fills its '), number(limitText(limitBytes, role)), text(' after ')];
  const sooner = limitS.value * SECOND_MS > together.lifeMs ? ', lives end sooner.' : '.';
  return [...gains, ...fills, ...aged(limitS), text(sooner)];
}

/** Whether lives end by themselves before the stop-gap asks for it. */
export const endSooner = (explained: Explained | undefined): boolean => {
  const { together, stopGap } = explained ?? {};
  return (stopGap?.restartS?.value ?? 0) * SECOND_MS > (together?.lifeMs ?? Number.POSITIVE_INFINITY);
};

/** Until it is fixed, replace each process every 9 h (8 h–10 h 30 min). */
export function restartEach(explained: Explained | undefined): SentencePart[] {
  const restartS = explained?.stopGap?.restartS;
  if (!restartS || !(restartS.value >= 1) || restartS.value * SECOND_MS > MAX_AGE_MS) return [];
  const words = endSooner(explained)
    ? ' Until it is fixed, let no process run for longer than '
    : ' Until it is fixed, replace each process every ';
  return [text(words), ...aged(restartS), text('.')];
}

function aged({ value, low, high }: Interval): SentencePart[] {
  const isOpen = high * SECOND_MS > MAX_AGE_MS;
  const long = (seconds: number) => formatDuration(seconds * SECOND_MS);
  const exactly = (seconds: number) => formatDuration(seconds * SECOND_MS, { fine: true });
  const told = isOpen || long(low) !== long(high) ? long : exactly;
  const bounds = isOpen ? `${told(low)} or more` : `${told(low)}–${told(high)}`;
  return [number(told(value)), ...(told(low) === told(high) ? [] : [text(' '), number(`(${bounds})`)])];
}
