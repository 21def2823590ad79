import type { RawSink } from '../jobs/raw-sink.ts';
import type { RecentProfiles } from '../jobs/recent-profiles.ts';
import type { recogniseProfiles } from '../jobs/recognise-profiles.ts';
import type { digest } from '../model/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Rejections } from '../records/rejections.ts';
import type { AuthContext } from './auth.ts';
import type { DirectUploads } from './direct-context.ts';
import type { InflateAll } from './inflate.ts';
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
  readonly zstd?: InflateAll | undefined;
  /** Nor brotli. */
  readonly brotli?: InflateAll | undefined;
  /** Web APIs stop at the first member of a gzip body; runtimes that know better hand it in. */
  readonly gzip?: InflateAll | undefined;
  /** SHA-256 of parts, for runtimes that have a faster one than Web APIs. */
  readonly digest?: typeof digest | undefined;
  /** Profiles are packed inside of their bodies; absent where nothing unpacks those, and no profile is taken. */
  readonly recogniseProfiles?: typeof recogniseProfiles | undefined;
  /** Where profiles that were read are kept for an analysis in the same process; absent where there is none. */
  readonly recent?: RecentProfiles | undefined;
  /** Large bodies by signed PUTs; absent where the store can sign none. */
  readonly direct?: DirectUploads | undefined;
  /** What answers /readyz: throws when a store does not. */
  readonly ready: () => Promise<void>;
  /** Told of every error that is not a Fault: the log of the process. */
  readonly onBug?: ((error: unknown, where: string) => void) | undefined;
}
