import { named } from './names.ts';
import type { DeploymentNesting, Fragmented, NestingReport } from './nesting/index.ts';
import type { ReadTrace } from './read-traces.ts';
import { type DeploymentSpans, mergeDeployments, noDeployment } from './spans-state.ts';

type DeploymentsAt = (members: readonly ReadTrace[]) => ReadonlyMap<string, DeploymentSpans>;

/**
 * Tells how the deployments of a partition's traces are nested. Each is told once, with the first of its traces that it is
 * asked about: its proofs are of all of them together, as they were judged, and must not count in every partition.
 */
export function deploymentTeller(nesting: NestingReport, asked: readonly ReadTrace[]): DeploymentsAt {
  const tracesOf = Map.groupBy(asked, ({ result }) => result.nested.deployment);
  const fragmentedOf = Map.groupBy(nesting.fragmented, processKey);
  const told = new Set<number>();
  return (members) => {
    const found = new Map<string, DeploymentSpans>();
    for (const index of new Set(members.map(({ result }) => result.nested.deployment))) {
      if (told.has(index)) continue;
      told.add(index);
      const deployment = nesting.deployments[index]!;
      const key = deploymentKey(deployment);
      const fragmented = fragmentedOf.get(processKey(deployment.id)) ?? [];
      const one = spansOf(deployment, tracesOf.get(index) ?? [], fragmented);
      const before = found.get(key);
      found.set(key, before === undefined ? one : mergeDeployments(before, one));
    }
    return found;
  };
}

export const deploymentKey = ({ id }: DeploymentNesting) => JSON.stringify(id).toWellFormed();
const processKey = ({ service, release, host, process }: Fragmented | DeploymentNesting['id']) =>
  JSON.stringify([service, release, host, process]);

function spansOf(
  { own, cause, reason, fix }: DeploymentNesting,
  members: readonly ReadTrace[],
  fragmented: readonly Fragmented[],
): DeploymentSpans {
  const endpoints = new Map<string, { traces: number; misnested: number }>();
  let misnested = 0;
  let detached = 0;
  for (const { result } of members) {
    const isWrong = result.nested.verdict === 'misnested' ? 1 : 0;
    misnested += isWrong;
    detached += result.nested.detached ? 1 : 0;
    const name = named(result.nested.trace.name);
    const before = endpoints.get(name) ?? { traces: 0, misnested: 0 };
    endpoints.set(name, { traces: before.traces + 1, misnested: before.misnested + isWrong });
  }
  return {
    ...noDeployment,
    ...own,
    misnested,
    detached,
    advice:
      cause === undefined || misnested + detached === 0
        ? new Map()
        : new Map([[JSON.stringify([cause, reason, fix]), misnested + detached]]),
    endpoints,
    fragmented: new Map(
      fragmented.map(({ endpoint, units, fragmentedUnits, fragments }) => [
        named(endpoint),
        { units, fragmentedUnits, fragments },
      ]),
    ),
  };
}
