import type { EpochMs } from '../model/units.ts';
import { type KeyedSnapshot, snapshotsIn } from './levels.ts';
import type { FlameState } from './state.ts';

/** A snapshot and the state whose table its columns lie over. */
export interface PlacedSnapshot extends KeyedSnapshot {
  readonly state: FlameState;
}

/**
 * Snapshots of each life, in order of time.
 *
 * @param key `measureKey` of what the lives count
 */
export function livesCounting(
  states: readonly FlameState[],
  key: string,
): ReadonlyMap<string, readonly PlacedSnapshot[]> {
  const lives = new Map<string, PlacedSnapshot[]>();
  for (const state of states) {
    for (const one of snapshotsIn(state)) {
      if (!one.snapshot.totals.has(key)) continue;
      const life = JSON.stringify([one.family, one.instance, one.start]);
      const seen = lives.get(life);
      if (seen === undefined) lives.set(life, [{ ...one, state }]);
      else seen.push({ ...one, state });
    }
  }
  for (const seen of lives.values()) seen.sort((a, b) => a.snapshot.time - b.snapshot.time);
  return lives;
}

/** Whether `states` hold a life that counts `key` and of which `before` knows nothing. */
export function hasUnknownLives(
  states: readonly FlameState[],
  before: readonly FlameState[],
  key: string,
): boolean {
  const known = livesCounting(before, key);
  return [...livesCounting(states, key).keys()].some((life) => !known.has(life));
}

/**
 * The same states with the last snapshot of each life that counts `key`, and nothing else: what later ones are counted from.
 * Lives that were not seen since `since` are left out: instances come and go, and their number would grow without end.
 */
export function lastOfLives(states: readonly FlameState[], key: string, since: EpochMs): FlameState[] {
  const last = [...livesCounting(states, key).values()]
    .map((seen) => seen.at(-1)!)
    .filter(({ snapshot }) => snapshot.time >= since);
  return [...Map.groupBy(last, ({ state }) => state)].map(([state, kept]) => ({
    ...state,
    snapshots: new Map(kept.map(({ key: at, snapshot }) => [at, snapshot])),
  }));
}
