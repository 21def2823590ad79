import type { Cleared, Interval, Onset, Suspect } from './leak.ts';
import type { MemoryRole } from './memory.ts';
import type { ServiceName } from './service.ts';
import type { UnitKind } from './unit-of-work.ts';
import type { EpochMs } from './units.ts';

/** What traces show: wrong nesting, requests that come apart, who holds the event loop, slower, failing, wasteful. */
export type TraceFindingKind = 'nesting' | 'fragmented' | 'blocked-loop' | 'latency' | 'failures' | 'pattern';
export type FindingKind = 'leak' | 'killed' | 'rule' | 'regression' | TraceFindingKind;
export type FindingState = 'firing' | 'resolved' | 'snoozed' | 'dismissed';

/** A typed piece of a sentence, so that pages can link it and Slack and the CLI can print the same words. */
export type SentencePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'unit';
      readonly text: string;
      readonly unit: { readonly kind: string; readonly name: string };
    }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'time'; readonly text: string; readonly at: EpochMs }
  | { readonly kind: 'service'; readonly text: string };

export interface Evidence {
  readonly analyzer: string; // name@version
  /** Null for what is no matter of memory. */
  readonly role: MemoryRole | null;
  /** Version of the cohort that was judged; '' when the sender names none. */
  readonly version: string;
  readonly instances: readonly string[];
  /** How many instances were looked at, of which `instances` show it. */
  readonly looked?: number;
  /** Of leaks: how many processes that run grow, of all that run, whatever their version. */
  readonly running?: { readonly growing: number; readonly all: number };
  /** Window that was read, epoch ms. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly onset: Onset | null;
  readonly slopeBytesPerHour: Interval | null;
  readonly timeToLimitS: Interval | null;
  readonly limitBytes: number | null;
  readonly floor: { readonly start: number; readonly end: number } | null;
  readonly lows: number;
  readonly confidence: number;
  readonly reason: string;
  readonly cleared: readonly Cleared[];
  /** Deploys within the onset's interval or just before it. */
  readonly deploys: readonly { readonly version: string; readonly at: EpochMs }[];
  /** Of findings about traces. */
  readonly traces?: TraceEvidence;
  /** Of leaks: what stands beside the suspects. */
  readonly explained?: Explained;
  /** Of processes that were killed: what is known of each death, the last first. */
  readonly deaths?: readonly PostMortem[];
}

export interface PostMortem {
  readonly instance: string;
  readonly version: string;
  readonly at: EpochMs;
  /** `oom`: somebody said so. `near-limit`: it ended near its limit, and nobody said why. */
  readonly cause: 'oom' | 'near-limit';
  readonly lastBytes: number | null;
  readonly shareOfLimit: number | null;
  readonly lifeMs: number;
  /** By how much it had grown, and since when: its floor since the onset, or its readings since the least of them. */
  readonly growth: { readonly bytes: number; readonly since: EpochMs; readonly isFloor: boolean } | null;
  readonly unitsServed: number;
  /** Requests in flight at the last reading; null when not sent. */
  readonly inFlight: number | null;
  /** Units that it finished between its last readings, most first. */
  readonly lastWork: readonly {
    readonly unit: { readonly kind: UnitKind; readonly name: string };
    readonly count: number;
  }[];
  /** Its last heap profile beside a flat one: from before the growth, or else its first. */
  readonly heap: {
    readonly at: EpochMs;
    readonly baselineAt: EpochMs;
    readonly grewBytes: number;
    readonly lines: readonly (Pick<FindingLine, 'name' | 'file' | 'line' | 'calledFrom' | 'owner'> & {
      readonly bytes: number;
      readonly grewBytes: number;
    })[];
  } | null;
}

/** Where a process grew, as far as its metrics can tell. */
export interface Where {
  readonly place: 'heap' | 'external' | 'stacks' | 'allocator' | 'outside';
  /** Share of the process's growth that lies there. */
  readonly share: number;
  /** What would tell more, when no line can be named. */
  readonly experiments: readonly string[];
}

/** A line at which what stays was allocated; who holds it no profile knows. */
export interface FindingLine {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** The nearest line of the team's own code that led there. */
  readonly calledFrom: { readonly name: string; readonly file: string; readonly line: number } | null;
  readonly owner: 'own' | 'library' | 'sdk' | 'unknown';
  readonly share: number;
  readonly bytesPerHour: number;
  readonly bytesPerUnit: Interval | null;
}

/** What one release kept, over all of its processes that were looked at, their start-up left out. */
export interface ReleaseSlope {
  /** '' when the sender names none. */
  readonly version: string;
  /** First and last reading. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly lives: number;
  /** Hours of processes, and finished units of the suspect within them: all units where none is named. */
  readonly hours: number;
  readonly units: number;
  readonly slopeBytesPerHour: Interval | null;
  /** Null without a suspect whose counts are whole, or with too few readings. */
  readonly bytesPerUnit: Interval | null;
}

/** Whether a release has ended what another one kept. */
export interface FixProof {
  readonly version: string;
  /** `less`: it keeps much less, and more than nothing. */
  readonly state: 'fixed' | 'less' | 'keeps' | 'undecided';
  /** Whether it is told by units that it has served, or by hours of its processes, where no unit is known. */
  readonly by: 'unit' | 'clock';
  /** What it keeps per unit, or per hour. */
  readonly kept: Interval | null;
  /** Units, or hours of processes, so far, and how many tell for sure; null where more of them will not tell more. */
  readonly served: number;
  readonly needed: number | null;
}

export interface Releases {
  /** What the releases are compared by: bytes per unit of the suspect, or per hour. */
  readonly by: 'unit' | 'clock';
  /** Oldest first. */
  readonly items: readonly ReleaseSlope[];
  /**
   * The first release that keeps memory is one of `versions`: more than one when those between do not tell. `lastGood` is
   * the one before, which was seen to keep nothing; null when no such release was seen, so that older ones may be bad too.
   */
  readonly firstBad: { readonly versions: readonly string[]; readonly lastGood: string | null } | null;
  /** Of the newest release, where it is another than the one that was found to keep memory. */
  readonly fix: FixProof | null;
}

/** Of what is counted apart, one type or state: objects of a class, threads that wait, handles of a kind. */
export interface GrowingPart {
  readonly role: MemoryRole;
  readonly part: string;
  /** Share of all that grew of the role. */
  readonly share: number;
  readonly perHour: number;
  readonly perUnit: Interval | null;
}

/** A third of the processes, by how busy they are. */
export interface LoadShare {
  readonly lives: number;
  readonly unitsPerHour: number;
  readonly slopeBytesPerHour: Interval;
}
export interface BusyBesideIdle {
  readonly busiest: LoadShare;
  readonly idlest: LoadShare;
}

export interface Explained {
  readonly where: Where | null;
  readonly lines: readonly FindingLine[];
  /** Until it is fixed: requests of all kinds, and seconds, after which a process is to be replaced. */
  readonly stopGap: { readonly maxRequests: Interval | null; readonly restartS: Interval | null } | null;
  /** Calls per hour before and after the onset: what people compare by hand. It ranks nothing. */
  readonly compared: readonly {
    readonly unit: { readonly kind: UnitKind; readonly name: string };
    readonly perHourBefore: number;
    readonly perHourAfter: number;
  }[];
  /** Of things that are counted by type or state: which of them grew, the most first. */
  readonly parts?: readonly GrowingPart[];
  /** What each release kept; absent in findings of before it was looked at. */
  readonly releases?: Releases | null;
  /** What busy processes keep beside idle ones; absent where they are too few or too alike. */
  readonly byLoad?: BusyBesideIdle;
  /** Of a leak that only short lives together tell: it has no onset, but each life has an age. */
  readonly together?: LivesOfLeak;
}

export interface LivesOfLeak {
  /** Lives that were long enough to speak. */
  readonly lives: number;
  /** The median one, and what it gains. */
  readonly lifeMs: number;
  readonly gain: Interval;
  /** Age at which a life that goes on reaches the limit, s. */
  readonly limitS: Interval | null;
}

/** What traces said. Times are ms. */
export interface TraceEvidence {
  readonly unit: { readonly kind: UnitKind; readonly name: string } | null;
  /** Requests that were looked at, and those that show it. */
  readonly requests: number;
  readonly affected: number;
  /** Time that it cost them, where that can be told. */
  readonly ms: number | null;
  readonly cause: string | null;
  /** Text to paste, after a line that says where; ''. */
  readonly fix: string;
  readonly shift: {
    readonly quantile: number;
    readonly beforeMs: number;
    readonly afterMs: number;
    readonly change: number;
    readonly pValue: number;
    /** Versions; '' where two times were compared. */
    readonly before: string;
    readonly after: string;
  } | null;
  readonly examples: readonly { readonly traceId: string; readonly at: EpochMs }[];
}

export interface Finding {
  readonly id: string;
  readonly kind: FindingKind;
  readonly project: string;
  readonly service: ServiceName;
  readonly state: FindingState;
  readonly since: EpochMs;
  readonly updatedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly snoozedUntil: EpochMs | null;
  readonly dismissed: { readonly at: EpochMs; readonly reason: string } | null;
  readonly title: string;
  readonly summary: string;
  readonly sentence: readonly SentencePart[];
  readonly suspects: readonly Suspect[];
  readonly evidence: Evidence;
}
