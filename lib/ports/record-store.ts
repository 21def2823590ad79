/**
 * An ordered key-value table with conditional writes: what DynamoDB gives, and what one SQLite table does.
 * Keys are strings ordered by their UTF-8 bytes; `pk` chooses the partition, `sk` the place in it.
 */
export interface RecordStore {
  /** Reads its own writes: strongly consistent. Expired records are absent. */
  get(pk: string, sk: string): Promise<StoredRecord | undefined>;
  /**
   * Records of one partition in order of `sk`, [from, to) both optional. A page holds at most `limit` records
   * (≤ 1,000, the default); `cursor` of one page asks for the next, and is undefined on the last.
   */
  query(pk: string, options?: QueryOptions): Promise<RecordPage>;
  /**
   * Writes the whole record. 'stored' carries the new version.
   * `ifAbsent`: only where none is (an expired one counts as none). `ifVersion`: only over that version.
   * Exactly one of several racing conditional writers gets 'stored'; the others 'conflict', and read again.
   * @throws Fault('unavailable') when the store does not answer; the write may have happened all the same
   */
  put(record: NewRecord, condition?: WriteCondition): Promise<PutOutcome>;
  /** Removes the record, with `ifVersion` only that version. Removing what is not there is 'deleted'. */
  delete(
    pk: string,
    sk: string,
    condition?: { readonly ifVersion?: number },
  ): Promise<'deleted' | 'conflict'>;
}

export interface NewRecord {
  readonly pk: string; // 1..1,024 bytes
  readonly sk: string; // 1..1,024 bytes
  /** JSON value, ≤ 300 KB as text. */
  readonly body: unknown;
  /** Epoch ms after which readers treat it as absent; stores remove it some time later. */
  readonly expiresAt?: number;
}

export interface StoredRecord extends NewRecord {
  /** Grows with every write of this key; never reused while the record exists. */
  readonly version: number;
}

export type WriteCondition = { readonly ifAbsent: true } | { readonly ifVersion: number };
export type PutOutcome =
  | { readonly outcome: 'stored'; readonly version: number }
  | { readonly outcome: 'conflict' };

export interface QueryOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
  readonly cursor?: string;
}

export interface RecordPage {
  readonly records: readonly StoredRecord[];
  readonly cursor: string | undefined;
}

export const MAX_PAGE = 1000;
