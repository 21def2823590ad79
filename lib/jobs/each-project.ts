import type { RecordStore } from '../ports/record-store.ts';
import { listProjects } from '../records/api-keys.ts';

/** Does the work of every project, of which none keeps the next from its turn: the first error is thrown when all had theirs. */
export async function eachProject(
  { records }: { readonly records: RecordStore },
  work: (project: string) => Promise<unknown>,
): Promise<void> {
  await eachInTurn(
    (await listProjects(records)).map(({ name }) => name),
    work,
  );
}

/**
 * Works on one after the other, until one says 'enough'. What goes wrong with one keeps no other from its turn; the first error
 * is thrown at the end.
 */
export async function eachInTurn<T>(
  all: Iterable<T> | AsyncIterable<T>,
  work: (one: T) => Promise<unknown>,
): Promise<void> {
  const errors: unknown[] = [];
  for await (const one of all) {
    try {
      if ((await work(one)) === 'enough') break;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
