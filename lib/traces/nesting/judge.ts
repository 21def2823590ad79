import {
  type DeploymentId,
  type Facts,
  isBroken,
  type Standing,
  standingOf,
  type Tally,
  tallyOf,
} from './deployments.ts';
import { type Repair, repairEndpoint } from './repair.ts';
import type { Settings } from './settings.ts';

/** A deployment's traces. */
export interface Group {
  /** Indices of the traces in the input. */
  readonly members: readonly number[];
  readonly id: DeploymentId;
  readonly facts: readonly Facts[];
}

export interface Judged extends Group {
  readonly tally: Tally;
  readonly broken: boolean;
  readonly standings: readonly Standing[];
}

/**
 * Where nothing names the processes, a broken and a right one pass for one deployment, whose traces contradict each other.
 * Then the parts that are broken by themselves are one, and the others another.
 */
export function unmixed(
  group: Group,
  {
    partOf,
    groupOf,
  }: {
    readonly partOf: (index: number) => number;
    readonly groupOf: (members: readonly number[]) => Group;
  },
  settings: Settings,
): readonly Group[] {
  const isBrokenOne = ({ id, facts }: Group) => isBroken(tallyOf(facts, settings), id.platform, settings);
  const parts = groupBy(group.members, (t) => String(partOf(t)));
  if (parts.length === 1 || isBrokenOne(group)) return [group];
  if (tallyOf(group.facts, settings).shared < settings.minShared) return [group];
  const broken = new Set(parts.filter((members) => isBrokenOne(groupOf(members))).flat());
  const right = group.members.filter((t) => !broken.has(t));
  return broken.size === 0 ? [group] : [[...broken], right].filter(({ length }) => length > 0).map(groupOf);
}

/** Judges each deployment as a whole, then its traces. O(traces). */
export function judge(groups: readonly Group[], settings: Settings): Judged[] {
  const tallies = groups.map(({ facts }) => tallyOf(facts, settings));
  const releases = releaseTallies(groups, tallies);
  return groups.map((group, g) => {
    const tally = tallies[g]!;
    const { platform } = group.id;
    const broken = isBroken(tally, platform, settings);
    // Where `init` stands is a matter of the code: a process that has shown too little is as its siblings are.
    const tooFew = tally.shared < settings.minShared && tally.apart === 0;
    const kin = !broken && tooFew && isBroken(releases.get(releaseOf(group.id))!, platform, settings);
    const deployment = { tally, broken, kin };
    const standings = group.facts.map((facts) => standingOf(facts, deployment, settings));
    return { ...group, tally, broken, standings };
  });
}

export const releaseOf = ({ service, release, platform, sdk }: DeploymentId) =>
  JSON.stringify([service, release, platform, sdk]);

function releaseTallies(groups: readonly Group[], tallies: readonly Tally[]): Map<string, Tally> {
  const sums = new Map<string, Tally>();
  for (const [g, { id }] of groups.entries()) {
    const key = releaseOf(id);
    const sum = sums.get(key) ?? { traces: 0, shared: 0, apart: 0, against: 0 };
    const { traces, shared, apart, against } = tallies[g]!;
    sums.set(key, {
      traces: sum.traces + traces,
      shared: sum.shared + shared,
      apart: sum.apart + apart,
      against: sum.against + against,
    });
  }
  return sums;
}

export interface Settled extends Judged {
  readonly repairs: readonly (Repair | undefined)[];
}

/** Repairs the asked traces that are wrong. */
export function settle(group: Judged, asked: readonly boolean[], settings: Settings): Settled {
  const { facts, standings } = group;
  const repairs: (Repair | undefined)[] = new Array(facts.length);
  const wrong = indices(facts).filter((k) => asked[k] && standings[k] === 'misnested');
  for (const endpoint of groupBy(wrong, (k) => facts[k]!.table.trace.name)) {
    const repaired = repairEndpoint(
      endpoint.map((k) => facts[k]!),
      settings,
    );
    for (const [r, k] of endpoint.entries()) repairs[k] = repaired[r]!;
  }
  return { ...group, repairs };
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}

export const indices = (list: readonly unknown[]) => list.map((_, i) => i);
