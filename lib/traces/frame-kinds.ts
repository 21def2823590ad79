import type { Profile } from '../model/profile.ts';

// What a frame is, as tables: file pattern, then function. New knowledge is a line here.

export type FrameKind = 'app' | 'library' | 'sdk' | 'loop' | 'waiting' | 'gc' | 'runtime';

interface FrameRule {
  readonly kind: FrameKind;
  readonly file: RegExp;
  readonly name: RegExp;
}

const ANY = /^/;

const RULES: readonly FrameRule[] = [
  { kind: 'gc', file: ANY, name: /^\((garbage collector)\)$|^Garbage Collection$|^GC$/ },
  { kind: 'waiting', file: ANY, name: /^\(idle\)$/ },
  { kind: 'runtime', file: ANY, name: /^\((program|root|external)\)$|^Non JS threads activity$/ },

  {
    kind: 'sdk',
    file: /(^|\/)(sentry_sdk|opentelemetry|ddtrace)\/|@sentry(-internal)?\/|@opentelemetry\//,
    name: ANY,
  },

  // Python: where a thread waits. Calls into C (time.sleep, socket.recv) have no frame of their own.
  { kind: 'waiting', file: /(^|\/)selectors\.py$/, name: /(^|\.)select$/ },
  {
    kind: 'waiting',
    file: /(^|\/)threading\.py$/,
    name: /(^|\.)(Condition\.wait|Event\.wait|Thread\.join|_wait_for_tstate_lock|wait)$/,
  },
  {
    kind: 'waiting',
    file: /(^|\/)(socket|ssl)\.py$/,
    name: /(^|\.)(readinto|recv|recv_into|read|send|sendall|connect|accept|do_handshake|create_connection)$/,
  },
  { kind: 'waiting', file: /(^|\/)queue\.py$/, name: /(^|\.)(get|put)$/ },
  {
    kind: 'waiting',
    file: /(^|\/)subprocess\.py$/,
    name: /(^|\.)(wait|_try_wait|communicate|_communicate|poll)$/,
  },
  { kind: 'waiting', file: /(^|\/)(gevent|eventlet)\//, name: /(^|\.)(switch|wait|run)$/ },

  {
    kind: 'loop',
    file: /(^|\/)asyncio\/|(^|\/)uvloop\/|(^|\/)uvicorn\/|(^|\/)anyio\/|(^|\/)trio\//,
    name: ANY,
  },
  {
    kind: 'loop',
    file: /^node:internal\/(process\/task_queues|timers|async_hooks|bootstrap)|^node:(timers|async_hooks)/,
    name: ANY,
  },
];

/** Python's own modules, which SDKs call the team's where the interpreter lies in an unusual place. */
const PYTHON_STDLIB =
  /^(runpy|threading|socketserver|selectors|contextlib|functools|queue|socket|ssl|subprocess|abc|_?collections_abc|<frozen [\w.]+>)(\.py)?$|^(asyncio|concurrent|http|wsgiref|logging|json|importlib|unittest|multiprocessing|email|xml|urllib)\/[\w/]+\.py$/;

const known = new WeakMap<Profile, readonly FrameKind[]>();

/** Kind of every frame of a profile, by index. Cost: rules × frames, once per profile. */
export function kindsOf(profile: Profile): readonly FrameKind[] {
  const before = known.get(profile);
  if (before !== undefined) return before;
  const { frames } = profile;
  const kinds = Array.from(frames.name, (name, i) =>
    kindOf(frames.strings[name]!, frames.strings[frames.file[i]!]!, frames.inApp[i]!),
  );
  known.set(profile, kinds);
  return kinds;
}

export function kindOf(name: string, file: string, inApp: number): FrameKind {
  const rule = RULES.find((one) => one.name.test(name) && one.file.test(file));
  if (rule !== undefined) return rule.kind;
  return inApp === 1 && !PYTHON_STDLIB.test(file) ? 'app' : 'library';
}

/** `zerofill.<locals>.<dictcomp>` is a line of `zerofill`, not a function that people know. */
export const spokenName = (name: string): string =>
  name.replace(/(?:\.<locals>)?\.<(?:listcomp|dictcomp|setcomp|genexpr|lambda)>/g, '') || name;
