import type { ApiTrace } from '../../../lib/http/trace-schemas.ts';

// Causes as the server words them: `from_db (django/db/models/base.py), called from serialize ← view (cart/api.py)`.

type Kind = ApiTrace['gaps'][number]['causes'][number]['kind'];

export interface CauseText {
  /** What ran, as short as it can be said. */
  readonly name: string;
  /** The rest: where it stands and who called it. */
  readonly rest: string;
  /** True when `name` is a function. */
  readonly isCode: boolean;
}

const CALLED_FROM = ', called from ';
// A text that was cut may have lost its closing bracket.
const FILE = / \(([^()]*)\)?$/;
/** Python names a function within functions by all of them: `noted.<locals>.run`. */
const short = (name: string) => name.replace(/^.*<locals>\./, '');

/** `a › b › c (file.py)` in its last function and the file. */
function innermost(text: string): { name: string; file: string } {
  const file = FILE.exec(text)?.[1] ?? '';
  return { name: short(text.replace(FILE, '').split(' › ').at(-1) ?? text), file };
}

/** `a ← b (file.py)` as `a in file.py, for b`. */
function callerText(caller: string): { name: string; rest: string } {
  const file = FILE.exec(caller)?.[1] ?? '';
  const [name = '', ...outer] = caller.replace(FILE, '').split(' ← ').map(short);
  return { name, rest: [file, outer.length > 0 ? `for ${outer.join(', ')}` : ''].filter(Boolean).join(', ') };
}

export function causeText(kind: Kind, frame: string): CauseText {
  const [called = '', caller = ''] = frame.split(CALLED_FROM);
  const own = callerText(caller);
  const by = caller === '' ? '' : `called by ${own.name}${own.rest && `, ${own.rest}`}`;
  switch (kind) {
    case 'gc':
      return { name: 'garbage collection', rest: '', isCode: false };
    case 'runtime':
      return { name: 'native code of the runtime', rest: by, isCode: false };
    case 'waiting': {
      const where = frame.startsWith('nothing to instrument') ? 'nothing to instrument' : `in ${frame}`;
      return { name: 'waiting', rest: where, isCode: false };
    }
    case 'foreign': {
      const at = frame.indexOf(': ');
      return {
        name: "another request's work",
        rest:
          at < 0 ? '' : `${frame.slice('blocked by '.length, at)} held the loop in ${frame.slice(at + 2)}`,
        isCode: false,
      };
    }
    case 'app': {
      const { name, rest } = callerText(called);
      return { name, rest, isCode: true };
    }
    case 'library': {
      const { name, file } = innermost(called);
      return { name, rest: [file, by].filter(Boolean).join(', '), isCode: true };
    }
  }
}

/** The function of the team's own that led there; '' where there is none. */
export function ownCaller(kind: Kind, frame: string): string {
  const [called = '', caller = ''] = frame.split(CALLED_FROM);
  return callerText(kind === 'app' ? called : caller).name;
}
