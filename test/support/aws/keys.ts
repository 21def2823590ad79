import type { RecordStore } from '../../../lib/ports/record-store.ts';
import { changeKey, createKey, type Scope } from '../../../lib/records/api-keys.ts';

export const TEST_TOKEN = 'tm_0123456789abcdefghijklmnop';
export const TEST_KEY_ID = 'k_test';

/** A key with every scope, of the project `default`. */
export async function makeKey(
  records: RecordStore,
  scopes: Scope[] = ['ingest', 'read', 'admin'],
): Promise<void> {
  const key = {
    id: TEST_KEY_ID,
    project: 'default',
    scopes,
    status: 'active' as const,
    createdAt: 0,
    note: '',
    publicKey: '0123456789abcdef0123456789abcdef',
    secretVersions: [1],
  };
  await createKey(records, key, TEST_TOKEN);
}

export const revokeKey = (records: RecordStore) =>
  changeKey(records, TEST_KEY_ID, (key) => ({ ...key, status: 'revoked' }));

export const withKey = { authorization: `Bearer ${TEST_TOKEN}` };
