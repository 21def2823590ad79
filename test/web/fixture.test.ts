import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  FlamegraphDiffSchema,
  FlamegraphSchema,
  FunctionSchema,
  ProfileTypeSchema,
  RegressionsSchema,
} from '../../lib/http/flame-schemas.ts';
import {
  DeploySchema,
  FindingSchema,
  HealthSchema,
  KeySchema,
  list,
  MemorySchema,
  ServiceItemSchema,
  SetupSchema,
  StatusSchema,
  TransactionSchema,
  UnitItemSchema,
  UploadsSchema,
} from '../../lib/http/schemas.ts';
import {
  ComparisonSchema,
  GapsSchema,
  NestingSchema,
  SuspectsSchema,
  TraceFlamegraphSchema,
  TraceSchema,
} from '../../lib/http/trace-schemas.ts';
import { UsageSchema } from '../../lib/http/usage-routes.ts';
import { answer, type Scenario } from '../browser/fixture-api.ts';
import { SERVICE } from '../browser/fixture-story.ts';
import { LONG_TRACE_ID, STOREFRONT, TRACE_ID } from '../browser/fixture-traces.ts';

// The browser tests are worth as much as their data: it must be what the server may say, no more and no less.

const s = encodeURIComponent(SERVICE);
const checkout = `services/${encodeURIComponent(STOREFRONT)}/transactions/${encodeURIComponent('http GET /checkout')}`;
const SHAPES: [string, z.ZodType][] = [
  ['status', StatusSchema],
  ['services', list(ServiceItemSchema)],
  [`services/${s}/memory`, MemorySchema],
  [`services/${s}/memory?role=rss`, MemorySchema],
  [`services/${encodeURIComponent('prod/reporting/report-worker')}/memory`, MemorySchema],
  [`services/${s}/units`, list(UnitItemSchema)],
  [`services/${s}/transactions`, list(TransactionSchema)],
  [`services/${s}/profiles`, list(ProfileTypeSchema)],
  [`services/${s}/flamegraph`, FlamegraphSchema],
  [`services/${s}/flamegraph?details=true`, FlamegraphSchema],
  [`services/${s}/flamegraph/diff`, FlamegraphDiffSchema],
  [`services/${s}/functions?all=true`, list(FunctionSchema)],
  [`services/${s}/regressions`, RegressionsSchema],
  [`health/services/${s}`, HealthSchema],
  ['usage', UsageSchema],
  ['findings', list(FindingSchema)],
  ['findings?state=firing', list(FindingSchema)],
  ['findings/f-leak-1', FindingSchema],
  ['findings/f-nesting-1', FindingSchema],
  ['findings/f-latency-1', FindingSchema],
  [`${checkout}/suspects`, SuspectsSchema],
  [`${checkout}/gaps`, GapsSchema],
  [`${checkout}/comparison`, ComparisonSchema],
  [`services/${s}/transactions/${encodeURIComponent('http GET /cart')}/suspects`, SuspectsSchema],
  [`services/${s}/nesting`, NestingSchema],
  [`traces/${TRACE_ID}`, list(TraceSchema)],
  [`traces/${LONG_TRACE_ID}`, list(TraceSchema)],
  [`traces/${TRACE_ID}/flamegraph?focus=all`, TraceFlamegraphSchema],
  ['uploads', UploadsSchema],
  [`deploys?service=${s}`, list(DeploySchema)],
  ['setup', SetupSchema],
  ['keys', list(KeySchema)],
];

const ask = (scenario: Scenario, path: string) =>
  answer(scenario, 'GET', new URL(`http://fixture/api/v1/${path}`));

describe.each(['leak', 'empty'] as const)('fixture %s', (scenario) => {
  it.each(SHAPES)('answers %s in the shape of the API', (path, shape) => {
    const { status, body } = ask(scenario, path);
    expect(status).toBe(200);
    expect(shape.safeParse(body).error?.issues ?? []).toEqual([]);
  });
});

describe('fixture error', () => {
  it('answers status, and a problem for everything else', () => {
    expect(ask('error', 'status').status).toBe(200);
    expect(ask('error', 'services')).toMatchObject({ status: 503, body: { title: 'Service Unavailable' } });
  });
});
