import { type Observation, observe } from '../findings/life-cycle.ts';
import type { Finding } from '../model/finding.ts';
import type { JobContext } from './context.ts';
import { observeDeaths } from './death-findings.ts';
import { reworded } from './leak-ends.ts';
import { observeRole, rolesOf } from './leak-findings.ts';
import { observeRules, type RuleScene } from './rule-findings.ts';
import type { ScanOutcome } from './scan-outcome.ts';

/** Turns what a scan saw into findings: one per role that grows by itself, and one for deaths. */
export async function keepFindings(context: JobContext, outcome: ScanOutcome): Promise<void> {
  const observations = [
    ...(await Promise.all(rolesOf(outcome).map((role) => observeRole(context, outcome, role)))),
    observeDeaths(outcome),
  ].filter((observation) => observation !== undefined);
  await observeAll(context, outcome, observations);
  await observeAll(context, outcome, observeRules(await ruleScene(context, outcome), outcome.rules));
}

/** What says of an instance what a rule about its memory would say, also to one who wants to hear of it later. */
const SAYS_THE_SAME: readonly Finding['kind'][] = ['leak', 'killed'];
const STILL_SAYS: readonly Finding['state'][] = ['firing', 'snoozed'];

/** Rules come second: what a message tells of an instance's memory, now or since a scan before, makes them no news. */
async function ruleScene(context: JobContext, outcome: ScanOutcome): Promise<RuleScene> {
  const { project, service, now, from, instances } = outcome;
  const known = (await context.findings.list(project)).filter(
    ({ service: of, kind, state }) =>
      of === service && SAYS_THE_SAME.includes(kind) && STILL_SAYS.includes(state),
  );
  const named = new Set(known.flatMap(({ evidence }) => evidence.instances));
  return { project, service, now, from, instances, named };
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
