import type { Profile } from '../model/profile.ts';
import { type FrameKind, kindsOf, spokenName } from './frame-kinds.ts';
import { framesOf } from './samples.ts';

export type CauseKind = 'waiting' | 'app' | 'library' | 'gc' | 'runtime' | 'foreign';

/** What one stack says about where the time went. */
export interface StackReading {
  readonly kind: Exclude<CauseKind, 'foreign'>;
  /** The nearest functions of the team's own, the innermost first; [] when there is none below the event loop. */
  readonly callers: readonly string[];
  /** File of the innermost caller; ''. */
  readonly callerFile: string;
  /** Library functions that the caller called, outermost first: `name\nfile`. */
  readonly path: readonly string[];
  /** All frames of the team's own, outermost first: `name\nfile`. What tells one endpoint's work from another's. */
  readonly own: readonly string[];
}

const MAX_CALLERS = 2;

/** Reads stacks of a profile, each once. */
export function stackReader(profile: Profile): (leaf: number) => StackReading {
  const kinds = kindsOf(profile);
  const known = new Map<number, StackReading>();
  return (leaf) => {
    const before = known.get(leaf);
    if (before !== undefined) return before;
    const reading = read(profile, kinds, leaf);
    known.set(leaf, reading);
    return reading;
  };
}

function read(profile: Profile, kinds: readonly FrameKind[], leaf: number): StackReading {
  const { frames } = profile;
  const nameOf = (frame: number) => frames.strings[frames.name[frame]!]!;
  const fileOf = (frame: number) => frames.strings[frames.file[frame]!]!;
  const stack = framesOf(profile, leaf).filter((frame) => kinds[frame] !== 'sdk');
  const kindAt = (i: number) => kinds[stack[i]!];
  let app = -1;
  let loop = -1;
  const own: string[] = [];
  for (let i = 0; i < stack.length; i += 1) {
    if (kindAt(i) === 'loop') loop = i;
    if (kindAt(i) !== 'app') continue;
    app = i;
    own.push(`${spokenName(nameOf(stack[i]!))}\n${fileOf(stack[i]!)}`);
  }
  // What stands above the event loop started it, and has nothing to do with the work that the loop runs now.
  const hasCaller = app > loop;
  const callers: string[] = [];
  for (let i = app; hasCaller && i >= 0 && kindAt(i) === 'app' && callers.length < MAX_CALLERS; i -= 1) {
    const name = spokenName(nameOf(stack[i]!));
    if (callers.at(-1) !== name) callers.push(name);
  }
  const below = stack.slice((hasCaller ? app : loop) + 1);
  return {
    kind: kindOfStack(
      stack.length === 0 ? undefined : kindAt(stack.length - 1),
      below.length === 0,
      hasCaller,
    ),
    callers,
    callerFile: hasCaller ? fileOf(stack[app]!) : '',
    path: below.map((frame) => `${nameOf(frame)}\n${fileOf(frame)}`),
    own,
  };
}

function kindOfStack(
  leaf: FrameKind | undefined,
  noneBelow: boolean,
  hasCaller: boolean,
): StackReading['kind'] {
  if (leaf === 'gc' || leaf === 'runtime') return leaf;
  if (leaf === undefined || leaf === 'waiting') return 'waiting';
  if (leaf === 'loop' && !hasCaller) return 'waiting';
  return noneBelow ? 'app' : 'library';
}
