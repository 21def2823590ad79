import type { Span, Trace } from '../../model/trace.ts';
import { type Ambiguity, ambiguitiesOf } from './ambiguities.ts';
import { adviceFor } from './cause.ts';
import {
  type DeploymentId,
  deploymentOf,
  type Facts,
  factsOf,
  type Standing,
  type Tally,
  tallyOf,
} from './deployments.ts';
import type { Cause } from './fix.ts';
import { type Fragmented, fragmentsOf } from './fragments.ts';
import { type Group, groupBy, indices, type Judged, judge, releaseOf, settle, unmixed } from './judge.ts';
import type { Repair } from './repair.ts';
import { reportedParents } from './reported.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { type Marks, ORPHAN, type Signal, signalsOf } from './signals.ts';
import { Keys, type SpanTable, tableOf } from './span-table.ts';

export type NestingVerdict = 'ok' | 'hint' | 'misnested';

/** An edge that was marked, or that the repair changed; of an `ok` trace only such as name a parent that did not arrive. Ids are those of spans; the root's stands for the transaction. */
export interface CheckedEdge {
  readonly spanId: string;
  readonly reportedParent: string;
  /** The same as reported where nothing was repaired. */
  readonly repairedParent: string;
  readonly signals: readonly Signal[];
  /** Of the repaired parent; 1 where nothing was repaired. */
  readonly certainty: number;
}

/** A trace's spans with the parents to use: those reported, or those repaired. A view; the trace stays as sent. */
export interface NestedTrace {
  readonly trace: Trace;
  readonly verdict: NestingVerdict;
  /** Fire-and-forget or late binding in a process whose scopes are apart: a `hint`. */
  readonly detached: boolean;
  /** Without repeated ids, in the order of their starts. */
  readonly spans: readonly Span[];
  /** Index into `spans`, −1 for the root; no cycles, whatever was sent. Unknown parents became the root. */
  readonly parent: Int32Array;
  /** The same as reported, with −2 where the reported parent is not in the trace. May hold cycles. */
  readonly reported: Int32Array;
  readonly edges: readonly CheckedEdge[];
  readonly ambiguous: readonly Ambiguity[];
  /** Spans left out because their id came before. */
  readonly repeatedIds: number;
  /** Index into `NestingReport.deployments`. */
  readonly deployment: number;
}

export interface EndpointNesting {
  readonly name: string;
  readonly verdict: NestingVerdict;
  readonly traces: number;
  readonly misnested: number;
}

export interface DeploymentNesting {
  readonly id: DeploymentId;
  readonly verdict: NestingVerdict;
  readonly tally: Tally;
  /** Of the traces that were asked for. */
  readonly own: Tally;
  readonly misnested: number;
  readonly detached: number;
  readonly cause: Cause | undefined;
  /** One sentence that says what is wrong; '' when nothing is. */
  readonly reason: string;
  /** Text to paste, with a line before it that says where; '' when there is nothing to do. */
  readonly fix: string;
  readonly endpoints: readonly EndpointNesting[];
}

export interface NestingReport {
  readonly deployments: readonly DeploymentNesting[];
  /** In the order of the input. */
  readonly traces: readonly NestedTrace[];
  readonly fragmented: readonly Fragmented[];
}

/**
 * Says of each trace whether its spans hang where the program put them, why not, what to do about it, and where they
 * belong. Traces of one process are judged together: give as many of them as there are, ten or more of each endpoint.
 *
 * Total: repeated ids, cycles, orphans and garbage get a verdict. Deterministic. Linear in the spans, but for a repair's
 * weighing of spans that are alive at once (bounded by `maxCandidates`).
 *
 * @param isAsked of a trace's index: the others only bear witness, and are not repaired
 * @param partOf of a trace's index: the file that it came in, by which processes are told apart that nothing else names
 */
export function checkNesting(
  traces: readonly Trace[],
  settings: Settings = DEFAULTS,
  isAsked: (index: number) => boolean = () => true,
  partOf: (index: number) => number = () => 0,
): NestingReport {
  const keys = new Keys();
  const groupOf = (members: readonly number[]): Group => ({
    members,
    id: deploymentOf(traces[members[0]!]!),
    facts: factsOf(
      members.map((t) => tableOf(traces[t]!, keys)),
      settings,
    ),
  });
  const groups = groupBy(indices(traces), (t) => JSON.stringify(deploymentOf(traces[t]!)))
    .map(groupOf)
    .flatMap((group) => unmixed(group, { partOf, groupOf }, settings));
  const judged = judge(groups, settings);
  const settled = judged.map((group) => settle(group, group.members.map(isAsked), settings));
  const nested: NestedTrace[] = new Array(traces.length);
  const loopsWithTasks = Map.groupBy(settled.filter(hasTasks), ({ id }) => processOf(id));
  const deployments = settled.map((group, d) => {
    for (const [k, t] of group.members.entries())
      nested[t] = nestedTrace(group.facts[k]!, group.standings[k]!, group.repairs[k], d);
    const own = tallyOf(
      group.facts.filter((_, k) => isAsked(group.members[k]!)),
      settings,
    );
    return { ...deploymentReport(group, loopsWithTasks.get(processOf(group.id)) ?? [], settings), own };
  });
  return { deployments, traces: nested, fragmented: fragmentsOf(traces, settings, isAsked) };
}

const VERDICTS = {
  ok: 'ok',
  hint: 'hint',
  detached: 'hint',
  misnested: 'misnested',
} as const;

function nestedTrace(
  { table, marks }: Facts,
  standing: Standing,
  repair: Repair | undefined,
  deployment: number,
): NestedTrace {
  const parent = repair?.parent ?? reportedParents(table);
  return {
    trace: table.trace,
    verdict: VERDICTS[standing],
    detached: standing === 'detached',
    spans: table.spans,
    parent,
    reported: table.parent,
    edges: edgesOf(table, standing === 'ok' ? orphansOf(marks) : marks.bits, parent, repair),
    ambiguous: repair ? ambiguitiesOf(table, repair) : [],
    repeatedIds: table.repeatedIds,
    deployment,
  };
}

/** Of a right trace only what did not arrive is told; its other marks have good reasons. */
const orphansOf = ({ bits }: Marks) => bits.map((b) => b & ORPHAN);

function edgesOf(
  { trace, spans, parent: reported }: SpanTable,
  bits: Uint8Array,
  parent: Int32Array,
  repair: Repair | undefined,
): CheckedEdge[] {
  const idOf = (p: number) => spans[p]?.spanId ?? trace.root.spanId;
  return spans.flatMap((span, i) =>
    bits[i] === 0 && (!repair || parent[i] === reported[i])
      ? []
      : [
          {
            spanId: span.spanId,
            reportedParent: span.parentSpanId,
            repairedParent: repair ? idOf(parent[i]!) : span.parentSpanId,
            signals: signalsOf(bits[i]!),
            certainty: repair?.certainty[i] ?? 1,
          },
        ],
  );
}

/** @param loopsWithTasks deployments of the same process whose spans name tasks */
function deploymentReport(
  group: Judged,
  loopsWithTasks: readonly Judged[],
  settings: Settings,
): Omit<DeploymentNesting, 'own'> {
  const { id, tally, standings, facts } = group;
  const count = (standing: Standing) => standings.filter((s) => s === standing).length;
  const misnested = count('misnested');
  const detached = count('detached');
  const advice = adviceFor({
    id,
    misnested,
    detached,
    trace: facts[Math.max(0, standings.indexOf('misnested'))]!.table.trace,
    taskSpansElsewhere: loopsWithTasks.some((other) => threadNameOf(other) !== threadNameOf(group)),
    taskSpansHere: hasTasks(group),
  });
  return {
    id,
    verdict: misnested > 0 ? 'misnested' : detached > 0 ? 'hint' : 'ok',
    tally,
    misnested,
    detached,
    ...advice,
    endpoints: endpointsOf(group, settings),
  };
}

const hasTasks = ({ facts }: Group) => facts.some(({ table }) => table.task.includes(1));

/** Threads of one name are of two processes: each has one main thread. */
const threadNameOf = ({ facts }: Group) => facts[0]!.table.trace.root.threadName;

/** Event loops of one process are told by the same words, as far as what was sent can tell. */
const processOf = (id: DeploymentId) => JSON.stringify([releaseOf(id), id.host, id.process]);

function endpointsOf({ facts, standings }: Judged, settings: Settings): EndpointNesting[] {
  return groupBy(indices(facts), (k) => facts[k]!.table.trace.name).map((members) => {
    const misnested = members.filter((k) => standings[k] === 'misnested').length;
    const isWrong =
      misnested >= settings.minEndpointTraces || misnested >= settings.minEndpointShare * members.length;
    const hinted = members.some((k) => standings[k] !== 'ok');
    return {
      name: facts[members[0]!]!.table.trace.name,
      verdict: misnested > 0 && isWrong ? 'misnested' : hinted ? 'hint' : 'ok',
      traces: members.length,
      misnested,
    };
  });
}
