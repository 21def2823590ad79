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
