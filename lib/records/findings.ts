import type { RecordStore } from '../ports/record-store.ts';
import { findingKey, findingsOf } from './keys.ts';
import { queryAll, update } from './pages.ts';

/** Findings by id. `T` is the record of the room `findings`, whose life cycle decides every change. */
export interface FindingRecords<T> {
  list(project: string): Promise<readonly T[]>;
  get(project: string, id: string): Promise<T | undefined>;
  /**
   * Reads, decides and writes under one condition: what a finding is and the notice that it owes change together.
   * `decide` returns undefined to leave the record as it is.
   */
  change(
    project: string,
    id: string,
    decide: (before: T | undefined) => T | undefined,
  ): Promise<T | undefined>;
}

export function findingRecords<T>(records: RecordStore): FindingRecords<T> {
  return {
    async list(project) {
      return (await queryAll(records, findingsOf(project).pk)).map((record) => record.body as T);
    },
    async get(project, id) {
      const { pk, sk } = findingKey(project, id);
      return (await records.get(pk, sk))?.body as T | undefined;
    },
    change(project, id, decide) {
      return update<T>(records, findingKey(project, id), (before) => {
        const body = decide(before);
        return body === undefined ? undefined : { body };
      });
    },
  };
}
