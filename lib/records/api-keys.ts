import { Fault } from '../model/fault.ts';
import { digest, hexOf } from '../model/ids.ts';
import type { EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import {
  ALL_KEYS,
  ALL_PROJECTS,
  apiKeyKey,
  projectKey,
  projectNumberKey,
  publicKeyKey,
  tokenKey,
} from './keys.ts';
import { queryAll, update } from './pages.ts';

export type Scope = 'ingest' | 'read' | 'admin';
export const SCOPES: readonly Scope[] = ['ingest', 'read', 'admin'];

/** A key of one project. Its bearer token is known by hash alone; its upload secret is derived, never stored. */
export interface ApiKey {
  readonly id: string;
  readonly project: string;
  readonly scopes: readonly Scope[];
  readonly status: 'active' | 'revoked';
  readonly createdAt: EpochMs;
  readonly note: string;
  /** The part of a Sentry DSN that is no secret. */
  readonly publicKey: string;
  /** Secret versions that verify; new signatures use the last. At most two. */
  readonly secretVersions: readonly number[];
  /** Of the pages that may send with the public key, `https://shop.example`, or ANY_ORIGIN; absent for what browsers do not hold. */
  readonly origins?: readonly string[];
}
export const ANY_ORIGIN = '*';

export interface ProjectRecord {
  readonly name: string;
  /** What Sentry's DSN calls the project. */
  readonly number: number;
}

const PROJECT = /^[a-z0-9][a-z0-9._-]{0,62}$/;
export const hashToken = async (token: string) => hexOf(await digest('token', token));

/** Makes the project if it is new. @throws Fault('invalid-input') on a name that could not stand in a path */
export async function ensureProject(records: RecordStore, name: string): Promise<ProjectRecord> {
  if (!PROJECT.test(name)) {
    throw new Fault(
      'invalid-input',
      `Cannot use "${name}" as a project: need 1 to 63 of a-z, 0-9, '.', '_', '-'`,
    );
  }
  const key = projectKey(name);
  const existing = await projectNamed(records, name);
  if (existing !== undefined) return existing;
  for (let number = 1; ; number += 1) {
    const body: ProjectRecord = { name, number };
    // The number is claimed first: two projects can never share one, a crash in between only wastes it.
    if ((await records.put({ ...projectNumberKey(number), body }, { ifAbsent: true })).outcome !== 'stored')
      continue;
    const { outcome } = await records.put({ ...key, body }, { ifAbsent: true });
    return outcome === 'stored' ? body : ((await records.get(key.pk, key.sk))?.body as ProjectRecord);
  }
}

export async function listProjects(records: RecordStore): Promise<readonly ProjectRecord[]> {
  return (await queryAll(records, ALL_PROJECTS.pk, ALL_PROJECTS)).map(
    (record) => record.body as ProjectRecord,
  );
}

export async function createKey(records: RecordStore, key: ApiKey, token: string): Promise<void> {
  await ensureProject(records, key.project);
  await records.put({ ...apiKeyKey(key.id), body: key }, { ifAbsent: true });
  await records.put({ ...tokenKey(await hashToken(token)), body: { id: key.id } }, { ifAbsent: true });
  if (key.publicKey !== '')
    await records.put({ ...publicKeyKey(key.publicKey), body: { id: key.id } }, { ifAbsent: true });
}

export async function keyById(records: RecordStore, id: string): Promise<ApiKey | undefined> {
  const { pk, sk } = apiKeyKey(id);
  return (await records.get(pk, sk))?.body as ApiKey | undefined;
}

export async function keyByToken(records: RecordStore, token: string): Promise<ApiKey | undefined> {
  const { pk, sk } = tokenKey(await hashToken(token));
  const found = (await records.get(pk, sk))?.body as { id: string } | undefined;
  return found && keyById(records, found.id);
}

/** By the part of a Sentry DSN that is no secret. */
export async function keyByPublicKey(records: RecordStore, publicKey: string): Promise<ApiKey | undefined> {
  const { pk, sk } = publicKeyKey(publicKey);
  const found = (await records.get(pk, sk))?.body as { id: string } | undefined;
  return found && keyById(records, found.id);
}

export async function projectNamed(records: RecordStore, name: string): Promise<ProjectRecord | undefined> {
  const { pk, sk } = projectKey(name);
  return (await records.get(pk, sk))?.body as ProjectRecord | undefined;
}

export async function listKeys(records: RecordStore, project?: string): Promise<readonly ApiKey[]> {
  const all = (await queryAll(records, ALL_KEYS.pk, ALL_KEYS)).map((record) => record.body as ApiKey);
  return all.filter((key) => project === undefined || key.project === project);
}

/** Returns the key as it stands, or undefined when there is none of that id. */
export async function changeKey(
  records: RecordStore,
  id: string,
  change: (key: ApiKey) => ApiKey,
): Promise<ApiKey | undefined> {
  return update<ApiKey>(records, apiKeyKey(id), (key) =>
    key === undefined ? undefined : { body: change(key) },
  );
}
