import * as z from 'zod';
import { changeFinding, findingAnswer, findingsAnswer } from '../jobs/answers/findings.ts';
import type { JobContext } from '../jobs/context.ts';
import { type ApiRoute, route } from './api-routes.ts';
import { FindingSchema, list } from './schemas.ts';
import { readService } from './service-path.ts';

const FindingsQuery = z.object({
  state: z.enum(['open', 'firing', 'resolved', 'snoozed', 'dismissed']).optional(),
  service: z.string().optional(),
  kind: FindingSchema.shape.kind.optional(),
});
const SnoozeBody = z.object({ untilMs: z.number() });
const DismissBody = z.object({ reason: z.string().trim().min(1).max(500) });

export interface FindingRoutesContext {
  readonly jobs: JobContext;
  /** Whether anybody is told. */
  readonly notify: boolean;
}

export function findingRoutes({ jobs, notify }: FindingRoutesContext): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/findings',
      summary: 'Findings, the most urgent first',
      scope: 'read',
      query: FindingsQuery,
      answer: list(FindingSchema),
      run: async ({ caller, query }) => {
        const service = query.service === undefined ? undefined : readService(query.service);
        return {
          items: await findingsAnswer(jobs, caller.project, { ...query, service }, notify),
          cursor: null,
        };
      },
    }),
    route({
      method: 'get',
      path: '/findings/{id}',
      summary: 'One finding with its evidence',
      scope: 'read',
      answer: FindingSchema,
      run: ({ caller, params }) => findingAnswer(jobs, caller.project, params.id ?? '', notify),
    }),
    route({
      method: 'post',
      path: '/findings/{id}/snooze',
      summary: 'Keeps a finding quiet until a time; it fires again by itself',
      scope: 'admin',
      body: SnoozeBody,
      answer: FindingSchema,
      run: ({ caller, params, body }) =>
        changeFinding(jobs, caller.project, params.id ?? '', { do: 'snooze', until: body.untilMs }, notify),
    }),
    route({
      method: 'post',
      path: '/findings/{id}/dismiss',
      summary: 'Closes a finding until a later onset',
      scope: 'admin',
      body: DismissBody,
      answer: FindingSchema,
      run: ({ caller, params, body }) =>
        changeFinding(jobs, caller.project, params.id ?? '', { do: 'dismiss', reason: body.reason }, notify),
    }),
  ];
}
