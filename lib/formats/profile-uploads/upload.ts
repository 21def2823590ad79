import type { UploadFacts } from '../../model/telemetry.ts';
import type { EpochMs } from '../../model/units.ts';

/** A request with a profile in it, as it came through a door. */
export interface ProfileUpload {
  /** Without the content encoding of the request; a profile in it may still be gzip. */
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Query of the request, canonical. */
  readonly naming: string;
  readonly receivedAt: EpochMs;
}

export interface ReadProfiles {
  readonly facts: UploadFacts;
  /** What two tries of one upload have in common: bytes without compression and boundaries. */
  readonly identity: Uint8Array;
}
