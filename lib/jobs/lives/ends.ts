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
 * begins, or a restart of which the state says so again.
 */
export function killsOf(instance: InstanceState, facts: FactsState): number[] {
  const told = machineSeries(instance, facts);
  const restarts = told.flatMap(({ kind, column }) => (kind === 'restarts' ? risesOf(column) : []));
  return told.flatMap(({ kind, metric, column }) => {
    if (kind !== 'oom_killed') return [];
    const again = metric.endsWith('_total') ? [] : restarts.filter((time) => saysSo(column, time));
    return [...risesOf(column), ...again];
  });
}

const risesOf = ({ times, values }: LevelColumn): number[] =>
  times.filter((_, i) => (values[i] as number) > (values[i - 1] ?? 0));

/** The state's first word at or after a time. */
function saysSo({ times, values }: LevelColumn, time: number): boolean {
  const at = times.findIndex((one) => one >= time);
  return at >= 0 && (times[at] as number) - time <= TOLD_WITHIN_MS && (values[at] as number) > 0;
}
