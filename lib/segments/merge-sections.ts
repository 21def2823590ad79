import { type Kind, mergeStates } from './kind.ts';
import { KIND_NAMES, KINDS, type KindName, type Sections } from './kinds/index.ts';

/** What many uploads or segments say, as one: every kind merged by itself, all of its states at once where it can. */
export function mergeAllSections(parts: readonly Sections[]): Sections {
  const merged: { [N in KindName]?: unknown } = {};
  for (const name of KIND_NAMES) {
    const states = parts.flatMap((part): unknown[] => (part[name] === undefined ? [] : [part[name]]));
    const state = mergeStates(KINDS[name] as Kind<unknown>, states);
    if (state !== undefined) merged[name] = state;
  }
  return merged as Sections;
}
