import type { Profile } from '../../model/profile.ts';
import { guessInApp, LIBRARY } from '../profiles/in-app.ts';

/** Formats of text, which have no place for a file. */
const PLACELESS = new Set(['folded', 'lines']);

/**
 * Names such as `run (threading.py:975)` taken apart, as py-spy writes them: else each line were a function of its own, and
 * every one that a release moves a new function. Only of names that are kept; a summary of the file shows them as they stand.
 */
export function withPlaces(profile: Profile): Profile {
  if (!PLACELESS.has(profile.format)) return profile;
  const { frames } = profile;
  const strings = [...frames.strings];
  const known = new Map(strings.map((text, i) => [text, i]));
  const string = (text: string) => {
    const index = known.get(text) ?? strings.push(text) - 1;
    known.set(text, index);
    return index;
  };
  const name = frames.name.slice();
  const file = frames.file.slice();
  const line = frames.line.slice();
  const inApp = frames.inApp.slice();
  for (let frame = 0; frame < name.length; frame += 1) {
    const place = placeIn(strings[name[frame]!]!);
    if (place === undefined) continue;
    name[frame] = string(place.name);
    file[frame] = string(place.file);
    line[frame] = place.line;
    // Paths are short by default: `django/core/handlers.py` says nothing of whose it is.
    if (guessInApp(place.name, place.file) === LIBRARY) inApp[frame] = LIBRARY;
  }
  return { ...profile, frames: { strings, name, file, line, inApp } };
}

/** No pattern for all of it: names may be long, and blanks and brackets many. */
function placeIn(text: string): { name: string; file: string; line: number } | undefined {
  const bracket = text.lastIndexOf(' (');
  const colon = text.lastIndexOf(':');
  const [, line] = /^(\d{1,9})\)$/.exec(text.slice(colon + 1)) ?? [];
  if (bracket < 1 || colon < bracket + 3 || line === undefined) return undefined;
  return { name: text.slice(0, bracket), file: text.slice(bracket + 2, colon), line: Number(line) };
}
