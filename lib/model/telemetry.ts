import type { SeriesRole } from './memory.ts';
import type { Piece } from './piece.ts';
import type { Profile } from './profile.ts';
import type { ServiceName } from './service.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import type { EpochMs } from './units.ts';

// What a parser of uploads hands to the analyzers: facts under the names of this product, still one upload's worth.

/** How an instance was told from its siblings, strongest first. `none`: the sender says nothing that could. */
export type InstanceSource =
  | 'service.instance.id'
  | 'k8s.pod.uid'
  | 'container.id'
  | 'host+pid'
  | 'faas.instance'
  | 'host.name'
  | 'none';

/** Names of the machine parts that other resources (a kubelet, a Docker daemon) call the same instance by. */
export interface JoinKeys {
  readonly podUid?: string;
  readonly podName?: string; // namespace/pod
  readonly containerId?: string;
  readonly containerName?: string; // k8s.container.name: which container of the pod
  readonly host?: string;
  readonly pid?: number;
}

export interface InstanceIdentity {
  /** Stable per slot: an id that was set by hand survives restarts. The pid in `joins` tells the lives in a slot apart. */
  readonly key: string;
  readonly source: InstanceSource;
  readonly version?: string;
  readonly language?: string; // telemetry.sdk.language: nodejs, python, go, java, …
  readonly sdk?: string; // telemetry.sdk.name/version as sent, for data health
  readonly joins: JoinKeys;
}

/** One reading of a level. Several metrics may fill one role; the reader picks one of them for a life. */
export interface LevelReading {
  readonly role: SeriesRole;
  /** The metric's name as sent. */
  readonly metric: string;
  /** Heap space, memory pool, object type, … when the role is a sum over parts; else ''. */
  readonly part: string;
  readonly time: EpochMs;
  readonly value: number;
}

/** One reading of a counter of work: requests, jobs, messages; also collections. Not yet differenced. */
export interface CountReading {
  readonly unit: UnitOfWork | undefined; // undefined for role 'gc_major' and 'gc_minor'
  readonly role: 'work' | 'gc_major' | 'gc_minor';
  readonly metric: string;
  /** Status class ('2xx', '5xx', 'error', 'ok') or '' where the sender tells none. */
  readonly status: string;
  /** Distinguishes series that share everything above: their other attributes, hashed. */
  readonly stream: string;
  readonly temporality: 'delta' | 'cumulative';
  readonly start: EpochMs;
  readonly time: EpochMs;
  readonly count: number;
  /** Sum of durations, microseconds, where the counter is a histogram of them. */
  readonly sumUs?: number;
  /** Histogram of durations: upper bounds in microseconds (ascending, without +Inf) and one count more than bounds. */
  readonly buckets?: { readonly boundsUs: readonly number[]; readonly counts: readonly number[] };
}

/** A finished piece of work that carries its own duration: a SERVER or CONSUMER span, a transaction. */
export interface WorkSpan {
  readonly unit: UnitOfWork;
  readonly status: string;
  readonly failed: boolean;
  readonly start: EpochMs;
  readonly durationUs: number;
  /** 1 / sampling rate; undefined when the sender does not tell it. */
  readonly weight: number | undefined;
  readonly traceId: string;
  readonly spanId: string;
  /** Whether a profile of it came along; undefined where the protocol does not send them together. */
  readonly profiled?: boolean;
  /** What the request said that it allocated, net, and its largest allocators; absent when it did not. */
  readonly allocated?:
    | { readonly bytes: number; readonly top: readonly { readonly file: string; readonly bytes: number }[] }
    | undefined;
}

/** Limits and ends of containers and pods, which arrive under resources of their own. */
export interface MachineFact {
  readonly joins: JoinKeys;
  readonly time: EpochMs;
  readonly metric: string;
  readonly kind:
    | 'container_limit'
    | 'container_usage'
    | 'heap_limit'
    | 'host_limit'
    | 'restarts'
    | 'oom_killed';
  readonly value: number;
}

/** Everything one upload says about one instance of one service. */
export interface InstanceReport {
  readonly service: ServiceName;
  readonly instance: InstanceIdentity;
  readonly levels: readonly LevelReading[];
  readonly counts: readonly CountReading[];
  readonly work: readonly WorkSpan[];
}

/** One profile of one instance. */
export interface ProfileReport {
  readonly service: ServiceName;
  readonly instance: InstanceIdentity;
  /** When the instance's life began, where the sender tells. */
  readonly lifeStart: EpochMs | null;
  /** End of the period that it covers. */
  readonly time: EpochMs;
  readonly profile: Profile;
  /** The piece of work that alone it was taken of; undefined for a profile of a stretch of time. */
  readonly transaction?: {
    readonly traceId: string;
    readonly spanId: string;
    readonly durationUs: number;
  };
}

export interface UploadFacts {
  readonly reports: readonly InstanceReport[];
  readonly profiles?: readonly ProfileReport[];
  /** Facts about machines that name no service: joined to instances at read. */
  readonly machines: readonly MachineFact[];
  /** Metric names that filled no role, with their points: shown by data health. */
  readonly unused: ReadonlyMap<string, number>;
  /** Points dropped by a safety bound or without a value, by reason. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Earliest and latest time of the data, for the acceptance window. */
  readonly earliest: EpochMs | undefined;
  readonly latest: EpochMs | undefined;
  /** What the sender's clock said when it sent this, where the protocol tells. */
  readonly sentAt?: EpochMs;
  /** Parts of traces and profiles that have to be joined with those of other uploads; encoded when asked for. */
  readonly pieces?: () => readonly Piece[];
  /** Counts shown by data health: points, spans. */
  readonly points: number;
  readonly spans: number;
  /** Length of the upload's body, unpacked, where it was: what the facts take in memory is a few times that. */
  readonly bytes?: number;
}
