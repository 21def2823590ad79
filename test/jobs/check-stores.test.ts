import { describe, expect, it } from 'vitest';
import { checkStores } from '../../lib/jobs/check-stores.ts';
import { memoryObjects } from '../support/memory/objects.ts';
import { memoryRecords } from '../support/memory/records.ts';

let ids = 0;
const newId = () => {
  ids += 1;
  return `${ids}`;
};
const stores = () => ({ objects: memoryObjects(() => 0), records: memoryRecords(() => 0) });
const refusedBy = async (broken: Partial<ReturnType<typeof stores>>) => {
  const checks = await checkStores({ ...stores(), ...broken }, newId);
  return checks.filter(({ ok }) => !ok).map(({ store, check, detail }) => [store, check, detail]);
};

describe('checkStores', () => {
  it('takes stores with one winner, and leaves nothing behind', async () => {
    const { objects, records } = stores();
    expect(await refusedBy({ objects, records })).toEqual([]);
    expect(objects.stored.size).toBe(0);
    expect((await records.query('DOCTOR')).records).toEqual([]);
  });
  it('refuses a store that looks before it writes', async () => {
    const { objects } = stores();
    const put: typeof objects.put = async (key, body, { ifAbsent } = {}) => {
      if (ifAbsent && (await objects.get(key)) !== undefined) return 'exists';
      return objects.put(key, body);
    };
    expect(await refusedBy({ objects: { ...objects, put } })).toEqual([
      ['objects', 'racing PUTs where nothing is stored', '40 winners of 40 in 5 of 5 rounds'],
    ]);
  });
  it('refuses a store that ignores the version', async () => {
    const { records } = stores();
    const put: typeof records.put = (record, condition) =>
      condition !== undefined && 'ifVersion' in condition
        ? records.put(record)
        : records.put(record, condition);
    expect(await refusedBy({ records: { ...records, put } })).toEqual([
      ['records', 'racing writes over one version', '40 winners of 40 in 5 of 5 rounds'],
    ]);
  });
  it('refuses a store that tells one writer it won and keeps the bytes of another', async () => {
    const { objects } = stores();
    const get: typeof objects.get = async (key) =>
      (await objects.get(key)) && new TextEncoder().encode('racer 39');
    const refused = await refusedBy({ objects: { ...objects, get } });
    expect(refused).toMatchObject([['objects', expect.any(String), expect.stringContaining('won and')]]);
  });
});
