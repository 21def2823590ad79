import { listJoins } from '../../records/joins.ts';
import type { StatePart } from '../../segments/read.ts';
import {
  type DeploymentSpans,
  mergeDeployments,
  noSpans,
  OTHER,
  type SpansState,
} from '../../traces/spans-state.ts';
import type { JobContext } from '../context.ts';
import { statesOf, type TracesQuery } from './traces.ts';

const NESTING: StatePart<SpansState> = {
  name: 'deployments',
  of: ({ deployments }) => ({ ...noSpans, deployments }),
};

/** How the traces of each process are nested, and what to do about it. */
export async function nestingAnswer(context: JobContext, query: TracesQuery) {
  const states = await statesOf(context, query, NESTING);
  const items = [...deploymentsOf(states)]
    .filter(([key]) => key !== OTHER)
    .map(([key, deployment]) => deploymentAnswer(key, deployment))
    .sort((a, b) => b.misnested - a.misnested || b.traces - a.traces);
  return { items, cursor: null, left: await leftOf(context, query) };
}

/** Spans of the whole project that no trace could be made with: joins do not know whose they are. */
async function leftOf({ records }: JobContext, { project, from, to }: TracesQuery) {
  const sum = { rootless: 0, late: 0 };
  for (const { rootless, late } of await listJoins(records, project, from, to)) {
    sum.rootless += rootless;
    sum.late += late;
  }
  return [
    { reason: 'no root within two minutes', count: sum.rootless },
    { reason: 'came after the join', count: sum.late },
  ].filter(({ count }) => count > 0);
}

export function deploymentsOf(states: readonly SpansState[]): ReadonlyMap<string, DeploymentSpans> {
  const sums = new Map<string, DeploymentSpans>();
  for (const { deployments } of states)
    for (const [key, one] of deployments) {
      const before = sums.get(key);
      sums.set(key, before === undefined ? one : mergeDeployments(before, one));
    }
  return sums;
}

interface Id {
  readonly release: string;
  readonly host: string;
  readonly process: string;
  readonly platform: string;
  readonly sdk: string;
}

export function deploymentAnswer(key: string, one: DeploymentSpans) {
  const { release, host, process, platform, sdk } = JSON.parse(key) as Id;
  return {
    release,
    host,
    process,
    platform,
    sdk,
    verdict: verdictOf(one),
    traces: one.traces,
    misnested: one.misnested,
    detached: one.detached,
    ...adviceOf(one),
    endpoints: [...one.endpoints]
      .filter(([name]) => name !== OTHER)
      .map(([name, counts]) => ({ name, ...counts }))
      .sort((a, b) => b.misnested - a.misnested || b.traces - a.traces),
    fragmented: [...one.fragmented].map(([endpoint, counts]) => ({ endpoint, ...counts })),
  };
}

const verdictOf = ({ misnested, detached }: DeploymentSpans) =>
  misnested > 0 ? ('misnested' as const) : detached > 0 ? ('hint' as const) : ('ok' as const);

/** What was told of most of its traces. */
export function adviceOf({ advice }: DeploymentSpans) {
  const [most] = [...advice].filter(([key]) => key !== OTHER).sort(([, a], [, b]) => b - a);
  const [cause, reason, fix] = most === undefined ? [null, '', ''] : (JSON.parse(most[0]) as string[]);
  return { cause: cause ?? null, reason: reason ?? '', fix: fix ?? '' };
}
