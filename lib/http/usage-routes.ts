import * as z from 'zod';
import { usageAnswer } from '../jobs/answers/usage.ts';
import type { JobContext } from '../jobs/context.ts';
import { DAY_MS } from '../model/units.ts';
import { type ApiRoute, route } from './api-routes.ts';
import { RangeQuery, readRange } from './range.ts';

export const UsageSchema = z.object({
  from: z.number(),
  to: z.number(),
  /** Stored by the ingest function, tries included. */
  uploads: z.number(),
  usd: z.number(),
  usdPerMillion: z.number().nullable(),
  prices: z.object({ asOf: z.string(), region: z.string() }),
  items: z.array(z.object({ name: z.string(), counts: z.record(z.string(), z.number()), usd: z.number() })),
});

export type ApiUsage = z.infer<typeof UsageSchema>;

/** What the installation costs. */
export const usageRoute = (jobs: JobContext): ApiRoute =>
  route({
    method: 'get',
    path: '/usage',
    summary:
      'Requests to the stores and calls of functions, counted, with their list prices; none in embedded mode. Default: a day',
    scope: 'read',
    query: RangeQuery,
    answer: UsageSchema,
    run: ({ query }) => {
      const { from, to } = readRange(query, jobs.clock.now());
      return usageAnswer(jobs, query.from === undefined ? to - DAY_MS : from, to);
    },
  });
