import * as z from 'zod';
import { Integer, PyroscopeShape } from './flame-schemas.ts';
import { Time, UnitSchema, VersionFiguresSchema } from './schemas.ts';

// Shapes of the answers about traces. Times of a day are epoch ms, durations ms, shares 0..1. Counts of requests are
// estimates where the sender samples and says so; `seen` is what came.

const SpreadShape = {
  p50Ms: z.number(),
  p75Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  sumMs: z.number(),
};
const SpreadSchema = z.object(SpreadShape);

/** A place in a trace that is retained: `/traces/{traceId}?service=…&from=…&to=…` around `at` shows it. */
const TraceExampleSchema = z.object({ traceId: z.string(), spanId: z.string(), at: Time, ms: z.number() });
const SetAsideSchema = z.object({ at: Time, reason: z.string() }).nullable();

const UnitFacts = {
  unit: UnitSchema,
  version: z.string().nullable().meta({ description: 'null: all versions' }),
  requests: z.number(),
  seen: z.number(),
  misnested: z.number().meta({ description: 'of those seen' }),
  profiled: z.number().meta({ description: 'of those seen' }),
  totalMs: z.number().meta({ description: 'sum of durations' }),
};

const SuspectSpanSchema = z.object({
  op: z.string(),
  group: z.string().meta({ description: 'description without values' }),
  count: z.number(),
  perRequest: z.number().meta({ description: 'of the requests that have any' }),
  frequency: z.number().meta({ description: 'share of the requests that have one' }),
  share: z.number().meta({ description: 'of all time, by self time' }),
  self: SpreadSchema,
  total: SpreadSchema,
  examples: z.array(TraceExampleSchema),
});
const FunctionSchema = z.object({
  name: z.string(),
  file: z.string(),
  requests: z.number().meta({ description: 'requests whose time in functions is known' }),
  seen: z.number().meta({ description: 'of these, such in which it was seen' }),
  ...SpreadShape,
  spread: z.enum(['steady', 'usually fast, sometimes slow']),
});
const PATTERN_KINDS = [
  'n-plus-one-db',
  'n-plus-one-http',
  'consecutive-db',
  'consecutive-http',
  'slow-db',
  'blocked-loop',
] as const;
const PatternSchema = z.object({
  kind: z.string(),
  subject: z.string(),
  requests: z.number(),
  worstMs: z.number(),
  sumMs: z.number(),
  evidence: z.string(),
  examples: z.array(TraceExampleSchema),
  ignored: SetAsideSchema,
});

export const SuspectsSchema = z.object({
  ...UnitFacts,
  spans: z.array(SuspectSpanSchema),
  functions: z.array(FunctionSchema),
  patterns: z.array(PatternSchema),
  examples: z.array(TraceExampleSchema.extend({ why: z.enum(['slow', 'misnested', 'any']) })),
});

const CAUSE_KINDS = ['waiting', 'app', 'library', 'gc', 'runtime', 'foreign'] as const;
const CauseSchema = z.object({
  /** foreign: other requests' work on the same event loop. */
  kind: z.enum(CAUSE_KINDS),
  frame: z.string(),
  callers: z.array(z.string()),
  blockedBy: UnitSchema.nullable(),
  ms: z.number(),
  share: z.number().meta({ description: 'of the explained time' }),
});
const GapSchema = z.object({
  within: z.string().meta({ description: 'the span whose time it is; the transaction itself by its name' }),
  after: z.string().nullable().meta({ description: 'what ended before it; null: it begins with the span' }),
  before: z.string().nullable().meta({ description: 'what began after it; null: it ends with the span' }),
  count: z.number(),
  frequency: z.number(),
  share: z.number().meta({ description: "of the requests' whole duration" }),
  ...SpreadShape,
  coverage: z.number().meta({ description: 'share of the time in which samples were taken' }),
  causes: z.array(CauseSchema),
  examples: z.array(TraceExampleSchema),
  dismissed: SetAsideSchema,
});
export const GapsSchema = z.object({ ...UnitFacts, gaps: z.array(GapSchema) });

/** What to set aside, and back: a gap by what lies around it, a pattern by its kind and subject. */
export const GapAsideBody = z.object({
  after: z.string().max(2000).nullable(),
  before: z.string().max(2000).nullable(),
  reason: z.string().trim().max(500).default(''),
  dismissed: z.boolean().default(true),
});
export const PatternAsideBody = z.object({
  kind: z.string().max(100),
  subject: z.string().max(2000),
  reason: z.string().trim().max(500).default(''),
  ignored: z.boolean().default(true),
});
export const AsideSchema = z.object({ changed: z.boolean() });

const DeploymentSchema = z.object({
  release: z.string(),
  host: z.string(),
  process: z.string(),
  platform: z.string(),
  sdk: z.string(),
  verdict: z.enum(['ok', 'hint', 'misnested']),
  traces: z.number(),
  misnested: z.number(),
  detached: z.number().meta({ description: 'fire-and-forget or late binding: no fault of the set-up' }),
  cause: z.string().nullable(),
  reason: z.string(),
  fix: z.string().meta({ description: 'text to paste, after a line that says where' }),
  endpoints: z.array(z.object({ name: z.string(), traces: z.number(), misnested: z.number() })),
  fragmented: z
    .array(
      z.object({
        endpoint: z.string(),
        units: z.number(),
        fragmentedUnits: z.number(),
        fragments: z.number(),
      }),
    )
    .meta({ description: 'endpoints whose requests come apart into spans without a parent' }),
});
export const NestingSchema = z.object({
  items: z.array(DeploymentSchema),
  cursor: z.null(),
  left: z
    .array(z.object({ reason: z.string(), count: z.number() }))
    .meta({ description: 'spans of the project that no trace could be made with' }),
});

const TraceSpanSchema = z.object({
  spanId: z.string(),
  reportedParent: z.string().meta({ description: "'' when none was sent; may name a span that is not here" }),
  parent: z
    .string()
    .meta({ description: "the parent to use, repaired where nesting was wrong; '' for the root" }),
  op: z.string(),
  description: z.string(),
  origin: z.string(),
  status: z.string(),
  startUs: z.number().meta({ description: "since the trace's start" }),
  durationUs: z.number(),
  selfUs: z.number(),
  reportedSelfUs: z.number(),
  signals: z.array(z.string()),
  certainty: z.number(),
});
export const TraceSchema = z.object({
  service: z.string(),
  traceId: z.string(),
  transaction: z.string(),
  unit: UnitSchema,
  version: z.string(),
  host: z.string(),
  platform: z.string(),
  sdk: z.string(),
  source: z.string(),
  start: Time,
  durationUs: z.number(),
  failed: z.boolean(),
  status: z.string(),
  verdict: z.enum(['ok', 'hint', 'misnested']),
  detached: z.boolean(),
  cause: z.string().nullable(),
  reason: z.string(),
  fix: z.string(),
  profiled: z.boolean(),
  samples: z
    .number()
    .meta({ description: 'kept ones of its thread: `/traces/{traceId}/flamegraph` draws any part of it' }),
  spans: z.array(TraceSpanSchema).meta({ description: 'the root first, then in the order of their starts' }),
  leftOut: z.number(),
  gaps: z.array(
    z.object({
      spanId: z.string(),
      afterSpan: z.string().nullable(),
      beforeSpan: z.string().nullable(),
      startUs: z.number(),
      durationUs: z.number(),
      coverage: z.number(),
      causes: z.array(z.object({ kind: z.enum(CAUSE_KINDS), frame: z.string(), us: z.number() })),
    }),
  ),
  ambiguous: z
    .array(z.object({ spanIds: z.array(z.string()), parentIds: z.array(z.string()) }))
    .meta({ description: 'spans whose parent the times do not tell' }),
  patterns: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      evidence: z.string(),
      spanIds: z.array(z.string()),
      ms: z.number(),
    }),
  ),
});

export const TraceFlamegraphSchema = z.object({
  ...PyroscopeShape,
  traceId: z.string(),
  spanId: z.string(),
  focus: z.enum(['gap', 'span', 'tree', 'all']),
  intervals: z
    .array(z.object({ startUs: z.number(), durationUs: z.number() }))
    .meta({ description: "what is drawn, since the trace's start" }),
  unit: z.literal('microseconds'),
  total: Integer,
  samples: z.number(),
  coverage: z.number().meta({ description: 'share of that time in which samples were taken' }),
});

const RateSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });
const ComparedSideSchema = z.object({
  version: z.string().nullable(),
  from: Time,
  to: Time,
  requests: z.number(),
  failures: z.number(),
  failureRate: RateSchema,
  perSecond: z.number(),
  apdex: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p75Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});
const ShiftSchema = z.object({
  quantile: z.number(),
  verdict: z.enum(['regression', 'improvement', 'no-change', 'too-few']),
  beforeMs: z.number(),
  afterMs: z.number(),
  change: z.number().meta({ description: '(after − before) / before' }),
  pValue: z.number(),
});
export const ComparisonSchema = z.object({
  unit: UnitSchema,
  left: ComparedSideSchema,
  right: ComparedSideSchema,
  shifts: z.array(ShiftSchema).meta({ description: 'p50 and p95' }),
  /** One sentence: `p95 fell by 48 % with release 1.4.3`. */
  sentence: z.string(),
  versions: z
    .array(VersionFiguresSchema)
    .meta({ description: 'versions of the whole range, the oldest first' }),
});

const Ms = z.number().min(0).max(3_600_000).exactOptional();
const Count = z.number().int().min(2).max(10_000).exactOptional();
const Share = z.number().min(0).max(1).exactOptional();
const PatternOverridesSchema = z.strictObject({
  nPlusOneDb: z.strictObject({ minCount: Count, minTotalMs: Ms }).exactOptional(),
  nPlusOneHttp: z.strictObject({ minCount: Count, minTotalMs: Ms, maxStartGapMs: Ms }).exactOptional(),
  consecutiveDb: z.strictObject({ minMs: Ms, minSavedMs: Ms, minSavedShare: Share }).exactOptional(),
  consecutiveHttp: z
    .strictObject({ minCount: Count, minMs: Ms, maxGapMs: Ms, minSavedMs: Ms })
    .exactOptional(),
  slowDb: z.strictObject({ minMs: Ms }).exactOptional(),
  blockedLoop: z.strictObject({ minMs: Ms }).exactOptional(),
  ignore: z.array(z.enum(PATTERN_KINDS)).max(PATTERN_KINDS.length).exactOptional(),
});
const TraceSettingsShape = {
  apdexMs: z.number().min(1).max(3_600_000).exactOptional(),
  patterns: PatternOverridesSchema.exactOptional(),
};
const UNITS_MAX = 500;
export const TraceSettingsSchema = z.strictObject({
  ...TraceSettingsShape,
  units: z
    .record(z.string().max(1000), z.strictObject(TraceSettingsShape))
    .refine((units) => Object.keys(units).length <= UNITS_MAX, `at most ${UNITS_MAX} units`)
    .default({})
    .meta({ description: 'by kind and name, `http GET /orders/:id`; before those of the service' }),
});

/** @public */
export type ApiTraceSettings = z.infer<typeof TraceSettingsSchema>;
/** @public */
export type ApiSuspects = z.infer<typeof SuspectsSchema>;
/** @public */
export type ApiSuspectSpan = ApiSuspects['spans'][number];
/** @public */
export type ApiGaps = z.infer<typeof GapsSchema>;
/** @public */
export type ApiGap = z.infer<typeof GapSchema>;
/** @public */
export type ApiNesting = z.infer<typeof NestingSchema>;
/** @public */
export type ApiTrace = z.infer<typeof TraceSchema>;
/** @public */
export type ApiTraceFlamegraph = z.infer<typeof TraceFlamegraphSchema>;
/** @public */
export type ApiTraceSpan = ApiTrace['spans'][number];
/** @public */
export type ApiComparison = z.infer<typeof ComparisonSchema>;
