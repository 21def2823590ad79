import { shortHash } from '../model/hash.ts';
import { type Partition, STEP_MS, type Step } from '../model/partition.ts';
import type { EpochMs } from '../model/units.ts';
import { HOUR_MS, SECOND_MS } from '../model/units.ts';

// The only file that knows what a key looks like. No partition key starts with a time, so that writes of one hour
// spread over the table.
//
//   read pattern                                    pk                          sk
//   heads of a service in a range                   SVC#<project>#<service>     HEAD#<generation>#<step>#<start>[#<shard>]
//   roll-ups to build, oldest first                 DUE#<project>               <step>#<start>#<generation>#<service>
//   tries of a roll-up that may end the process    DUE#<project>               TRY#<step>#<start>#<generation>#<service>
//   generations of a project's aggregates           PRJ#<project>               GEN
//   settings of a project                           PRJ#<project>               SET
//   one upload's ledger record                      LED#<project>#<00..3f>      <upload id>
//   tries of an upload that may end the process     LED#<project>#<00..3f>      TRY#<upload id>
//   errors of an upload                             LED#<project>#<00..3f>      FAIL#<upload id>
//   services of a project                           PRJ#<project>               SVC#<service>
//   keys of the installation, by id                 KEYS                        KEY#<key id>
//   a key by the hash of its token                  TOK#<hash>                  KEY
//   projects by name, and by Sentry's number        PROJECTS                    NAME#<name> · NUM#<number>
//   deploys of a service in a range                 SVC#<project>#<service>     DEP#<at>#<version>
//   findings of a project                           FND#<project>               <finding id>
//   what a scan remembers of a cohort               SVC#<project>#<service>     SCAN#<role>#<version>
//   settings of a service                           SVC#<project>#<service>     SET
//   settings of a service's traces                  SVC#<project>#<service>     TRACES
//   gaps and patterns that were set aside           SVC#<project>#<service>     ASIDE#<hash>
//   refused uploads of an hour                      REJ#<project>               <hour>#<00..63: hash of reason and sender>
//   senders whose clocks are off                    CLK#<project>               <hash>
//   names of one service in several protocols       PRJ#<project>               ALIAS#<service>
//   joins of a minute of arrivals                  JOIN#<project>#<live|gen>   <minute>
//   how far the sweep of uploads has come          SWP#<project>               <00..63: shard of the raw objects>
//   where a job is that goes round all there is    JOBS                        <job>
//   what was asked of the stores in an hour         USAGE                       <hour>#<process>
//   answer to a signed request                      RPL#<key id>                <webhook id>

const part = (...values: readonly (string | number)[]) => values.map(escaped).join('#');
const ODD = /[%#]/;
function escaped(value: string | number): string {
  const text = String(value);
  return ODD.test(text) ? text.replaceAll('%', '%25').replaceAll('#', '%23') : text;
}
/** Seconds as ten digits: ordered as text until the year 2286. */
const seconds = (time: EpochMs) => String(Math.max(0, Math.floor(time / 1000))).padStart(10, '0');

const servicePk = (project: string, service: string) => part('SVC', project, service);

/** The first shard's head has no number: nearly all partitions have but one. */
export const headKey = ({ project, service, generation, start, step = '10m', shard = 0 }: Partition) => ({
  pk: servicePk(project, service),
  sk: part(
    'HEAD',
    generation,
    step,
    seconds(start),
    ...(shard === 0 ? [] : [String(shard).padStart(3, '0')]),
  ),
});
export const headsBetween = ({
  project,
  service,
  generation,
  step = '10m',
  from,
  to,
}: Omit<Partition, 'start' | 'shard'> & { readonly from: EpochMs; readonly to: EpochMs }) => ({
  pk: servicePk(project, service),
  from: part('HEAD', generation, step, seconds(Math.floor(from / STEP_MS[step]) * STEP_MS[step])),
  // A range that ends within a second holds the partition that begins with it.
  to: part('HEAD', generation, step, seconds(Math.ceil(to / SECOND_MS) * SECOND_MS)),
});
export const allHeads = (project: string, service: string) => ({
  pk: servicePk(project, service),
  from: 'HEAD#',
  to: 'HEAD$',
});
export function headPlace(sk: string): Pick<Partition, 'generation' | 'step' | 'start' | 'shard'> {
  const [, generation, step, start, shard] = sk.split('#');
  return {
    generation: Number(generation),
    start: Number(start) * 1000,
    ...(step === '10m' ? {} : { step: step as Step }),
    ...(shard === undefined ? {} : { shard: Number(shard) }),
  };
}

export const dueKey = ({ project, service, generation, start, step = '10m' }: Partition) => ({
  pk: part('DUE', project),
  sk: part(step, seconds(start), generation, service),
});
/** Beside those that are due: no step is called so. */
export const buildTryKey = (rollUp: Partition) => {
  const { pk, sk } = dueKey(rollUp);
  return { pk, sk: `TRY#${sk}` };
};
/** Those of one step whose buckets begin before `to`. */
export const dueBefore = (project: string, step: Step, to: EpochMs) => ({
  pk: part('DUE', project),
  from: part(step, ''),
  to: part(step, seconds(to)),
});
export const duePlace = (sk: string) => {
  const [step, start, generation, service = ''] = sk.split('#');
  return {
    step: step as Step,
    start: Number(start) * 1000,
    generation: Number(generation),
    service: unescaped(service),
  };
};
const unescaped = (text: string) => text.replaceAll('%23', '#').replaceAll('%25', '%');

export const projectSettingsKey = (project: string) => ({ pk: part('PRJ', project), sk: 'SET' });
export const generationKey = (project: string) => ({ pk: part('PRJ', project), sk: 'GEN' });

/** 64 partitions a project: an id is a hash, so its first bits spread evenly. */
export const ledgerKey = (project: string, uploadId: string) => ({
  pk: part('LED', project, (Number.parseInt(uploadId.slice(0, 2), 16) & 0x3f).toString(16).padStart(2, '0')),
  sk: uploadId,
});

export const attemptKey = (project: string, uploadId: string) => {
  const { pk } = ledgerKey(project, uploadId);
  return { pk, sk: part('TRY', uploadId) };
};
export const failureKey = (project: string, uploadId: string) => {
  const { pk } = ledgerKey(project, uploadId);
  return { pk, sk: part('FAIL', uploadId) };
};

export const servicesOf = (project: string) => ({ pk: part('PRJ', project), from: 'SVC#', to: 'SVC$' });
export const serviceKey = (project: string, service: string) => ({
  pk: part('PRJ', project),
  sk: part('SVC', service),
});

export const ALL_KEYS = { pk: 'KEYS', from: 'KEY#', to: 'KEY$' };
export const apiKeyKey = (id: string) => ({ pk: 'KEYS', sk: part('KEY', id) });
export const tokenKey = (hash: string) => ({ pk: part('TOK', hash), sk: 'KEY' });
export const publicKeyKey = (publicKey: string) => ({ pk: part('PUB', publicKey), sk: 'KEY' });
export const ALL_PROJECTS = { pk: 'PROJECTS', from: 'NAME#', to: 'NAME$' };
export const projectKey = (name: string) => ({ pk: 'PROJECTS', sk: part('NAME', name) });
export const projectNumberKey = (number: number) => ({ pk: 'PROJECTS', sk: part('NUM', number) });

export const deployKey = (project: string, service: string, at: EpochMs, version: string) => ({
  pk: servicePk(project, service),
  sk: part('DEP', seconds(at), version),
});
export const deploysBetween = (project: string, service: string, from: EpochMs, to: EpochMs) => ({
  pk: servicePk(project, service),
  from: part('DEP', seconds(from)),
  to: part('DEP', seconds(to + 1000)),
});

export const findingsOf = (project: string) => ({ pk: part('FND', project) });
export const findingKey = (project: string, id: string) => ({ ...findingsOf(project), sk: part(id) });

export const scanKey = (project: string, service: string, role: string, version: string) => ({
  pk: servicePk(project, service),
  sk: part('SCAN', role, version),
});
export const scansOf = (project: string, service: string) => ({
  pk: servicePk(project, service),
  from: 'SCAN#',
  to: 'SCAN$',
});
export const alertsKey = (project: string, service: string) => ({
  pk: servicePk(project, service),
  sk: 'ALERTS',
});
export const settingsKey = (project: string, service: string) => ({
  pk: servicePk(project, service),
  sk: 'SET',
});

export const traceSettingsKey = (project: string, service: string) => ({
  pk: servicePk(project, service),
  sk: 'TRACES',
});
/** Subjects are SQL and the like, longer than a key may be. */
export const setAsideKey = (project: string, service: string, name: string) => ({
  pk: servicePk(project, service),
  sk: part('ASIDE', shortHash(name), shortHash(`2 ${name}`)),
});
export const setAsideOf = (project: string, service: string) => ({
  pk: servicePk(project, service),
  from: 'ASIDE#',
  to: 'ASIDE$',
});

export const jobPlaceKey = (job: string) => ({ pk: 'JOBS', sk: part(job) });

export const usageKey = (hour: EpochMs, process: string) => ({
  pk: 'USAGE',
  sk: part(seconds(hour), process),
});
export const usageBetween = (from: EpochMs, to: EpochMs) => ({
  pk: 'USAGE',
  from: seconds(Math.floor(from / HOUR_MS) * HOUR_MS),
  to: seconds(to + SECOND_MS),
});

export const rejectionKey = (project: string, at: EpochMs, slot: string) => ({
  pk: part('REJ', project),
  sk: part(seconds(Math.floor(at / HOUR_MS) * HOUR_MS), slot),
});
export const rejectionsBetween = (project: string, from: EpochMs, to: EpochMs) => ({
  pk: part('REJ', project),
  from: part(seconds(Math.floor(from / HOUR_MS) * HOUR_MS)),
  to: part(seconds(to + 1000)),
});

export const clocksOf = (project: string) => ({ pk: part('CLK', project) });
export const clockKey = (project: string, hash: string) => ({ ...clocksOf(project), sk: hash });

export const aliasesOf = (project: string) => ({ pk: part('PRJ', project), from: 'ALIAS#', to: 'ALIAS$' });
export const aliasKey = (project: string, service: string) => ({
  pk: part('PRJ', project),
  sk: part('ALIAS', service),
});

const joinPk = (project: string, generation: number | 'live') => part('JOIN', project, generation);
export const joinKey = (project: string, generation: number | 'live', minute: EpochMs) => ({
  pk: joinPk(project, generation),
  sk: seconds(minute),
});
export const joinsBetween = (project: string, from: EpochMs, to: EpochMs) => ({
  pk: joinPk(project, 'live'),
  from: seconds(from),
  to: seconds(to),
});

export const sweepsOf = (project: string) => ({ pk: part('SWP', project) });
export const sweepKey = (project: string, shard: string) => ({ ...sweepsOf(project), sk: shard });

export const signedAnswerKey = (keyId: string, webhookId: string) => ({
  pk: part('RPL', keyId),
  sk: part(webhookId),
});
