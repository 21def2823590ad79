import type { EpochUs, Span, Trace } from '../../model/trace.ts';
import type { Settings } from './settings.ts';
import { sameness } from './span-kinds.ts';

/** A span without a parent that is no unit of work: its context was lost on the way. */
interface Parentless {
  readonly traceId: string;
  readonly span: Span;
}

/** An endpoint whose work arrives in pieces: they lie in its interval, but nothing says that they belong to it. */
export interface Fragmented {
  readonly service: string;
  readonly release: string;
  readonly host: string;
  readonly process: string;
  readonly endpoint: string;
  /** Requests that can be told: no other one that holds the same pieces ran beside them. */
  readonly units: number;
  /** Of these, such with three or more pieces. */
  readonly fragmentedUnits: number;
  readonly fragments: number;
  /** Pieces of the request with the most, never merged into it. */
  readonly example: {
    readonly traceId: string;
    readonly spanId: string;
    readonly fragments: readonly { readonly traceId: string; readonly spanId: string }[];
  };
  readonly reason: string;
}

const MAX_EXAMPLES = 20;

/**
 * Finds endpoints whose requests come apart: many parentless spans inside the interval of one request of the same
 * process. O(n log n), and bounded work per piece.
 */
export function fragmentsOf(
  traces: readonly Trace[],
  settings: Settings,
  isAsked: (index: number) => boolean = () => true,
): Fragmented[] {
  const asked = new Set(traces.filter((_, t) => isAsked(t)));
  const processes = new Map<string, { units: Trace[]; pieces: Parentless[] }>();
  const of = ({ service, release, host, process }: Trace) => {
    const key = JSON.stringify([service, release, host, process]);
    const known = processes.get(key) ?? { units: [], pieces: [] };
    processes.set(key, known);
    return known;
  };
  for (const trace of traces) {
    const { traceId, root, spans } = trace;
    const { units, pieces } = of(trace);
    if (isEntry(root)) units.push(trace);
    else if (root.parentSpanId === '') pieces.push({ traceId, span: root });
    for (const span of spans) if (span.parentSpanId === '') pieces.push({ traceId, span });
  }
  return [...processes.values()].flatMap(({ units, pieces }) =>
    fragmentsOfProcess(units, pieces, settings, asked),
  );
}

/** Roots that something outside called; others are parentless because they begin a unit of their own, or lost theirs. */
const ENTRY = /(?:^|\.)(?:server|task|process|consumer|lambda|cron)(?:\.|$)/;
const isEntry = ({ op }: Span) => ENTRY.test(op);

interface Held {
  readonly unit: Trace;
  readonly pieces: readonly Parentless[];
}

function fragmentsOfProcess(
  units: readonly Trace[],
  pieces: readonly Parentless[],
  settings: Settings,
  asked: ReadonlySet<Trace>,
): Fragmented[] {
  if (units.length < settings.minFragmentedUnits || pieces.length === 0) return [];
  const holders = holdersOf(units, pieces);
  const background = backgroundKinds(pieces, holders, settings);
  const held = Map.groupBy(
    indices(pieces).filter((p) => holders[p]!.length === 1 && !background.has(kindOf(pieces[p]!))),
    (p) => holders[p]![0]!,
  );
  const endpoints = Map.groupBy(indices(units), (u) => units[u]!.name);
  return [...endpoints.values()].flatMap((members) =>
    finding(
      members.map((u) => ({ unit: units[u]!, pieces: (held.get(u) ?? []).map((p) => pieces[p]!) })),
      settings,
      asked,
    ),
  );
}

/** Judged by all requests; told, and counted, are those that were asked for. */
function finding(members: readonly Held[], settings: Settings, asked: ReadonlySet<Trace>): Fragmented[] {
  const fragmented = members.filter(({ pieces }) => pieces.length >= settings.minFragments);
  const most = fragmented.toSorted((a, b) => b.pieces.length - a.pieces.length)[0];
  if (!most || fragmented.length < settings.minFragmentedUnits) return [];
  if (fragmented.length < settings.minFragmentedShare * members.length) return [];
  const told = fragmented.filter(({ unit }) => asked.has(unit));
  if (told.length === 0) return [];
  const units = members.filter(({ unit }) => asked.has(unit)).length;
  const { service, release, host, process, name, traceId, root } = most.unit;
  const fragments = told.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const pieces = most.pieces.slice(0, MAX_EXAMPLES);
  return [
    {
      service,
      release,
      host,
      process,
      endpoint: name,
      units,
      fragmentedUnits: told.length,
      fragments,
      example: {
        traceId,
        spanId: root.spanId,
        fragments: pieces.map((piece) => ({ traceId: piece.traceId, spanId: piece.span.spanId })),
      },
      reason: `${told.length} of ${units} requests come apart: ${fragments} spans without a parent lie inside of them, so their context was lost on the way`,
    },
  ];
}

const kindOf = ({ span }: Parentless) => sameness(span.op, span.description);

function backgroundKinds(
  pieces: readonly Parentless[],
  holders: readonly (readonly number[])[],
  settings: Settings,
): Set<string> {
  const kinds = Map.groupBy(indices(pieces), (p) => kindOf(pieces[p]!));
  const background = new Set<string>();
  for (const [kind, members] of kinds) {
    const outside = members.filter((p) => holders[p]!.length === 0).length;
    if (outside > settings.maxOutsideShare * members.length) background.add(kind);
  }
  return background;
}

/** Two holders are as good as many: the piece can't be told. */
const ENOUGH = 2;
/** Units that run at once and are looked at for one piece. */
const MAX_ALIVE = 64;

/** Up to two units that hold each piece. A unit holds its own trace's pieces alone. */
function holdersOf(units: readonly Trace[], pieces: readonly Parentless[]): readonly (readonly number[])[] {
  const byStart = indices(units).sort((a, b) => units[a]!.root.start - units[b]!.root.start);
  const order = indices(pieces).sort((a, b) => pieces[a]!.span.start - pieces[b]!.span.start);
  const found: number[][] = pieces.map(() => []);
  let alive: number[] = [];
  let next = 0;
  for (const p of order) {
    const { span, traceId } = pieces[p]!;
    while (next < byStart.length && units[byStart[next]!]!.root.start <= span.start)
      alive.push(byStart[next++]!);
    alive = stillAlive(alive, units, span.start);
    const holds = (u: number) => units[u]!.root.end >= span.end;
    const own = alive.find((u) => units[u]!.traceId === traceId && holds(u));
    found[p] = own === undefined ? alive.filter(holds).slice(0, ENOUGH) : [own];
  }
  return found;
}

const stillAlive = (alive: readonly number[], units: readonly Trace[], now: EpochUs) =>
  alive.filter((u) => units[u]!.root.end >= now).slice(-MAX_ALIVE);

const indices = (list: readonly unknown[]) => list.map((_, i) => i);
