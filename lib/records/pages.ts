import { Fault } from '../model/fault.ts';
import type { QueryOptions, RecordStore, StoredRecord } from '../ports/record-store.ts';

/** Records of a whole range; a page is asked for once the one before was taken. */
export async function* pagesOf(
  records: RecordStore,
  pk: string,
  options: QueryOptions = {},
): AsyncIterable<readonly StoredRecord[]> {
  let cursor: string | undefined;
  do {
    const page = await records.query(pk, { ...options, ...(cursor === undefined ? {} : { cursor }) });
    yield page.records;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Records of a whole range, at most `max` of them and the rest of their page. */
export async function queryAll(
  records: RecordStore,
  pk: string,
  options: QueryOptions = {},
  max = 100_000,
): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = [];
  for await (const page of pagesOf(records, pk, options)) {
    all.push(...page);
    if (all.length >= max) break;
  }
  return all;
}

const ATTEMPTS_MAX = 30;

/**
 * Reads, changes and writes one record until no one was faster. `change` gets the present body and returns the next;
 * undefined leaves it as it is. Returns the body that stands.
 * @throws Fault('unavailable') when others were faster too often
 */
export async function update<T>(
  records: RecordStore,
  key: { readonly pk: string; readonly sk: string },
  change: (body: T | undefined) => { readonly body: T; readonly expiresAt?: number } | undefined,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = await records.get(key.pk, key.sk);
    const next = change(stored?.body as T | undefined);
    if (next === undefined) return stored?.body as T | undefined;
    const condition = stored === undefined ? { ifAbsent: true as const } : { ifVersion: stored.version };
    const { outcome } = await records.put({ ...key, ...next }, condition);
    if (outcome === 'stored') return next.body;
  }
  throw new Fault('unavailable', `Cannot update ${key.pk} ${key.sk}: lost ${ATTEMPTS_MAX} races in a row`);
}
