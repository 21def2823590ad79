import { type CodeLine, liveSites, type Site, siteKey } from '../flame/sites.ts';
import type { Profile } from '../model/profile.ts';
import type { InstanceIdentity } from '../model/telemetry.ts';
import type { EpochMs } from '../model/units.ts';
import { emptyInstance, factKey, type InstanceState } from '../segments/kinds/instance.ts';
import { levelsOf } from '../segments/kinds/points.ts';
import { ALL_SITES, siteLevelKey, siteMeasure } from './lives/sites.ts';
import { scrubbed } from './scrubbed.ts';

/** Where the live bytes of a heap profile were allocated, as points of its instance beside its memory. */
export function heapState(
  profile: Profile,
  identity: InstanceIdentity,
  time: EpochMs,
): InstanceState | undefined {
  const measured = liveSites(profile);
  if (measured.length === 0) return undefined;
  const at = (value: number) => levelsOf([{ time, value }]);
  const levels = measured.flatMap(({ total, sites, ...measure }) => {
    // Two lines whose names are the same once scrubbed are one.
    const sums = new Map<string, number>();
    for (const { site, bytes } of sites) {
      const key = siteKey(scrubbedSite(site));
      sums.set(key, (sums.get(key) ?? 0) + bytes);
    }
    const name = siteMeasure(measure);
    const parts = [...sums].map(([key, bytes]) => [siteLevelKey(name, key), at(bytes)] as const);
    return [[siteLevelKey(name, ALL_SITES), at(total)] as const, ...parts];
  });
  const seen = { first: time, last: time };
  const facts = joinFacts(identity).map(([name, value]) => [factKey(name, value), seen] as const);
  return { ...emptyInstance, facts: new Map(facts), levels: new Map(levels) };
}

const scrubbedLine = ({ name, file, line }: CodeLine): CodeLine => ({
  name: scrubbed(name.toWellFormed()),
  file: scrubbed(file.toWellFormed()),
  line,
});
const scrubbedSite = ({ inApp, calledFrom, ...line }: Site): Site => ({
  ...scrubbedLine(line),
  inApp,
  ...(calledFrom && { calledFrom: scrubbedLine(calledFrom) }),
});

/** What tells that two identities, of two protocols, are one process. */
export const joinFacts = ({ joins }: InstanceIdentity): [string, string][] =>
  told([
    ['pid', joins.pid === undefined ? undefined : String(joins.pid)],
    ['host', joins.host],
    ['pod-uid', joins.podUid],
    ['pod', joins.podName],
    ['container', joins.containerId],
  ]);

export const told = (facts: readonly [string, string | undefined][]) =>
  facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
