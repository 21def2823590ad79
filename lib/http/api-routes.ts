import type { z } from 'zod';
import type { Scope } from '../records/api-keys.ts';
import type { Caller } from './auth.ts';

/** One path of the read API: what validates, what answers, and what the OpenAPI document says, in one place. */
export interface ApiRoute<Q extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it: `/services/{service}/memory`. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: z.ZodType;
  run(call: ApiCall<z.infer<Q>, z.infer<B>>): Promise<unknown>;
}

export interface ApiCall<Q, B> {
  readonly caller: Caller;
  /** Values of the braces in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
}

/** Keeps the types of query and body together with the function that reads them. */
export const route = <Q extends z.ZodType, B extends z.ZodType>(definition: ApiRoute<Q, B>): ApiRoute =>
  definition as unknown as ApiRoute;
