import * as z from 'zod';
import type { JobContext } from '../jobs/context.ts';
import { standingRules } from '../jobs/rules.ts';
import type { ServiceName } from '../model/service.ts';
import { listServices } from '../records/services.ts';
import { type ApiRoute, route } from './api-routes.ts';
import { list, Time } from './schemas.ts';
import { readService } from './service-path.ts';

export const RuleSchema = z.object({
  service: z.string(),
  rule: z.string(),
  kind: z.enum(['metric', 'quotient', 'deriv']),
  metric: z.string(),
  threshold: z.number().meta({ description: 'per second for deriv' }),
  rangeMs: z.number().nullable(),
  forMs: z.number(),
  off: z.boolean(),
  state: z.enum(['inactive', 'pending', 'firing']),
  since: Time.nullable(),
  instances: z.array(
    z.object({
      instance: z.string(),
      state: z.enum(['pending', 'firing']),
      activeAt: Time,
      firedAt: Time.nullable(),
      value: z.number(),
    }),
  ),
});

/** Names of rules, and what a service has otherwise than the rule. */
export const RuleOverridesSchema = z.record(
  z.string().max(100),
  z.object({
    threshold: z.number().optional(),
    forMs: z
      .number()
      .nonnegative()
      .max(7 * 86_400_000)
      .optional(),
    off: z.boolean().optional(),
  }),
);

export const ruleRoute = (jobs: JobContext): ApiRoute =>
  route({
    method: 'get',
    path: '/rules',
    summary: 'Alert rules per service, with what is pending or firing; settings of a service change them',
    scope: 'read',
    query: z.object({ service: z.string().optional() }),
    answer: list(RuleSchema),
    run: async ({ caller, query }) => {
      const services =
        query.service === undefined
          ? (await listServices(jobs.records, caller.project)).map(({ service }) => service)
          : [readService(query.service)];
      const items = await Promise.all(services.map((service) => rulesOf(jobs, caller.project, service)));
      return { items: items.flat(), cursor: null };
    },
  });

async function rulesOf(jobs: JobContext, project: string, service: ServiceName) {
  return (await standingRules(jobs, project, service)).map(({ rule, isOff, alerts }) => {
    const { vector, threshold } = rule.expression;
    const firing = alerts.filter(({ state }) => state === 'firing');
    const speaking = firing.length > 0 ? firing : alerts;
    return {
      service,
      rule: rule.alert,
      kind: vector.kind,
      metric: vector.kind === 'quotient' ? `${vector.metric} / ${vector.by}` : vector.metric,
      threshold,
      rangeMs: vector.kind === 'deriv' ? vector.rangeMs : null,
      forMs: rule.forMs,
      off: isOff,
      state: firing.length > 0 ? 'firing' : alerts.length > 0 ? 'pending' : 'inactive',
      since:
        speaking.length === 0
          ? null
          : Math.min(...speaking.map(({ firedAt, activeAt }) => firedAt ?? activeAt)),
      instances: alerts.map(({ labels, state, activeAt, firedAt, value }) => ({
        instance: labels.instance ?? '',
        state,
        activeAt,
        firedAt: firedAt ?? null,
        value,
      })),
    };
  });
}
