import { fingerprint } from '../findings/fingerprint.ts';
import { killedWording } from '../findings/killed-wording.ts';
import type { Observation } from '../findings/life-cycle.ts';
import type { Death } from '../leaks/index.ts';
import type { PostMortem } from '../model/finding.ts';
import { DAY_MS } from '../model/units.ts';
import type { Cohort } from './load-service.ts';
import { postMortemOf } from './post-mortem.ts';
import { affected, CALM, evidenceOf, type ScanOutcome } from './scan-outcome.ts';

/** A death is told for a day; then it is history. */
const DEATH_IS_NEWS_MS = DAY_MS;

export function observeDeaths(outcome: ScanOutcome): Observation | undefined {
  const { project, service, now, deaths } = outcome;
  const [last] = deaths;
  if (last === undefined) return undefined;
  const cohort = outcome.looked
    .map((one) => one.cohort)
    .find(({ lives }) => lives.some((life) => isOf(life, last)));
  const life = cohort?.lives.find((one) => isOf(one, last));
  if (cohort === undefined || life === undefined) return undefined;
  const told = deaths.slice(0, MAX_TOLD).flatMap((death) => toldOf(outcome, death) ?? []);
  const result = cohort.result.perLife[cohort.lives.indexOf(life)];
  const grew = result?.verdict === 'leak' && result.onset !== null && result.floor !== null;
  const wording = killedWording({
    now,
    service,
    role: cohort.role,
    instances: { affected: new Set(deaths.map(({ instance }) => instance)).size, all: affected(cohort).all },
    at: last.time,
    deaths: deaths.length,
    cause: last.cause,
    shareOfLimit: last.shareOfLimit ?? null,
    limitBytes: life.limit ?? null,
    before:
      grew && result.onset && result.floor
        ? { kind: 'grew', bytes: result.floor.end - result.floor.start, since: result.onset.t }
        : null,
    postMortem: told[0] ?? null,
    isLeak: result === undefined ? null : CALM.includes(result.verdict) ? false : null,
  });
  return {
    ...wording,
    // One subject whatever role told of it: the same process must not be found dead twice.
    id: fingerprint({ project, service, kind: 'killed', role: 'rss' }),
    kind: 'killed',
    project,
    service,
    state: now - last.time > DEATH_IS_NEWS_MS ? 'clear' : 'firing',
    since: deaths.at(-1)?.time ?? last.time,
    suspects: result?.verdict === 'leak' ? result.suspects : [],
    evidence: {
      ...evidenceOf(outcome, cohort, []),
      timeToLimitS: null, // that of processes which run
      instances: [...new Set(deaths.map(({ instance }) => instance))],
      deaths: told,
    },
  };
}

/** Deaths of which a finding tells one by one. */
const MAX_TOLD = 10;

function toldOf({ looked, loaded }: ScanOutcome, death: Death): PostMortem | undefined {
  for (const { cohort } of looked) {
    const at = cohort.lives.findIndex((life) => isOf(life, death));
    const life = cohort.lives[at];
    if (life) return postMortemOf(loaded, life, cohort.result.perLife[at], death);
  }
  return undefined;
}

const isOf = (life: Cohort['lives'][number], death: Death) =>
  life.instance === death.instance && life.end?.time === death.time;
