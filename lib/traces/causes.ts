import { unitOfKey } from '../model/unit-of-work.ts';
import type { CauseKind, StackReading } from './stack-reading.ts';

/** One reason why time went by. */
export interface Cause {
  readonly kind: CauseKind;
  /** One line for people: which function, called from where. */
  readonly frame: string;
  readonly ms: number;
  /** The nearest functions of the team's own, the innermost first. */
  readonly callers: readonly string[];
}

/** As much of a cause as can be added to those of other traces. */
export interface CausePart {
  readonly kind: CauseKind;
  /** Whose work it was, where that was another unit's; ''. */
  readonly unit: string;
  readonly callers: readonly string[];
  readonly file: string;
  readonly frame: string;
  readonly us: number;
}

const US_PER_MS = 1000;
const MAX_CAUSES = 12;
/** The way down goes on while one callee holds this much of its caller's time: what only delegates is not the cause. */
const DELEGATED = 0.8;
/** And this much of all. */
const DOMINANT = 0.5;
const MAX_DEPTH = 64;
/** Of the functions that lead there, how many are named. */
const NAMED = 4;

interface Node {
  us: number;
  readonly below: Map<string, Node>;
}
interface Place {
  readonly kind: CauseKind;
  readonly reading: StackReading;
  readonly unit: string | undefined;
  readonly tree: Node;
}

const newNode = (): Node => ({ us: 0, below: new Map() });

/** Adds up what samples say, over one gap or over the same gap of many requests. */
export class CauseTally {
  readonly #places = new Map<string, Place>();
  explainedUs = 0;

  add(reading: StackReading, us: number, foreignUnit: string | undefined): void {
    const kind = foreignUnit === undefined ? reading.kind : 'foreign';
    const key = JSON.stringify([kind, foreignUnit ?? '', reading.callers, reading.callerFile]);
    let place = this.#places.get(key);
    if (place === undefined) {
      place = { kind, reading, unit: foreignUnit, tree: newNode() };
      this.#places.set(key, place);
    }
    this.explainedUs += us;
    addPath(place.tree, reading.path, us);
  }

  merge(other: CauseTally): void {
    for (const [key, place] of other.#places) {
      const mine = this.#places.get(key);
      if (mine === undefined) this.#places.set(key, { ...place, tree: copyOf(place.tree) });
      else mergeInto(mine.tree, place.tree);
    }
    this.explainedUs += other.explainedUs;
  }

  /** Every place with its wording: what adds up over the traces of days. */
  *parts(): Iterable<CausePart> {
    for (const { kind, reading, unit, tree } of this.#places.values()) {
      const { callers, callerFile } = reading;
      const { frame } = causeOf({ kind, reading, unit, tree });
      yield { kind, unit: unit ?? '', callers, file: callerFile, frame, us: tree.us };
    }
  }

  /** The largest first; the small rest as one line, so that the sum stays. */
  causes(): readonly Cause[] {
    const all = [...this.#places.values()]
      .map((place) => causeOf(place))
      .sort((a, b) => b.ms - a.ms || (a.frame < b.frame ? -1 : 1));
    if (all.length <= MAX_CAUSES) return all;
    const rest = all.slice(MAX_CAUSES - 1);
    const ms = rest.reduce((sum, cause) => sum + cause.ms, 0);
    return [
      ...all.slice(0, MAX_CAUSES - 1),
      { kind: 'app', frame: `${rest.length} smaller places`, ms, callers: [] },
    ];
  }
}

function addPath(tree: Node, path: readonly string[], us: number) {
  tree.us += us;
  let at = tree;
  for (const frame of path.slice(0, MAX_DEPTH)) {
    let next = at.below.get(frame);
    if (next === undefined) {
      next = newNode();
      at.below.set(frame, next);
    }
    next.us += us;
    at = next;
  }
}

const copyOf = (node: Node): Node => ({
  us: node.us,
  below: new Map([...node.below].map(([name, child]) => [name, copyOf(child)])),
});

function mergeInto(into: Node, from: Node) {
  into.us += from.us;
  for (const [name, child] of from.below) {
    const mine = into.below.get(name);
    if (mine === undefined) into.below.set(name, copyOf(child));
    else mergeInto(mine, child);
  }
}

function causeOf({ kind, reading, unit, tree }: Place): Cause {
  const { callers, callerFile } = reading;
  const caller = callers.length === 0 ? '' : `${callers.join(' ← ')} (${callerFile})`;
  return { kind, frame: frameOf(kind, tree, caller, unit), ms: tree.us / US_PER_MS, callers };
}

function frameOf(kind: CauseKind, tree: Node, caller: string, unit: string | undefined): string {
  if (kind === 'app') return caller;
  if (kind === 'gc') return 'garbage collection';
  if (kind === 'runtime') return 'native code of the runtime';
  if (kind === 'foreign')
    return `blocked by ${unit === undefined ? 'another request' : unitOfKey(unit).name}: ${caller}`;
  if (kind === 'waiting' && caller === '') return 'nothing to instrument in this process';
  const called = calledFrom(tree);
  if (kind === 'waiting') return called === '' ? caller : `${called}, called from ${caller}`;
  return caller === '' ? called : `${called}, called from ${caller}`;
}

/** The functions that most of the time went through, the last ones of them: `prefetch_related_objects › prefetch_one_level`. */
function calledFrom(tree: Node): string {
  const path: string[] = [];
  for (let at = tree; path.length < MAX_DEPTH; ) {
    const [next] = [...at.below].sort((a, b) => b[1].us - a[1].us || (a[0] < b[0] ? -1 : 1));
    if (next === undefined || next[1].us < Math.max(DELEGATED * at.us, DOMINANT * tree.us)) break;
    path.push(next[0]);
    at = next[1];
  }
  if (path.length === 0) {
    const [most] = [...tree.below].sort((a, b) => b[1].us - a[1].us);
    if (most !== undefined) path.push(most[0]);
  }
  const named = path.slice(-NAMED).map((frame) => frame.split('\n'));
  const file = named.at(-1)?.[1] ?? '';
  const names = named.map(([name]) => name).join(' › ');
  return file === '' ? names : `${names} (${file})`;
}
