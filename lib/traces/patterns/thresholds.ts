/** Why time is lost in ways that code has everywhere. */
export type PatternKind =
  | 'n-plus-one-db'
  | 'n-plus-one-http'
  | 'consecutive-db'
  | 'consecutive-http'
  | 'slow-db'
  | 'blocked-loop';

/** Data, so that a service or a unit can have its own. Milliseconds. Defaults are Sentry's where it has the rule. */
export interface PatternThresholds {
  readonly nPlusOneDb: { readonly minCount: number; readonly minTotalMs: number };
  readonly nPlusOneHttp: {
    readonly minCount: number;
    readonly minTotalMs: number;
    readonly maxStartGapMs: number;
  };
  readonly consecutiveDb: {
    readonly minMs: number;
    readonly minSavedMs: number;
    readonly minSavedShare: number;
  };
  readonly consecutiveHttp: {
    readonly minCount: number;
    readonly minMs: number;
    readonly maxGapMs: number;
    readonly minSavedMs: number;
  };
  readonly slowDb: { readonly minMs: number };
  /** One piece of work that keeps the event loop from everything else. */
  readonly blockedLoop: { readonly minMs: number };
  /** Kinds that are not looked for. */
  readonly ignore: readonly PatternKind[];
}

/** Some of the thresholds, for a service or a unit. */
export type PatternOverrides = {
  readonly [K in keyof Omit<PatternThresholds, 'ignore'>]?: Partial<PatternThresholds[K]> | undefined;
} & { readonly ignore?: readonly PatternKind[] | undefined };

/** The later ones win; kinds that any of them ignores are ignored. */
export function withOverrides(
  base: PatternThresholds,
  ...overrides: readonly (PatternOverrides | undefined)[]
): PatternThresholds {
  const told = overrides.filter((one) => one !== undefined);
  const of = <K extends keyof Omit<PatternThresholds, 'ignore'>>(name: K): PatternThresholds[K] =>
    Object.assign({}, base[name], ...told.map((one) => one[name] ?? {})) as PatternThresholds[K];
  return {
    nPlusOneDb: of('nPlusOneDb'),
    nPlusOneHttp: of('nPlusOneHttp'),
    consecutiveDb: of('consecutiveDb'),
    consecutiveHttp: of('consecutiveHttp'),
    slowDb: of('slowDb'),
    blockedLoop: of('blockedLoop'),
    ignore: [...new Set([...base.ignore, ...told.flatMap(({ ignore = [] }) => ignore)])],
  };
}

export const PATTERN_THRESHOLDS: PatternThresholds = {
  nPlusOneDb: { minCount: 5, minTotalMs: 50 },
  nPlusOneHttp: { minCount: 5, minTotalMs: 300, maxStartGapMs: 15 },
  consecutiveDb: { minMs: 30, minSavedMs: 100, minSavedShare: 0.1 },
  consecutiveHttp: { minCount: 3, minMs: 500, maxGapMs: 500, minSavedMs: 2000 },
  slowDb: { minMs: 500 },
  blockedLoop: { minMs: 100 },
  ignore: [],
};

export interface Pattern {
  readonly kind: PatternKind;
  /** Which: a query, a call, a function. The same for the same fault of every request. */
  readonly subject: string;
  /** One sentence with its numbers. */
  readonly evidence: string;
  readonly spanIds: readonly string[];
  /** Time that the faulty part took. */
  readonly ms: number;
}
