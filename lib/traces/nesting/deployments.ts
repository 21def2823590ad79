import type { Trace } from '../../model/trace.ts';
import { type LayerTest, layerTest, learnLayers } from './learned-layers.ts';
import { eventsOf, type Replay, replayOf } from './replay.ts';
import { type Apart, apartBy } from './scopes.ts';
import type { Settings } from './settings.ts';
import { DEAD, LEAF, type Marks, marksOf, OUTLIVES, TWIN } from './signals.ts';
import type { SpanTable } from './span-table.ts';
import { lonelyEnds } from './timeline.ts';

/**
 * One process of one release on one host. Whether tasks share a scope is decided once, when the process starts, so its
 * traces are judged together; two processes of one release may differ in it.
 */
export interface DeploymentId {
  readonly service: string;
  readonly release: string;
  readonly host: string;
  readonly process: string;
  readonly platform: string;
  readonly sdk: string;
  /** Thread of the root in Python, where thread ids differ by process and by event loop; else ''. */
  readonly thread: string;
}

/** A trace with what its own spans say. */
export interface Facts {
  readonly table: SpanTable;
  readonly isLayer: LayerTest;
  readonly marks: Marks;
  readonly apart: Apart;
  /** Crossings of one scope that tasks share, and not of work that nobody waits for. */
  readonly shared: boolean;
  /** Parents that differ from the replay of one variable; 0 where nothing crosses. */
  readonly replayDiffers: number;
}

/** How many of a deployment's traces speak for and against one shared scope. */
export interface Tally {
  readonly traces: number;
  /** With crossings, and signs beside them, that separate scopes don't explain. */
  readonly shared: number;
  /** With proof of separate scopes. */
  readonly apart: number;
  /** With as many crossings, and parents that one variable would not have held. */
  readonly against: number;
}

export const isPython = (platform: string): boolean => platform === 'python';

export function deploymentOf(trace: Trace): DeploymentId {
  return {
    service: trace.service,
    release: trace.release,
    host: trace.host,
    process: trace.process,
    platform: trace.platform,
    sdk: `${trace.sdk.name} ${trace.sdk.version}`,
    thread: isPython(trace.platform) ? trace.root.threadId : '',
  };
}

export function factsOf(tables: readonly SpanTable[], settings: Settings): Facts[] {
  const learned = learnLayers(tables, settings);
  return tables.map((table) => {
    const isLayer = layerTest(table, learned, settings);
    const marks = marksOf(table, isLayer, settings);
    let known: Replay | undefined;
    const replay = () => (known ??= replayOf(table));
    const apart = apartBy(table, marks, replay, settings);
    return {
      table,
      isLayer,
      marks,
      apart,
      shared: !apart && marks.crossings >= settings.minMarksAlone && isAwaited(table, marks),
      replayDiffers: marks.crossings > 0 ? replay().differs : 0,
    };
  });
}

/**
 * Work that nobody waits for outlives its parent as well, and what it does next begins after that parent ended: where
 * nothing else begins meanwhile, one variable would have held the same parents. But it hangs off a function, never off a
 * call that leaves the process nor off its own twin. So a trace tells of a shared scope only where a crossing does; and,
 * without a dead parent, where somebody goes on as soon as the outliving span ends.
 */
function isAwaited(table: SpanTable, { bits }: Marks): boolean {
  if (!bits.some((b) => b & (DEAD | OUTLIVES) && b & (LEAF | TWIN))) return false;
  if (bits.some((b) => b & DEAD)) return true;
  const isAlone = lonelyEnds(table, eventsOf(table));
  return bits.some((b, i) => b & OUTLIVES && isAlone[i] === 0);
}

export function tallyOf(facts: readonly Facts[], settings: Settings): Tally {
  const crossed = facts.filter(({ marks, apart }) => !apart && marks.crossings >= settings.minMarksAlone);
  return {
    traces: facts.length,
    shared: facts.filter(({ shared }) => shared).length,
    apart: facts.filter(({ apart }) => apart).length,
    against: crossed.filter(({ replayDiffers }) => replayDiffers > 0).length,
  };
}

/** Do the traces show one scope that tasks share, often enough and without too much against it? */
export function isBroken({ shared, apart, against }: Tally, platform: string, settings: Settings): boolean {
  const apartPerShared = isPython(platform) ? settings.apartPerShared : settings.apartPerSharedElsewhere;
  return (
    shared >= settings.minShared &&
    apart <= apartPerShared * shared &&
    against <= settings.againstPerShared * shared
  );
}

/**
 * - `misnested`: parents are wrong because tasks share one scope.
 * - `detached`: scopes are apart, yet work crosses its parent's end: fire-and-forget or late binding.
 * - `hint`: one edge that looks wrong, or work that outlives its parent: not enough for a verdict.
 */
export type Standing = 'ok' | 'hint' | 'detached' | 'misnested';

/**
 * @param broken whether the trace's deployment is
 * @param kin whether the release is broken elsewhere, and this process has too few traces of its own to tell
 */
export function standingOf(
  { table, marks, apart, shared, replayDiffers }: Facts,
  deployment: { readonly tally: Tally; readonly broken: boolean; readonly kin: boolean },
  settings: Settings,
): Standing {
  // Parents that one variable would not have held are the clock's doing where all else says that there is one.
  const isApart = apart !== undefined && !(apart === 'parents' && deployment.broken);
  if (isApart) return marks.crossings > 0 && table.task.includes(1) ? 'detached' : 'ok';
  if (deployment.broken) return marks.marked > 0 ? 'misnested' : 'ok';
  if (deployment.kin && marks.crossings > 0) return 'misnested';
  const { apart: aparts, against } = deployment.tally;
  if (!isPython(table.trace.platform) || aparts + against > settings.maxApartAlone) return 'ok';
  if (shared && replayDiffers === 0) return 'misnested';
  return marks.crossings > 0 ? 'hint' : 'ok';
}
