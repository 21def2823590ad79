import { type Observation, observe } from '../findings/life-cycle.ts';
import type { LookState } from '../leaks/index.ts';
import type { Finding } from '../model/finding.ts';
import { listScans, type ScanRecord } from '../records/scans.ts';
import type { JobContext } from './context.ts';
import { observeDeaths } from './death-findings.ts';
import { reworded } from './leak-ends.ts';
import { observeRole, rolesOf } from './leak-findings.ts';
import { observeRules, type RuleScene, toldByRule } from './rule-findings.ts';
import { CALM, type ScanOutcome } from './scan-outcome.ts';

/** Turns what a scan saw into findings: one per role that grows by itself, and one for deaths. */
export async function keepFindings(context: JobContext, outcome: ScanOutcome): Promise<void> {
  const observations = [
    ...(await Promise.all(rolesOf(outcome).map((role) => observeRole(context, outcome, role)))),
    observeDeaths(outcome),
  ].filter((observation) => observation !== undefined);
  const before = observations.some(isGrowth) ? await context.findings.list(outcome.project) : [];
  await observeAll(
    context,
    outcome,
    observations.map((one) => (isGrowth(one) ? { ...one, toldAt: toldByRule(before, one) } : one)),
  );
  await observeAll(context, outcome, observeRules(await ruleScene(context, outcome), outcome.rules));
}

const isGrowth = ({ kind, state }: Observation) => kind === 'leak' && state === 'firing';

/** What says of an instance what a rule about its memory would say, also to one who wants to hear of it later. */
const SAYS_THE_SAME: readonly Finding['kind'][] = ['leak', 'killed'];
const STILL_SAYS: readonly Finding['state'][] = ['firing', 'snoozed'];

/** Rules come second: what a message tells of an instance's memory, now or since a scan before, makes them no news. */
async function ruleScene(context: JobContext, outcome: ScanOutcome): Promise<RuleScene> {
  const { project, service, now, from, instances, rules } = outcome;
  if (rules.every(({ alerts }) => alerts.length === 0))
    return { project, service, now, from, instances, named: new Set(), calm: new Map() };
  const known = (await context.findings.list(project)).filter(
    ({ service: of, kind, state }) =>
      of === service && SAYS_THE_SAME.includes(kind) && STILL_SAYS.includes(state),
  );
  const named = new Set(known.flatMap(({ evidence }) => evidence.instances));
  const calm = calmRoles(await listScans<LookState>(context.records, project, service));
  return { project, service, now, from, instances, named, calm };
}

/** Verdicts after which a rise is known to end: a rule that sees it tells nothing new. */
const ENDS: readonly string[] = [...CALM, 'warm-up'];

/** By the newest look, of every version: what only an older one judged is sent no more. */
function calmRoles(scans: readonly ScanRecord<LookState>[]): Map<string, boolean> {
  const newest = Math.max(0, ...scans.map(({ at }) => at));
  const calm = new Map<string, boolean>();
  for (const { role, at, result } of scans)
    if (at === newest) calm.set(role, ENDS.includes(result.verdict) && calm.get(role) !== false);
  return calm;
}

async function observeAll(
  context: JobContext,
  outcome: ScanOutcome,
  observations: readonly Observation[],
): Promise<void> {
  for (const observation of observations) {
    await context.findings.change(outcome.project, observation.id, (before) => {
      const said =
        observation.state === 'clear' && before ? reworded(before, observation, outcome) : observation;
      const after = observe(before, said, outcome.now);
      return after === before ? undefined : after;
    });
  }
}
