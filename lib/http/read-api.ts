import * as z from 'zod';
import { deploysOf } from '../jobs/answers/deploys.ts';
import { healthAnswer } from '../jobs/answers/health.ts';
import { leaksAnswer, memoryAnswer } from '../jobs/answers/memory.ts';
import { servicesAnswer } from '../jobs/answers/services.ts';
import { setupAnswer } from '../jobs/answers/setup.ts';
import { statusAnswer } from '../jobs/answers/status.ts';
import { transactionsAnswer } from '../jobs/answers/transactions.ts';
import { unitsAnswer } from '../jobs/answers/units.ts';
import type { UploadsReader } from '../jobs/answers/uploads.ts';
import type { JobContext } from '../jobs/context.ts';
import type { ServiceName } from '../model/service.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { HOUR_MS } from '../model/units.ts';
import { listKeys } from '../records/api-keys.ts';
import { readService as findService } from '../records/services.ts';
import { changeSettings, readSettings } from '../records/settings.ts';
import { type ApiRoute, route } from './api-routes.ts';
import type { Caller } from './auth.ts';
import { findingRoutes } from './finding-routes.ts';
import { flameRoutes } from './flame-routes.ts';
import { RangeQuery, readRange } from './range.ts';
import { RuleOverridesSchema, ruleRoute } from './rule-routes.ts';
import {
  CohortSchema,
  DeploySchema,
  HealthSchema,
  KeySchema,
  list,
  MemorySchema,
  RoleSchema,
  ServiceItemSchema,
  SetupSchema,
  StatusSchema,
  TransactionSchema,
  UnitItemSchema,
  UploadsSchema,
} from './schemas.ts';
import { readService } from './service-path.ts';
import { storeRoutes } from './store-routes.ts';
import { traceRoutes } from './trace-routes.ts';
import { usageRoute } from './usage-routes.ts';

export interface ReadApiContext {
  readonly jobs: JobContext;
  readonly uploads: UploadsReader;
  readonly version: string;
  /** True when uploads need a key here. */
  readonly authRequired: boolean;
  readonly scans: { readonly lastAt: number | null };
  readonly notify: boolean;
}

const MemoryQuery = RangeQuery.extend({ role: RoleSchema.optional(), instance: z.string().optional() });
const SettingsBody = z.object({
  limitBytes: z
    .number()
    .positive()
    .max(2 ** 50)
    .nullable(),
  rules: RuleOverridesSchema,
  shards: z.number().int().min(1).max(64),
});

const TransactionsQuery = RangeQuery.extend({
  unit: z.string().max(1000).optional().meta({ description: 'one alone: `http GET /orders/:id`' }),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.coerce.number().int().min(0).default(0).meta({ description: 'of the answer before' }),
});

/** All paths of the read API. */
export function readApi(context: ReadApiContext): ApiRoute[] {
  const { jobs } = context;
  const now = () => jobs.clock.now();
  const items = (found: unknown) => ({ items: found, cursor: null });
  const serviceOf = (params: Readonly<Record<string, string>>) => readService(params.service ?? '');
  const rangeOf = async (caller: Caller, service: ServiceName, query: z.infer<typeof RangeQuery>) => {
    const known =
      query.from === undefined ? await findService(jobs.records, caller.project, service) : undefined;
    return readRange(query, now(), known?.firstData);
  };
  return [
    route({
      method: 'get',
      path: '/status',
      summary: 'Freshness: when data last came, what waits, how many findings are open',
      scope: 'read',
      answer: StatusSchema,
      run: async ({ caller }) => ({
        version: context.version,
        ...(await statusAnswer(jobs, caller.project, context.scans)),
      }),
    }),
    route({
      method: 'get',
      path: '/services',
      summary: 'Services that have sent anything',
      scope: 'read',
      answer: list(ServiceItemSchema),
      run: async ({ caller }) => items(await servicesAnswer(jobs, caller.project)),
    }),
    route({
      method: 'get',
      path: '/services/{service}/memory',
      summary: 'Memory of a service: curves, floors, lives, onsets, releases, verdicts',
      scope: 'read',
      query: MemoryQuery,
      answer: MemorySchema,
      run: async ({ caller, params, query }) => {
        const service = serviceOf(params);
        const range = await rangeOf(caller, service, query);
        const { role, instance } = query;
        return memoryAnswer(jobs, { project: caller.project, service, ...range, role, instance });
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/leaks',
      summary: 'Verdict of each cohort (version and role) of a service',
      scope: 'read',
      query: RangeQuery,
      answer: list(CohortSchema),
      run: async ({ caller, params, query }) => {
        const service = serviceOf(params);
        const range = await rangeOf(caller, service, query);
        return items(await leaksAnswer(jobs, { project: caller.project, service, ...range }));
      },
    }),
    ...['units', 'routes'].map((path) =>
      route({
        method: 'get',
        path: `/services/{service}/${path}`,
        summary: path === 'units' ? 'Finished work per unit' : 'Finished work per HTTP route',
        scope: 'read',
        query: RangeQuery,
        answer: list(UnitItemSchema),
        run: async ({ caller, params, query }) => {
          const service = serviceOf(params);
          const { from, to } = await rangeOf(caller, service, query);
          const found = await unitsAnswer(jobs, caller.project, service, from, to);
          return items(found.filter(({ unit }) => path === 'units' || unit.kind === 'http'));
        },
      }),
    ),
    route({
      method: 'get',
      path: '/services/{service}/transactions',
      summary: 'Latency percentiles per unit, those that take the most time first',
      scope: 'read',
      query: TransactionsQuery,
      answer: list(TransactionSchema),
      run: async ({ caller, params, query: { unit, limit, cursor, ...range } }) => {
        const service = serviceOf(params);
        const { from, to } = await rangeOf(caller, service, range);
        const all = await transactionsAnswer(jobs, caller.project, service, from, to);
        const found = unit === undefined ? all : all.filter((one) => unitKey(one.unit) === unit);
        const next = cursor + limit;
        return { items: found.slice(cursor, next), cursor: next < found.length ? String(next) : null };
      },
    }),
    route({
      method: 'get',
      path: '/services/{service}/settings',
      summary: 'What people set for a service',
      scope: 'read',
      answer: SettingsBody,
      run: ({ caller, params }) => readSettings(jobs.records, caller.project, serviceOf(params)),
    }),
    route({
      method: 'put',
      path: '/services/{service}/settings',
      summary: 'Sets the memory limit of a service whose sender tells none, and changes its alert rules',
      scope: 'admin',
      body: z
        .object({
          limitBytes: SettingsBody.shape.limitBytes.exactOptional(),
          rules: RuleOverridesSchema.exactOptional(),
          shards: SettingsBody.shape.shards.exactOptional(),
        })
        .refine((body) => Object.keys(body).length > 0, 'need limitBytes, rules or shards'),
      answer: SettingsBody,
      run: ({ caller, params, body }) =>
        changeSettings(jobs.records, caller.project, serviceOf(params), body),
    }),
    route({
      method: 'get',
      path: '/health/services/{service}',
      summary: 'What arrives from a service, and what is missing for a verdict, with the lines to add',
      scope: 'read',
      answer: HealthSchema,
      run: ({ caller, params }) => healthAnswer(jobs, caller.project, serviceOf(params)),
    }),
    ...findingRoutes(context),
    ...flameRoutes(jobs),
    ...traceRoutes(jobs),
    ruleRoute(jobs),
    ...storeRoutes(jobs),
    usageRoute(jobs),
    route({
      method: 'get',
      path: '/deploys',
      summary: 'Releases of a service: reported ones, and versions seen in its data',
      scope: 'read',
      query: RangeQuery.extend({ service: z.string() }),
      answer: list(DeploySchema),
      run: async ({ caller, query }) => {
        const { from, to } = readRange(query, now());
        return items(await deploysOf(jobs, caller.project, readService(query.service), from, to));
      },
    }),
    route({
      method: 'get',
      path: '/uploads',
      summary:
        'What was received and what became of it; what was refused at the door. Default: the last hour',
      scope: 'read',
      query: RangeQuery,
      answer: UploadsSchema,
      run: ({ caller, query }) => {
        const { from, to } = readRange(query, now());
        return context.uploads.read(caller.project, query.from === undefined ? to - HOUR_MS : from, to);
      },
    }),
    route({
      method: 'get',
      path: '/setup',
      summary: 'The exact lines to paste per SDK',
      scope: 'read',
      answer: SetupSchema,
      run: () => Promise.resolve(setupAnswer(jobs.settings.publicUrl, context.authRequired)),
    }),
    route({
      method: 'get',
      path: '/keys',
      summary: 'Keys of the project, without their secrets',
      scope: 'admin',
      answer: list(KeySchema),
      run: async ({ caller }) => items(await listKeys(jobs.records, caller.project)),
    }),
  ];
}
