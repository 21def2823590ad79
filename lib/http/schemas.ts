import * as z from 'zod';
import { VERDICTS } from '../model/leak.ts';
import { MEMORY_ROLES } from '../model/memory.ts';

// The shapes of the read API. The OpenAPI document is generated from them, answers are typed by them, and the web UI
// takes its types from here. Times are epoch milliseconds.

export const Time = z.number().meta({ description: 'epoch milliseconds' });
export const IntervalSchema = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .meta({ description: 'estimate with its 95 % interval' });
export const OnsetSchema = z.object({ t: Time, low: Time, high: Time });
export const UnitSchema = z.object({
  kind: z.enum(['http', 'graphql', 'rpc', 'job', 'message', 'connection']),
  name: z.string(),
  guessed: z.boolean().optional(),
});
export const VerdictSchema = z.enum(VERDICTS);
export const RoleSchema = z.enum(MEMORY_ROLES);
/** [time, value] */
export const PointSchema = z.tuple([Time, z.number()]);

export const SuspectSchema = z.object({
  units: z.array(UnitSchema),
  cause: z.enum(['unit', 'clock', 'total-traffic', 'connections']),
  bytesPerUnit: IntervalSchema.nullable(),
  weight: z.number(),
  unitsSinceOnset: z.number(),
  share: z.number().optional().meta({ description: 'share of the rise that this explanation fits' }),
});
export const ClearedSchema = z.object({
  unit: UnitSchema,
  bytesPerUnit: IntervalSchema.nullable(),
  unitsSinceOnset: z.number(),
  reason: z.string(),
});
export const DeploySchema = z.object({
  service: z.string(),
  version: z.string(),
  at: Time,
  url: z.string().nullable(),
  commit: z.string().nullable(),
  /** Told to POST /v1/deploys, or seen as a new service.version. */
  source: z.enum(['reported', 'observed']),
});

export const SentencePartSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({
    kind: z.literal('unit'),
    text: z.string(),
    unit: z.object({ kind: z.string(), name: z.string() }),
  }),
  z.object({ kind: z.literal('number'), text: z.string() }),
  z.object({ kind: z.literal('time'), text: z.string(), at: Time }),
  z.object({ kind: z.literal('service'), text: z.string() }),
]);

const LineFields = {
  ...{ name: z.string(), file: z.string(), line: z.number() },
  calledFrom: z.object({ name: z.string(), file: z.string(), line: z.number() }).nullable(),
  owner: z.enum(['own', 'library', 'sdk', 'unknown']),
};

const PostMortemSchema = z.object({
  ...{ instance: z.string(), version: z.string(), at: Time, cause: z.enum(['oom', 'near-limit']) },
  lastBytes: z.number().nullable(),
  shareOfLimit: z.number().nullable(),
  lifeMs: z.number(),
  growth: z.object({ bytes: z.number(), since: Time, isFloor: z.boolean() }).nullable(),
  unitsServed: z.number(),
  inFlight: z.number().nullable().meta({ description: 'requests; null when not sent' }),
  lastWork: z.array(z.object({ unit: UnitSchema, count: z.number() })),
  heap: z
    .object({
      ...{ at: Time, baselineAt: Time, grewBytes: z.number() },
      lines: z.array(z.object({ ...LineFields, bytes: z.number(), grewBytes: z.number() })),
    })
    .nullable()
    .meta({ description: 'the last heap profile beside a flat one' }),
});

const LoadShareSchema = z.object({
  ...{ lives: z.number(), unitsPerHour: z.number() },
  slopeBytesPerHour: IntervalSchema,
});

const ReleasesSchema = z.object({
  by: z.enum(['unit', 'clock']).meta({ description: 'what releases are compared by' }),
  items: z.array(
    z.object({
      ...{
        version: z.string(),
        from: Time,
        to: Time,
        lives: z.number(),
        hours: z.number(),
        units: z.number(),
      },
      slopeBytesPerHour: IntervalSchema.nullable(),
      bytesPerUnit: IntervalSchema.nullable(),
    }),
  ),
  firstBad: z
    .object({
      versions: z.array(z.string()).meta({ description: 'one of these is the first that keeps memory' }),
      lastGood: z.string().nullable(),
    })
    .nullable(),
  fix: z
    .object({
      version: z.string(),
      state: z.enum(['fixed', 'less', 'keeps', 'undecided']),
      by: z.enum(['unit', 'clock']),
      kept: IntervalSchema.nullable(),
      served: z.number().meta({ description: 'units, or hours of processes' }),
      needed: z.number().nullable().meta({ description: 'how many tell for sure' }),
    })
    .nullable(),
});

export const FindingSchema = z.object({
  id: z.string(),
  kind: z.enum([
    ...(['leak', 'killed', 'rule', 'regression'] as const),
    ...(['nesting', 'fragmented', 'blocked-loop', 'latency', 'failures', 'pattern'] as const),
  ]),
  service: z.string(),
  state: z.enum(['firing', 'resolved', 'snoozed', 'dismissed']),
  since: Time,
  updatedAt: Time,
  resolvedAt: Time.nullable(),
  snoozedUntil: Time.nullable(),
  dismissed: z.object({ at: Time, reason: z.string() }).nullable(),
  title: z.string(),
  summary: z.string(),
  sentence: z.array(SentencePartSchema),
  suspects: z.array(SuspectSchema),
  evidence: z.object({
    analyzer: z.string(),
    role: RoleSchema.nullable().meta({ description: 'null for what is no matter of memory' }),
    version: z.string(),
    instances: z.array(z.string()),
    looked: z.number().optional().meta({ description: 'how many instances were looked at' }),
    running: z
      .object({ growing: z.number(), all: z.number() })
      .optional()
      .meta({ description: 'of leaks: processes that run and grow, of all that run' }),
    from: Time,
    to: Time,
    onset: OnsetSchema.nullable(),
    slopeBytesPerHour: IntervalSchema.nullable(),
    timeToLimitS: IntervalSchema.nullable(),
    limitBytes: z.number().nullable(),
    floor: z.object({ start: z.number(), end: z.number() }).nullable(),
    lows: z.number(),
    confidence: z.number(),
    reason: z.string(),
    cleared: z.array(ClearedSchema),
    deploys: z.array(z.object({ version: z.string(), at: Time })),
    traces: z
      .object({
        unit: UnitSchema.nullable(),
        requests: z.number(),
        affected: z.number(),
        ms: z.number().nullable(),
        cause: z.string().nullable(),
        fix: z.string().meta({ description: 'text to paste, after a line that says where' }),
        shift: z
          .object({
            quantile: z.number(),
            beforeMs: z.number(),
            afterMs: z.number(),
            change: z.number(),
            pValue: z.number(),
            before: z.string(),
            after: z.string(),
          })
          .nullable(),
        examples: z.array(z.object({ traceId: z.string(), at: Time })),
      })
      .optional()
      .meta({ description: 'of findings about traces' }),
    explained: z
      .object({
        where: z
          .object({
            place: z.enum(['heap', 'external', 'stacks', 'allocator', 'outside']),
            share: z.number(),
            experiments: z.array(z.string()),
          })
          .nullable(),
        lines: z
          .array(
            z.object({
              ...LineFields,
              share: z.number(),
              bytesPerHour: z.number(),
              bytesPerUnit: IntervalSchema.nullable(),
            }),
          )
          .meta({ description: 'where what stays was allocated, not who holds it' }),
        stopGap: z
          .object({ maxRequests: IntervalSchema.nullable(), restartS: IntervalSchema.nullable() })
          .nullable(),
        compared: z
          .array(z.object({ unit: UnitSchema, perHourBefore: z.number(), perHourAfter: z.number() }))
          .meta({ description: 'calls before and after the onset; ranks nothing' }),
        parts: z
          .array(
            z.object({
              ...{ role: RoleSchema, part: z.string(), share: z.number(), perHour: z.number() },
              perUnit: IntervalSchema.nullable(),
            }),
          )
          .optional()
          .meta({ description: 'types of objects, states of threads, kinds of handles that grew' }),
        releases: ReleasesSchema.nullable().optional(),
        byLoad: z
          .object({ busiest: LoadShareSchema, idlest: LoadShareSchema })
          .optional()
          .meta({ description: 'what busy processes keep beside idle ones' }),
        together: z
          .object({
            ...{ lives: z.number(), lifeMs: z.number(), gain: IntervalSchema },
            limitS: IntervalSchema.nullable().meta({ description: 'age at which a life would be full' }),
          })
          .optional()
          .meta({ description: 'of a leak that only short lives together tell' }),
      })
      .optional()
      .meta({ description: 'of leaks' }),
    deaths: z.array(PostMortemSchema).optional().meta({ description: 'of processes that were killed' }),
  }),
  /** Where the notice stands: sent, owed with the reason of the last failure, or not configured. */
  notice: z.object({
    firing: z.enum(['sent', 'due', 'off']),
    resolved: z.enum(['sent', 'due', 'off', 'none']),
    lastError: z.string().nullable(),
  }),
});

export const ServiceItemSchema = z.object({
  service: z.string(),
  lastSeen: Time,
  instances: z.number(),
  /** What arrives: M metrics of memory, C counts of work, T traces, P profiles, D deploys. */
  signals: z.array(z.enum(['memory', 'counts', 'traces', 'profiles', 'deploys'])),
  findings: z.number().meta({ description: 'open findings' }),
  verdict: VerdictSchema.nullable(),
  verdictReason: z.string().nullable(),
  /** Floor of the fullest instance, thinned to ≤ 60 points, for a sparkline. */
  floor: z.array(PointSchema),
  role: RoleSchema.nullable(),
  limitBytes: z.number().nullable(),
  unitsPerSecond: z.number().nullable(),
  p95Ms: z.number().nullable(),
});

export const LifeSchema = z.object({
  instance: z.string(),
  version: z.string().nullable(),
  startedAt: Time.nullable(),
  from: Time,
  to: Time,
  verdict: VerdictSchema,
  end: z.object({ time: Time, reason: z.enum(['restart', 'oom', 'gone']) }).nullable(),
});
export const MemorySeriesSchema = z.object({
  instance: z.string(),
  role: RoleSchema,
  metric: z.string(),
  unit: z.enum(['bytes', 'count']),
  points: z.array(PointSchema),
  floor: z.array(PointSchema),
  /** Time of the last low that confirms the floor; what comes after is dotted. */
  confirmedUntil: Time.nullable(),
  lives: z.array(LifeSchema),
  verdict: VerdictSchema,
  reason: z.string(),
  onset: OnsetSchema.nullable(),
  slopeBytesPerHour: IntervalSchema.nullable(),
  timeToLimitS: IntervalSchema.nullable(),
  limitBytes: z.number().nullable(),
});
export const CohortSchema = z.object({
  service: z.string(),
  version: z.string().nullable(),
  role: RoleSchema,
  instances: z.number(),
  lives: z.number(),
  verdict: VerdictSchema,
  confidence: z.number(),
  reason: z.string(),
  onset: OnsetSchema.nullable(),
  slopeBytesPerHour: IntervalSchema.nullable(),
  timeToLimitS: IntervalSchema.nullable(),
  floor: z.object({ start: z.number(), end: z.number() }).nullable(),
  segments: z.array(z.object({ from: Time, to: Time, startValue: z.number(), slopePerMs: z.number() })),
  suspects: z.array(SuspectSchema),
  cleared: z.array(ClearedSchema),
});
export const MemorySchema = z.object({
  service: z.string(),
  from: Time,
  to: Time,
  /** Roles that have data in this range, in the order in which they should be offered. */
  roles: z.array(RoleSchema),
  series: z.array(MemorySeriesSchema),
  deploys: z.array(DeploySchema),
  cohorts: z.array(CohortSchema),
});

export const UnitItemSchema = z.object({
  unit: UnitSchema,
  count: z.number(),
  failures: z.number(),
  /** Where the count comes from: the metric's name, or 'spans'. */
  source: z.string(),
  active: z.number().nullable(),
  allocated: z
    .object({
      requests: z.number(),
      ...{ medianBytes: z.number(), trimmedMeanBytes: z.number() },
      top: z.array(z.object({ file: z.string(), requests: z.number(), bytesPerRequest: z.number() })),
    })
    .nullable()
    .meta({ description: 'net bytes per request, as its spans tell them; null when they do not' }),
  /** [bucket start, count in the bucket], ≤ 60 buckets over the range; empty beyond the 200 most frequent units. */
  history: z.array(PointSchema),
});

/** What the requests of one version took, as far as they came as spans. */
export const VersionFiguresSchema = z.object({
  version: z.string().meta({ description: "'': its sender names none" }),
  firstAt: Time,
  requests: z.number(),
  failures: z.number(),
  p50Ms: z.number(),
  p75Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
});

export const TransactionSchema = z.object({
  unit: UnitSchema,
  count: z.number(),
  failures: z.number(),
  perSecond: z.number(),
  p50Ms: z.number().nullable(),
  p75Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  /** Sum of durations: the ranking that asks where the time goes. */
  totalMs: z.number(),
  apdex: z.number().nullable().optional().meta({ description: 'null where only a histogram tells' }),
  failureRate: z
    .object({ value: z.number(), low: z.number(), high: z.number() })
    .optional()
    .meta({ description: 'with its 95 % interval' }),
  source: z.string().meta({ description: "'spans', or the name of the duration histogram" }),
  versions: z.array(VersionFiguresSchema).meta({ description: 'the newest 20, the oldest first' }),
  change: z
    .object({
      version: z.string(),
      isSlower: z.boolean(),
      change: z.number().meta({ description: 'of the p95: (after − before) / before' }),
      sentence: z
        .string()
        .meta({ description: 'p95 fell by 48 % with release 1.4.3: 90 ms before, 47 ms after' }),
    })
    .nullable()
    .meta({ description: 'what the last version did to the p95; null where it may be chance' }),
  examples: z.array(z.object({ traceId: z.string(), durationMs: z.number(), at: Time })),
  /** [bucket start, p50, p95] */
  history: z.array(z.tuple([Time, z.number(), z.number()])),
});

export const UploadItemSchema = z.object({
  id: z.string(),
  receivedAt: Time,
  route: z.string(),
  bytes: z.number(),
  sender: z.string(),
  state: z.enum(['pending', 'done', 'rejected', 'poison']),
  reason: z.string().nullable(),
});
export const RejectionSchema = z.object({
  hour: Time,
  reason: z.string(),
  status: z.number(),
  sender: z.string(),
  count: z.number(),
  examples: z.array(
    z.object({ at: Time, route: z.string(), detail: z.string(), firstBytes: z.string(), bytes: z.number() }),
  ),
});
export const UploadsSchema = z.object({
  from: Time,
  to: Time,
  /** received = done + rejected + poison + pending. */
  balance: z.object({
    received: z.number(),
    done: z.number(),
    rejected: z.number(),
    poison: z.number(),
    pending: z.number(),
  }),
  /** Refused at the door, before anything was stored: not part of the balance. */
  refused: z.array(RejectionSchema),
  leftOut: z
    .array(z.object({ reason: z.string(), count: z.number() }))
    .optional()
    .meta({ description: 'left out of analysed uploads, and by SDKs as their client reports say' }),
  joins: z
    .object({
      traces: z.number(),
      rootless: z.number(),
      late: z.number(),
      leftOut: z.number(),
      failed: z.number(),
    })
    .optional()
    .meta({
      description:
        'Traces that were put together of their parts; spans and chunks whose root never came, or that came after the join, or that memory had no room for; minutes that were given up',
    }),
  deadLetters: z.number().optional().meta({ description: 'Events that were delivered too often' }),
  items: z.array(UploadItemSchema),
  cursor: z.string().nullable(),
});

export const HealthSchema = z.object({
  service: z.string(),
  /** What a tired engineer needs to know first. */
  sentence: z.string(),
  arrives: z.array(
    z.object({
      signal: z.string(),
      from: z.string().meta({ description: 'SDK or metric names' }),
      last: Time.nullable(),
      points: z.number(),
      intervalS: z.number().nullable(),
      goodFor: z.string(),
    }),
  ),
  missing: z.array(
    z.object({
      what: z.string(),
      why: z.string(),
      /** Exact lines to paste; empty when nothing can be pasted. */
      lines: z.string(),
      language: z.string(),
    }),
  ),
  unusedMetrics: z.array(z.object({ name: z.string(), points: z.number() })),
  unreadable: z
    .array(z.object({ start: Time, step: z.string(), segments: z.number(), why: z.string() }))
    .optional()
    .meta({ description: 'Buckets whose answers go without stored segments that cannot be read' }),
  clocks: z
    .array(z.object({ instance: z.string(), aheadMs: z.number(), correctedSince: Time }))
    .optional()
    .meta({ description: 'Instances whose clocks are ahead, and whose times are corrected by it' }),
});

export const SetupSchema = z.object({
  endpoint: z.string(),
  /** True when uploads need a key here. */
  auth: z.boolean(),
  guides: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      steps: z.array(z.object({ text: z.string(), language: z.string(), lines: z.string() })),
    }),
  ),
});

export const StatusSchema = z.object({
  version: z.string(),
  now: Time,
  lastUploadAt: Time.nullable(),
  pending: z.number(),
  services: z.number(),
  openFindings: z.number(),
  lastScanAt: Time.nullable(),
  unreadable: z.number().optional().meta({ description: 'Stored segments that answers had to go without' }),
});

export const KeySchema = z.object({
  id: z.string(),
  project: z.string(),
  scopes: z.array(z.enum(['ingest', 'read', 'admin'])),
  status: z.enum(['active', 'revoked']),
  createdAt: Time,
  note: z.string(),
  origins: z.array(z.string()).optional().meta({ description: 'Pages that may send with the DSN' }),
});

export const list = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), cursor: z.string().nullable() });

export type ApiFinding = z.infer<typeof FindingSchema>;
export type ApiService = z.infer<typeof ServiceItemSchema>;
export type ApiMemory = z.infer<typeof MemorySchema>;
export type ApiMemorySeries = z.infer<typeof MemorySeriesSchema>;
export type ApiCohort = z.infer<typeof CohortSchema>;
export type ApiLife = z.infer<typeof LifeSchema>;
export type ApiUnit = z.infer<typeof UnitItemSchema>;
export type ApiTransaction = z.infer<typeof TransactionSchema>;
export type ApiUploads = z.infer<typeof UploadsSchema>;
export type ApiHealth = z.infer<typeof HealthSchema>;
export type ApiSetup = z.infer<typeof SetupSchema>;
export type ApiStatus = z.infer<typeof StatusSchema>;
export type ApiDeploy = z.infer<typeof DeploySchema>;
export type ApiSuspect = z.infer<typeof SuspectSchema>;
export type ApiCleared = z.infer<typeof ClearedSchema>;
