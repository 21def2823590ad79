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

/** Said where -t would have to change what is otherwise copied as it is. */
export const KEEPS_ALL =
  '-t chooses what a file shows first, or folded stacks alone: pprof that stays pprof keeps all its types as they are';
