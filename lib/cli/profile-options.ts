import { ENDINGS, outputFormat } from './profile-output.ts';

export interface ProfileOptions {
  readonly type: string | undefined;
  readonly limit: number;
  readonly sort: string | undefined;
  readonly output: string | undefined;
  readonly json: boolean;
}

/** Exit code 2. */
export class UsageError extends Error {}

export function checkOutput(path: string): void {
  if (outputFormat(path) === undefined)
    throw new UsageError(`Cannot tell the format of "${path}", need ${ENDINGS}`);
}

export const documentLine = (document: object) => `${JSON.stringify(document)}\n`;

/** Where the type of that name stands. */
export function indexOfType(names: readonly string[], wanted: string): number {
  const index = names.indexOf(wanted);
  if (index >= 0) return index;
  throw new UsageError(`There is no sample type "${wanted}", it has ${names.join(', ')}`);
}
