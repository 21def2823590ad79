import type { RawSink } from '../jobs/raw-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Rejections } from '../records/rejections.ts';
import type { AuthContext } from './auth.ts';
import type { ZstdInflate } from './inflate.ts';
import type { Limits } from './limits.ts';

/** What the ingest app gets from the world. */
export interface IngestContext {
  readonly auth: AuthContext;
  readonly sink: RawSink;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly rejections: Rejections;
  readonly limits: Limits;
  /** Web APIs have no zstd; runtimes that do hand it in. */
  readonly zstd?: ZstdInflate | undefined;
  /** What answers /readyz: throws when a store does not. */
  readonly ready: () => Promise<void>;
  /** Told of every error that is not a Fault: the log of the process. */
  readonly onBug?: ((error: unknown, where: string) => void) | undefined;
}
