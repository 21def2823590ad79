import type { Observation } from '../../findings/life-cycle.ts';
import { fragmentedWording, nestingWording } from '../../findings/trace-wording.ts';
import { isBroken } from '../../traces/nesting/deployments.ts';
import { DEFAULTS } from '../../traces/nesting/settings.ts';
import { OTHER, type TraceExample } from '../../traces/spans-state.ts';
import { deploymentAnswer, deploymentsOf } from '../answers/nesting.ts';
import { examplesOf, noTraceEvidence, type TraceScene, traceObservation } from './evidence.ts';

const EXAMPLES = 3;

/**
 * One finding for the service, whatever number of its processes are wired so: where `init` stands is one line of its code.
 * Fires while a process that is broken as a whole has sent wrong traces in the last hour; before that only in some hours'.
 */
export function observeNesting(scene: TraceScene): Observation | undefined {
  const broken = [...deploymentsOf([scene.all])].filter(([key, tally]) => {
    if (key === OTHER || tally.misnested === 0) return false;
    return isBroken(tally, (JSON.parse(key) as { platform: string }).platform, DEFAULTS);
  });
  if (broken.length === 0) return undefined;
  const recent = scene.recent.deployments;
  const isOver = recent.size > 0 && [...recent.values()].every(({ misnested }) => misnested === 0);
  if (isOver) return undefined;
  const answers = broken
    .map(([key, tally]) => deploymentAnswer(key, tally))
    .sort((a, b) => b.misnested - a.misnested);
  const sum = (of: (answer: (typeof answers)[number]) => number) =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const { reason, cause, fix, release } = answers[0]!;
  const [traces, misnested] = [sum((one) => one.traces), sum((one) => one.misnested)];
  return traceObservation(scene, {
    kind: 'nesting',
    subject: 'nesting',
    wording: nestingWording({ service: scene.service, traces, misnested, reason }),
    version: release,
    instances: [...new Set(answers.map(({ host }) => host).filter((host) => host !== ''))],
    traces: {
      ...noTraceEvidence,
      requests: traces,
      affected: misnested,
      cause,
      fix,
      examples: examplesOf(wrongExamples(scene)),
    },
  });
}

function wrongExamples({ all }: TraceScene): readonly TraceExample[] {
  return [...all.units.values()]
    .flatMap(({ wrong }) => wrong)
    .sort((a, b) => b.at - a.at || (a.traceId < b.traceId ? -1 : 1))
    .slice(0, EXAMPLES);
}

const MIN_FRAGMENTED = 3;
const MIN_SHARE = 0.5;

/** Requests that come apart: a finding for each endpoint, never merged with others. */
export function observeFragments(scene: TraceScene): Observation[] {
  const sums = new Map<string, { units: number; fragmentedUnits: number; fragments: number }>();
  for (const { fragmented } of scene.recent.deployments.values())
    for (const [endpoint, { units, fragmentedUnits, fragments }] of fragmented) {
      const before = sums.get(endpoint) ?? { units: 0, fragmentedUnits: 0, fragments: 0 };
      sums.set(endpoint, {
        units: before.units + units,
        fragmentedUnits: before.fragmentedUnits + fragmentedUnits,
        fragments: before.fragments + fragments,
      });
    }
  return [...sums]
    .filter(([endpoint, { units, fragmentedUnits }]) => {
      return endpoint !== OTHER && fragmentedUnits >= MIN_FRAGMENTED && fragmentedUnits >= MIN_SHARE * units;
    })
    .map(([endpoint, counts]) =>
      traceObservation(scene, {
        kind: 'fragmented',
        subject: endpoint,
        wording: fragmentedWording({ service: scene.service, endpoint, ...counts }),
        isSilent: true,
        traces: { ...noTraceEvidence, requests: counts.units, affected: counts.fragmentedUnits },
      }),
    );
}
