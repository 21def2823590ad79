import type { Life } from '../../model/leak.ts';
import { MINUTE_MS } from '../../model/units.ts';
import type { LevelColumn } from '../../segments/kinds/columns.ts';
import type { FactsState } from '../../segments/kinds/facts.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';
import { machineSeries } from './limits.ts';

// How lives end. What a machine says of a kill outlasts it: "last terminated: OOMKilled" and the count of kills are heard all
// through the life that follows. So a kill is a change of what is said, and it ends a life that has ended, never one that runs.

/** First and last reading of a life. */
export interface Heard {
  readonly first: number;
  readonly last: number;
}

export interface Endings {
  /** When kills were told. */
  readonly kills: readonly number[];
  readonly intervalMs: number;
  /** End of what was read. */
  readonly now: number;
}

/** Intervals of silence after which an instance counts as gone. */
export const GONE_INTERVALS = 10;
/** A kubelet or its scraper tells of a kill as late as this, when the next process may run already. */
const TOLD_WITHIN_MS = 2 * MINUTE_MS;

/** How one of the lives of an instance ended; undefined while the process runs. A kill that was told ends the newest that it can. */
export function endOf(lives: readonly Heard[], at: number, endings: Endings): Life['end'] {
  const { kills, intervalMs } = endings;
  const life = lives[at] as Heard;
  const next = lives[at + 1];
  if (!hasEnded(lives, at, endings)) return undefined;
  const from = endTold(life, intervalMs);
  const latest = (next?.first ?? life.last) + Math.max(GONE_INTERVALS * intervalMs, TOLD_WITHIN_MS);
  const to = next && hasEnded(lives, at + 1, endings) ? Math.min(latest, endTold(next, intervalMs)) : latest;
  const isOom = kills.some((time) => time > from && time <= to);
  return { time: life.last, reason: isOom ? 'oom' : next === undefined ? 'gone' : 'restart' };
}

/** A process runs while nobody follows it and it has not been silent for long. */
const hasEnded = (lives: readonly Heard[], at: number, { intervalMs, now }: Endings) =>
  at + 1 < lives.length || now - (lives[at] as Heard).last > GONE_INTERVALS * intervalMs;

/** After this a machine may tell of a life's end; its clock is not the process's. */
const endTold = ({ first, last }: Heard, intervalMs: number) => Math.max(first, last - intervalMs);

/**
 * When the machine of an instance was first heard to say that it was killed for its memory: a count that rises, a state that
 * begins, or a restart of which the state says so again. Of last ends it is heard until the next one, of others while they hold.
 */
export function killsOf(instance: InstanceState, facts: FactsState): number[] {
  const told = machineSeries(instance, facts);
  const restarts = told.flatMap(({ kind, column }) => (kind === 'restarts' ? risesOf(column) : []));
  return told.flatMap(({ kind, metric, column }) => {
    if (kind !== 'oom_killed') return [];
    const isOfLast = metric.includes('last_');
    const before = isOfLast ? 0 : TOLD_WITHIN_MS;
    const again = metric.endsWith('_total') ? [] : restarts.filter((time) => saysSo(column, time, before));
    return [...risesOf(column, isOfLast ? undefined : TOLD_WITHIN_MS), ...again];
  });
}

/** Zeros of kills are not kept: where they end by themselves, a silence longer than `heldMs` stands for one. */
const risesOf = ({ times, values }: LevelColumn, heldMs = Number.POSITIVE_INFINITY): number[] =>
  times.filter((time, i) => {
    const isHeld = i > 0 && time - (times[i - 1] as number) <= heldMs;
    return (values[i] as number) > (isHeld ? (values[i - 1] as number) : 0);
  });

/** Whether the state holds at about a restart; zeros are not kept. */
const saysSo = ({ times }: LevelColumn, restart: number, beforeMs: number): boolean =>
  times.some((time) => time >= restart - beforeMs && time <= restart + TOLD_WITHIN_MS);
