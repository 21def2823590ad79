import type { ApiFinding, ApiSuspect } from '../../http/schemas.ts';
import { formatBytes, formatInterval } from '../../model/format-number.ts';
import type { Plan } from './plan.ts';

// What the demo says in the end. Pure: the only place where a finding and the truth meet.

/** How many major collections must follow the onset: with fewer, no analysis could tell a leak from garbage. */
export const MAJOR_COLLECTIONS_MIN = 12;

export interface Outcome {
  readonly finding: ApiFinding | undefined;
  readonly url: string;
  readonly seconds: number;
  readonly plan: Plan;
  readonly noLeak: boolean;
  readonly firstRequestAt: number; // epoch ms
  /** Counted by the shop itself, from the onset until now. */
  readonly majorCollectionsAfterOnset: number;
}

const onsetMs = ({ firstRequestAt, plan }: Outcome) => firstRequestAt + plan.leak.onsetS * 1000;

/** The document of `--json`, as docs promise it. Times are epoch milliseconds. */
export function toJson(outcome: Outcome) {
  const { finding, plan, noLeak } = outcome;
  return {
    finding: finding
      ? {
          service: finding.service,
          onset: finding.evidence.onset,
          suspects: finding.suspects.map((suspect) => ({
            units: suspect.units.map((unit) => unit.name),
            kind: suspect.units[0]?.kind ?? suspect.cause,
            bytesPerUnit: suspect.bytesPerUnit,
            weight: suspect.weight,
          })),
          summary: finding.summary,
        }
      : null,
    truth: noLeak
      ? null
      : { unit: plan.leak.unit, onset: onsetMs(outcome), bytesPerUnit: plan.leak.bytesPerUnit },
    cleared: finding?.evidence.cleared.map(({ unit }) => unit.name) ?? [],
    seconds: outcome.seconds,
    url: outcome.url,
    seed: plan.seed,
    majorCollectionsAfterOnset: outcome.majorCollectionsAfterOnset,
  };
}

export function toText(outcome: Outcome): string {
  const { finding, seconds, url } = outcome;
  const lines = finding
    ? [...findingLines(finding), '', `Found ${seconds.toFixed(0)} s after the first request: ${url}`]
    : [`No leak found in ${seconds.toFixed(0)} s. The service's memory: ${url}`];
  return `${['', ...lines, '', ...truthLines(outcome)].join('\n')}\n`;
}

function findingLines(finding: ApiFinding): string[] {
  const { onset, cleared } = finding.evidence;
  return [
    finding.sentence.map(({ text }) => text).join('') || finding.summary,
    '',
    ...finding.suspects.map((suspect) => `  ${suspectLine(suspect)}`),
    ...(onset ? [`  began ${clock(onset.t)} (${clock(onset.low)} … ${clock(onset.high)})`] : []),
    ...(cleared.length > 0 ? [`  cleared: ${cleared.map(({ unit }) => unit.name).join(', ')}`] : []),
  ];
}

const CAUSES = {
  unit: 'a unit of work',
  clock: 'time alone',
  'total-traffic': 'all traffic',
  connections: 'open requests',
} as const;

function suspectLine({ units, cause, bytesPerUnit, weight }: ApiSuspect): string {
  const name = units.map((unit) => unit.name).join(' or ') || CAUSES[cause];
  const kept = bytesPerUnit ? `: ${formatInterval(bytesPerUnit, 'bytes')} per request` : '';
  return `${`${(weight * 100).toFixed(0)} %`.padStart(5)}  ${name}${kept}`;
}

function truthLines(outcome: Outcome): string[] {
  const { plan, noLeak, majorCollectionsAfterOnset: count } = outcome;
  const { leak, decoy, doubling } = plan;
  const enough = count >= MAJOR_COLLECTIONS_MIN || outcome.finding;
  return [
    noLeak
      ? 'Planted: no leak.'
      : `Planted: ${leak.unit} keeps ${formatBytes(leak.bytesPerUnit)} per request since ${clock(onsetMs(outcome))}.`,
    `Beside it: ${decoy.unit} keeps ${formatBytes(decoy.bytesPerUnit)} for ${decoy.holdMs / 1000} s, and ${doubling} ` +
      `had twice its traffic from ${clock(onsetMs(outcome))} on.`,
    `Major collections since then: ${count}.`,
    ...(enough
      ? []
      : [
          `Fewer than ${MAJOR_COLLECTIONS_MIN} decide nothing: this is the demo's failure, not the analysis's.`,
        ]),
  ];
}

/** As the finding's own sentence has it. */
const clock = (ms: number) => `${new Date(ms).toISOString().slice(11, 19)} UTC`;
