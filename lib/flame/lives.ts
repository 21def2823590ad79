import { type KeyedSnapshot, snapshotsIn } from './levels.ts';
import { type FlameState, measureOfKey, type Snapshot } from './state.ts';

/** A snapshot and the state whose table its columns lie over. */
export interface PlacedSnapshot extends KeyedSnapshot {
  readonly state: FlameState;
}

/** Snapshots that `isWanted` of each life, in order of time. */
function livesOf(
  states: readonly FlameState[],
  isWanted: (snapshot: Snapshot) => boolean,
): ReadonlyMap<string, readonly PlacedSnapshot[]> {
  const lives = new Map<string, PlacedSnapshot[]>();
  for (const state of states) {
    for (const one of snapshotsIn(state)) {
      if (!isWanted(one.snapshot)) continue;
      const life = JSON.stringify([one.family, one.instance, one.start]);
      const seen = lives.get(life);
      if (seen === undefined) lives.set(life, [{ ...one, state }]);
      else seen.push({ ...one, state });
    }
  }
  for (const seen of lives.values()) seen.sort((a, b) => a.snapshot.time - b.snapshot.time);
  return lives;
}

/** @param key `measureKey` of what the lives count */
export const livesCounting = (states: readonly FlameState[], key: string) =>
  livesOf(states, ({ totals }) => totals.has(key));

const isCumulative = ({ totals }: Snapshot) =>
  [...totals.keys()].some((key) => measureOfKey(key).temporality === 'cumulative');

/** Whether `states` hold a life that counts on and of which `before` knows nothing. */
export function hasUnknownLives(states: readonly FlameState[], before: readonly FlameState[]): boolean {
  const known = livesOf(before, isCumulative);
  return [...livesOf(states, isCumulative).keys()].some((life) => !known.has(life));
}

/** The same states with the last snapshot of each life that counts on, and nothing else: what later ones are counted from. */
export function lastOfLives(states: readonly FlameState[]): FlameState[] {
  const last = [...livesOf(states, isCumulative).values()].map((seen) => seen.at(-1)!);
  return [...Map.groupBy(last, ({ state }) => state)].map(([state, kept]) => ({
    ...state,
    snapshots: new Map(kept.map(({ key, snapshot }) => [key, snapshot])),
  }));
}
