import { PARTITION_MS, type Partition } from '../model/partition.ts';
import type { EpochMs } from '../model/units.ts';
import { HOUR_MS, SECOND_MS } from '../model/units.ts';

// The only file that knows what a key looks like. No partition key starts with a time, so that writes of one hour
// spread over the table.
//
//   read pattern                                    pk                          sk
//   heads of a service in a range                   SVC#<project>#<service>     HEAD#<generation>#10m#<start>
//   one upload's ledger record                      LED#<project>#<00..3f>      <upload id>
//   services of a project                           PRJ#<project>               SVC#<service>
//   keys of the installation, by id                 KEYS                        KEY#<key id>
//   a key by the hash of its token                  TOK#<hash>                  KEY
//   projects by name, and by Sentry's number        PROJECTS                    NAME#<name> · NUM#<number>
//   deploys of a service in a range                 SVC#<project>#<service>     DEP#<at>#<version>
//   findings of a project                           FND#<project>               <finding id>
//   what a scan remembers of a cohort               SVC#<project>#<service>     SCAN#<role>#<version>
//   settings of a service                           SVC#<project>#<service>     SET
//   refused uploads of an hour                      REJ#<project>               <hour>#<hash of reason and sender>
//   answer to a signed request                      RPL#<key id>                <webhook id>

const part = (...values: readonly (string | number)[]) =>
  values.map((value) => String(value).replaceAll('%', '%25').replaceAll('#', '%23')).join('#');
/** Seconds as ten digits: ordered as text until the year 2286. */
const seconds = (time: EpochMs) => String(Math.max(0, Math.floor(time / 1000))).padStart(10, '0');

const servicePk = (project: string, service: string) => part('SVC', project, service);

export const headKey = ({ project, service, generation, start }: Partition) => ({
  pk: servicePk(project, service),
  sk: part('HEAD', generation, '10m', seconds(start)),
});
export const headsBetween = (
  range: Omit<Partition, 'start'> & { readonly from: EpochMs; readonly to: EpochMs },
) => ({
  pk: servicePk(range.project, range.service),
  from: part('HEAD', range.generation, '10m', seconds(Math.floor(range.from / PARTITION_MS) * PARTITION_MS)),
  // A range that ends within a second holds the partition that begins with it.
  to: part('HEAD', range.generation, '10m', seconds(Math.ceil(range.to / SECOND_MS) * SECOND_MS)),
});
export const headStart = (sk: string): EpochMs => Number(sk.slice(sk.lastIndexOf('#') + 1)) * 1000;

/** 64 partitions a project: an id is a hash, so its first bits spread evenly. */
export const ledgerKey = (project: string, uploadId: string) => ({
  pk: part('LED', project, (Number.parseInt(uploadId.slice(0, 2), 16) & 0x3f).toString(16).padStart(2, '0')),
  sk: uploadId,
});

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

export const rejectionKey = (project: string, at: EpochMs, hash: string) => ({
  pk: part('REJ', project),
  sk: part(seconds(Math.floor(at / HOUR_MS) * HOUR_MS), hash),
});
export const rejectionsBetween = (project: string, from: EpochMs, to: EpochMs) => ({
  pk: part('REJ', project),
  from: part(seconds(Math.floor(from / HOUR_MS) * HOUR_MS)),
  to: part(seconds(to + 1000)),
});

export const replayKey = (keyId: string, webhookId: string) => ({
  pk: part('RPL', keyId),
  sk: part(webhookId),
});
