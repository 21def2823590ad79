import type { ComponentChildren } from 'preact';
import type { ApiDeploy, ApiFinding } from '../../../lib/http/schemas.ts';
import { formatDuration } from '../../../lib/model/format-number.ts';
import { useApi } from '../api.ts';
import { diffAround } from '../flame/around.ts';
import { count, isNever, measureOf, seconds, slopeEstimate } from '../format.ts';
import type { ProfileTypeList } from '../pages/flame.tsx';
import { href, RANGE_KEYS, servicePath } from '../router.ts';
import { useView } from '../view.ts';
import { type Step, traceSteps } from './trace-steps.tsx';

/** Beyond this no stop-gap is needed. */
const MAX_GAP_MS = 60 * 86_400_000;

/** `9 h to 11 h`, of the time between restarts. */
function restartInterval({ low, high }: Gap): string {
  if (isNever(high)) return `${seconds(low)} or more`;
  const fine = seconds(low) === seconds(high);
  const long = (s: number) => formatDuration(s * 1000, { fine });
  return `${long(low)} to ${long(high)}`;
}

type Gap = NonNullable<NonNullable<NonNullable<ApiFinding['evidence']['explained']>['stopGap']>['restartS']>;

/** The release whose commits are to be read: the last one before the onset's interval ends. */
function releaseOf({ onset, deploys }: ApiFinding['evidence']) {
  if (!onset) return undefined;
  return deploys.filter((deploy) => deploy.at <= onset.high).sort((a, b) => b.at - a.at)[0];
}

export function NextSteps({ finding, deploys }: { finding: ApiFinding; deploys: readonly ApiDeploy[] }) {
  const { evidence, suspects, service } = finding;
  const open = finding.state === 'firing' || finding.state === 'snoozed';
  const { now } = useView();
  const profiles = useApi<ProfileTypeList>(`/services/${encodeURIComponent(service)}/profiles`);
  const { onset } = evidence;
  const diff = onset && diffAround(service, onset, now, profiles.data?.items ?? [], 'memory');
  const steps = open ? stepsOf(finding, { deploys, now, types: profiles.data?.items ?? [], diff }) : [];
  const age = now - evidence.to;
  return (
    <section>
      <div class="head">
        <h2>What to do next</h2>
      </div>
      {steps.length > 0 ? (
        <ol class="steps">
          {steps.map((step) => (
            <li key={step.key}>{step.body}</li>
          ))}
        </ol>
      ) : (
        <p class="lede small">
          Nothing: this was {finding.state}.{' '}
          {finding.state === 'resolved' &&
            suspects[0]?.units[0] &&
            'A new release that keeps memory again opens a new finding.'}
        </p>
      )}
      {open && age > 3_600_000 && (
        <p class="note under">
          Last looked {seconds(age / 1000)} ago.{' '}
          <a href={href(servicePath(service, 'health'))}>Does data arrive?</a>
        </p>
      )}
    </section>
  );
}

function stepsOf(
  finding: ApiFinding,
  known: {
    readonly deploys: readonly ApiDeploy[];
    readonly now: number;
    readonly types: ProfileTypeList['items'];
    readonly diff: string | null | undefined;
  },
): Step[] {
  if (finding.evidence.role === null) return traceSteps(finding, known.now, known.types);
  if (finding.kind === 'leak') return leakSteps(finding, known.deploys, known.diff ?? undefined);
  return finding.kind === 'rule' ? ruleSteps(finding) : killedSteps(finding);
}

function leakSteps(finding: ApiFinding, deploys: readonly ApiDeploy[], diff: string | undefined): Step[] {
  const { evidence, suspects, service } = finding;
  const steps: Step[] = [];
  const { stopGap, together } = evidence.explained ?? {};
  const every = stopGap?.restartS;
  const isSooner = together !== undefined && every && every.value * 1000 > together.lifeMs;
  const requests = isSooner ? null : stopGap?.maxRequests;
  if (requests && requests.value >= 1)
    steps.push({
      key: 'recycle',
      body: (
        <>
          <span>
            <b>Until it is fixed:</b> replace a process after <b>{count(requests.low)}</b> requests of all
            kinds: <code class="whole">--max-requests {Math.floor(requests.low)}</code>, where the server has
            it.
          </span>
          <span class="note">
            {Math.floor(requests.low).toLocaleString('en')} to{' '}
            {Math.floor(requests.high).toLocaleString('en')}, from what a unit keeps and the room under the
            limit
          </span>
        </>
      ),
    });
  const measure = measureOf(evidence.role);
  if (every && every.low * 1000 <= MAX_GAP_MS && evidence.slopeBytesPerHour) {
    steps.push({
      key: 'restart',
      body: (
        <>
          <span>
            <b>{requests ? 'Or' : 'Until it is fixed:'}</b>{' '}
            {isSooner ? 'let no instance run for longer than' : 'restart each instance every'}{' '}
            {seconds(every.low)}. That keeps it under 80{'\u2009'}% of its limit.
          </span>
          <span class="note">
            {restartInterval(every)}, from {slopeEstimate(evidence.slopeBytesPerHour, measure)} and the room
            under the limit
            {isSooner && `; lives of ${seconds(together.lifeMs / 1000)} end sooner by themselves`}
          </span>
        </>
      ),
    });
  }
  if (evidence.limitBytes === null && measure === 'bytes') {
    steps.push({
      key: 'limit',
      body: (
        <span>
          <b>Send the limit</b> of its memory: then this page says when it runs full.{' '}
          <a href={href(servicePath(service, 'health'))}>Lines to add</a>
        </span>
      ),
    });
  }
  const first = suspects[0];
  const unit = first?.cause === 'unit' ? first.units[0] : undefined;
  if (unit) {
    const to = servicePath(service, `t/${unit.kind}/${encodeURIComponent(unit.name)}`);
    steps.push({
      key: 'look',
      body: (
        <>
          <span>
            <b>Look</b> at what <code>{unit.name}</code> stores: caches, listeners, maps that are keyed by
            request and never emptied.
          </span>
          <span class="act">
            <a class="btn primary" href={href(to, {}, RANGE_KEYS)}>
              Open the unit
            </a>
          </span>
        </>
      ),
    });
  } else if (first) {
    steps.push({ key: 'look', body: <span>{LOOK_AT[first.cause]}</span> });
  } else if (evidence.explained?.releases?.items.some(({ units }) => units > 0)) {
    steps.push({
      key: 'look',
      body: (
        <span>
          <b>Look</b> for a timer, an agent, or what all instances do alike: work is counted, and no unit of
          it explains the growth.
        </span>
      ),
    });
  } else {
    steps.push({
      key: 'counts',
      body: (
        <>
          <span>
            <b>Send counts of work</b>, so that the unit that keeps memory can be named.
          </span>
          <span class="act">
            <a class="btn primary" href={href(servicePath(service, 'health'))}>
              Lines to add
            </a>
          </span>
        </>
      ),
    });
  }
  if (diff) {
    steps.push({
      key: 'diff',
      body: (
        <>
          <span>
            <b>Compare</b> profiles from before and after the onset: which frames grew.
          </span>
          <span class="act">
            <a class="btn" href={diff}>
              What changed
            </a>
          </span>
        </>
      ),
    });
  }
  const release = releaseOf(evidence);
  if (release) {
    const url = deploys.find((deploy) => deploy.version === release.version)?.url;
    steps.push({
      key: 'read',
      body: (
        <>
          <span>
            <b>Read</b> what release <b>{release.version}</b> changed{unit ? ' on that path' : ''}; growth
            began right after it.
          </span>
          {url && (
            <span class="act">
              <a class="btn" href={url} rel="noreferrer">
                Open {release.version}
              </a>
            </span>
          )}
        </>
      ),
    });
  }
  steps.push({
    key: 'prove',
    body: (
      <span>
        <b>Prove the fix:</b> release it and keep traffic on it. When the new lives stay flat, this page says{' '}
        <i>fixed</i> and closes itself.
      </span>
    ),
  });
  return steps;
}

/** Where to look for what is no unit of work. */
const LOOK_AT: Record<ApiFinding['suspects'][number]['cause'], ComponentChildren> = {
  unit: null,
  clock: (
    <>
      <b>Look</b> for a timer or an agent: it grows at any traffic, so no request causes it. Compare the
      versions of agents before and after the onset.
    </>
  ),
  connections: (
    <>
      <b>Look</b> at requests that stay open: streams, long polls, sockets whose client has gone. Count those
      that were opened and those that ended.
    </>
  ),
  'total-traffic': (
    <>
      <b>Look</b> at what every request passes: middleware, sessions, logging, metrics with a label for each
      user.
    </>
  ),
};

function OpenMemory({ service, evidence }: Pick<ApiFinding, 'service' | 'evidence'>) {
  const query = { role: evidence.role, instance: evidence.instances[0] ?? null };
  return (
    <span class="act">
      <a class="btn primary" href={href(servicePath(service, 'memory'), query)}>
        Open its memory
      </a>
    </span>
  );
}

/** A rule sees the size only: whether it grows for good is what the chart and the analysis say. */
const ruleSteps = ({ service, evidence }: ApiFinding): Step[] => [
  {
    key: 'shape',
    body: (
      <>
        <span>
          <b>See whether it goes on:</b> a floor that levels off is a warm-up or a cache that fills; one that
          climbs on gets a finding of its own, with the unit of work.
        </span>
        <OpenMemory service={service} evidence={evidence} />
      </>
    ),
  },
  {
    key: 'rule',
    body: (
      <span>
        <b>Or change the rule</b> for this service, where this is as it should be: under{' '}
        <a href={href('/rules')}>Rules</a> its threshold, its time, or off.
      </span>
    ),
  },
];

function killedSteps({ service, evidence }: ApiFinding): Step[] {
  return [
    {
      key: 'shape',
      body: (
        <>
          <span>
            <b>See how it died:</b> a floor that climbs to the limit is a leak; a flat floor with one spike is
            a single large piece of work.
          </span>
          <OpenMemory service={service} evidence={evidence} />
        </>
      ),
    },
    {
      key: 'work',
      body: (
        <>
          <span>
            <b>Find the work</b> that ran then: the slowest units in the minutes before.
          </span>
          <span class="act">
            <a class="btn" href={href(servicePath(service, 'transactions'), { sort: '-p99' })}>
              Slowest units
            </a>
          </span>
        </>
      ),
    },
  ];
}
