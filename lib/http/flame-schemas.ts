import * as z from 'zod';
import { list, Time, UnitSchema } from './schemas.ts';

// Shapes of the answers about profiles. Integers beyond 2^53 come as digits.

export const Integer = z
  .union([z.number(), z.string()])
  .meta({ description: 'an integer; beyond 2^53 as a string of digits' });

const TemporalitySchema = z.enum(['delta', 'level', 'cumulative']);

export const ProfileTypeSchema = z.object({
  type: z.string(),
  unit: z.string(),
  /** delta: adds up; level: what was there, averaged over time; cumulative: differenced within each life. */
  temporality: TemporalitySchema,
  profiles: z.number(),
  versions: z.array(z.string()),
  instances: z.array(z.string()).meta({
    description:
      'that can be asked for alone, of levels and cumulative values: none in ranges beyond a day, and in ranges from six ' +
      'hours on those of the last hour',
  }),
  units: z.array(UnitSchema),
});

const FlamebearerSchema = z.object({
  names: z.array(z.string()),
  levels: z.array(z.array(Integer)),
  numTicks: Integer,
  maxSelf: Integer,
});
const MetadataSchema = z.object({
  format: z.enum(['single', 'double']),
  spyName: z.string(),
  sampleRate: z.number(),
  units: z.string(),
  name: z.string(),
});
/** Parallel to names: inApp is 1 for the team's own code, 0 for a library or the runtime, −1 where nobody tells. */
const FramesSchema = z.array(z.object({ file: z.string(), inApp: z.number() }));

const TopRowSchema = z.object({
  name: z.string(),
  file: z.string(),
  inApp: z.number(),
  self: Integer,
  total: Integer,
});
const AboutShape = {
  type: z.object({ type: z.string(), unit: z.string(), temporality: TemporalitySchema }),
  from: Time,
  to: Time,
  total: Integer,
  profiles: z.number(),
  durationMs: z.number().meta({ description: 'time that the profiles cover, where they tell' }),
  instances: z
    .number()
    .meta({ description: 'instances that count; 0 for deltas, which do not tell them apart' }),
  shownInstances: z
    .number()
    .meta({ description: 'those whose stacks were kept: the graph is scaled to all' }),
  newInstances: z.number().meta({
    description:
      'cumulative values: instances of which nothing is known from the six hours before the range; ' +
      'all that they counted since they began is in the graph',
  }),
  top: z.array(TopRowSchema).meta({ description: 'functions by self value; a recursive one counts once' }),
};
export const PyroscopeShape = {
  version: z.number(),
  flamebearer: FlamebearerSchema,
  metadata: MetadataSchema,
  timeline: z.null(),
  groups: z.null(),
  heatmap: z.null(),
  frames: FramesSchema,
  parents: z
    .array(z.array(z.number()))
    .meta({ description: 'per bar of each level the index of the bar above it, in the level before' }),
};

export const FlamegraphSchema = z.object({
  ...PyroscopeShape,
  ...AboutShape,
  /** With details=true. */
  examples: z
    .object({ uploads: z.array(z.string()), levels: z.array(z.array(z.number())) })
    .optional()
    .meta({ description: 'per bar of each level an index into uploads, −1 where no upload is kept' }),
  functionLines: z
    .array(
      z.object({
        name: z.string(),
        file: z.string(),
        lines: z.array(z.object({ line: z.number(), self: Integer, total: Integer })),
      }),
    )
    .optional()
    .meta({ description: 'lines of the functions in top, of all units of work together' }),
});

export const FrameHistorySchema = z.object({
  points: z.array(z.object({ t: Time, self: z.number(), total: z.number() })).meta({
    description: 'shares of the whole, 0 to 1, at the start of each step in which anything was measured',
  }),
});

const SideValues = z.object({ self: Integer, total: Integer });
export const FlamegraphDiffSchema = z.object({
  ...PyroscopeShape,
  leftTicks: Integer,
  rightTicks: Integer,
  left: z.object(AboutShape),
  right: z.object(AboutShape),
  changed: z
    .array(
      z.object({
        name: z.string(),
        file: z.string(),
        inApp: z.number(),
        left: SideValues,
        right: SideValues,
        selfShare: z.number(),
        totalShare: z.number(),
      }),
    )
    .meta({ description: 'functions by the change of their share of self value, right less left' }),
});

export type ApiProfileType = z.infer<typeof ProfileTypeSchema>;
export type ApiFlamegraph = z.infer<typeof FlamegraphSchema>;
export type ApiFrameHistory = z.infer<typeof FrameHistorySchema>;
export type ApiFlamegraphDiff = z.infer<typeof FlamegraphDiffSchema>;

const SpreadSchema = z.object({
  p50Ms: z.number(),
  p75Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  sumMs: z.number(),
});
export const FunctionSchema = z.object({
  name: z.string(),
  file: z.string(),
  inApp: z.number(),
  unit: UnitSchema.nullable(),
  basis: z
    .enum(['transaction', 'profile'])
    .meta({ description: 'whether times are per transaction, or per profile of a stretch of time' }),
  known: z.number().meta({ description: 'transactions or profiles whose time in it is known' }),
  seen: z.number().meta({ description: 'those in which it was seen; in the others it took nothing' }),
  perSecond: z.number().meta({ description: 'those in which it was seen, by the length of the range' }),
  total: SpreadSchema.meta({ description: 'with what it called; percentiles over all known' }),
  self: SpreadSchema,
  spread: z.enum(['steady', 'usually fast, sometimes slow']),
  examples: z
    .array(
      z.object({
        upload: z.string(),
        traceId: z.string().nullable(),
        at: Time,
        ms: z.number(),
        ofMs: z.number(),
      }),
    )
    .meta({ description: 'profiles in which it took longest, then any; ofMs is how long the whole took' }),
});
export type ApiFunction = z.infer<typeof FunctionSchema>;

const PlaceSchema = z.object({ name: z.string(), file: z.string() });
const RegressionSchema = z.object({
  name: z.string(),
  file: z.string(),
  inApp: z.number(),
  unit: UnitSchema.nullable(),
  basis: z.enum(['transaction', 'profile']),
  measure: z
    .enum(['share', 'cost'])
    .meta({ description: 'share: part of the time, 0 to 1; cost: milliseconds per transaction' }),
  left: z.number(),
  right: z.number(),
  change: z
    .object({ value: z.number(), low: z.number(), high: z.number() })
    .meta({ description: 'all intervals of an answer hold together; the profile is the unit of chance' }),
  profiles: z.object({ left: z.number(), right: z.number() }),
  origin: z
    .union([
      z.object({ kind: z.literal('growth') }),
      z.object({ kind: z.literal('shift'), within: PlaceSchema, from: PlaceSchema }),
      z.object({ kind: z.literal('dilution'), from: PlaceSchema }),
    ])
    .meta({
      description:
        'shift: work moved here from another callee of a caller that did not grow; ' +
        'dilution: another function shrank, and the share of all others grew by that',
    }),
});
export const RegressionsSchema = list(RegressionSchema).extend({
  compared: z.boolean().meta({ description: 'whether any unit has enough profiles on both sides' }),
});
export type ApiRegression = z.infer<typeof RegressionSchema>;
