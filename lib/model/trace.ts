import type { ServiceName } from './service.ts';
import type { UnitOfWork } from './unit-of-work.ts';

// One unit of work with the spans below it, whatever protocol it came by: a Sentry transaction, a Sentry segment with its
// streamed spans, an OTLP local root with the spans of its process.

/**
 * Microseconds since 1970. A double is exact to a quarter of a microsecond until 2255, so that Python's six digits and
 * the order of OTLP's nanoseconds survive. Parsers let no NaN through.
 */
export type EpochUs = number;

export interface Span {
  /** 16 lower-case hex digits as a rule. Never '' after a parser, but repeated ids occur: resent batches, broken SDKs. */
  readonly spanId: string;
  /** As reported; '' when none was sent. May name a span that is not in the trace, or the span itself. */
  readonly parentSpanId: string;
  /** Sentry's words: `db`, `db.redis`, `http.client`, `cache.get`, `function`, …; for OTLP made from attributes. */
  readonly op: string;
  /** As sent and scrubbed of nothing: SQL, `GET https://…`, a cache key, a function's name. */
  readonly description: string;
  /** What made the span: `auto.db.redis`, `auto.function.asyncio`, `manual`; for OTLP the scope's name. */
  readonly origin: string;
  /** `ok`, `error`, `not_found`, … as sent; '' when not told. */
  readonly status: string;
  readonly start: EpochUs;
  /** Never before `start`. */
  readonly end: EpochUs;
  /** '' when not told. */
  readonly threadId: string;
  readonly threadName: string;
}

export interface TraceSdk {
  readonly name: string; // sentry.python.fastapi, sentry.javascript.node, opentelemetry
  readonly version: string;
  /** Undefined where the protocol does not tell them. */
  readonly integrations: readonly string[] | undefined;
}

/** How to find the samples that were taken while this ran. */
export interface ProfileLink {
  /** Profile of this transaction alone (Sentry format 1): joins by the transaction's event id. */
  readonly eventId: string;
  /** Session of a continuous profiler (Sentry format 2): joins by this and by time. '' when none. */
  readonly profilerId: string;
}

export interface Trace {
  readonly source: 'sentry-transaction' | 'sentry-spans' | 'otlp';
  readonly traceId: string;
  /** The local root: the transaction, the segment, the SERVER or CONSUMER span. Its parent is of another process, or ''. */
  readonly root: Span;
  /** All others, in the order of their starts. No span here has the root's id. */
  readonly spans: readonly Span[];
  /** Spans that the sender or a bound left out, or whose unit of work nothing tells. */
  readonly droppedSpans: number;

  /** The transaction's name as sent: the endpoint. */
  readonly name: string;
  /** route, url, custom, component, task, view; '' when not told. */
  readonly nameSource: string;
  readonly unit: UnitOfWork;
  readonly failed: boolean;
  /** `2xx` … `5xx` where HTTP's status is known, else `ok` or `error`. */
  readonly statusClass: string;
  /** 1 / sampling rate; undefined when the sender does not tell it. */
  readonly weight: number | undefined;

  readonly service: ServiceName;
  readonly environment: string;
  /** As sent: `shop@1.4.3`, a commit's hash; '' when none. */
  readonly release: string;
  /** The release without its package: `1.4.3`; how versions are called elsewhere. */
  readonly version: string;
  /** server_name, host.name or server.address; '' when not told. */
  readonly host: string;
  /** What else tells one process from its siblings: a service.instance.id, a pid; '' when the protocol has nothing. */
  readonly process: string;
  /** python, node, javascript, go, java, …: '' when not told. */
  readonly platform: string;
  /** `CPython 3.11.2`; '' when not told. */
  readonly runtime: string;
  readonly sdk: TraceSdk;
  readonly profile: ProfileLink;
}
