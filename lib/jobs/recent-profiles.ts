import type { UploadId } from '../model/ids.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import { MIB } from '../model/units.ts';

/**
 * What the door has just read, for the analysis in the same process: a profile costs more to decode than to add up. Only a
 * memory: what is not there, or was taken before, is read again from the stored upload and says the same.
 */
export interface RecentProfiles {
  /** @param bytes of the profiles, unpacked: their share of what is remembered at most */
  remember(id: UploadId, facts: UploadFacts, bytes: number): void;
  /** Forgets what it returns. */
  take(id: UploadId): UploadFacts | undefined;
}

/** About a hundred profiles of a Go or Node service; decoded they hold about twice as much. */
const BYTES_MAX = 8 * MIB;

export function recentProfiles(bytesMax = BYTES_MAX): RecentProfiles {
  const known = new Map<UploadId, { readonly facts: UploadFacts; readonly bytes: number }>();
  let held = 0;
  const forget = (id: UploadId) => {
    held -= known.get(id)?.bytes ?? 0;
    known.delete(id);
  };
  return {
    remember(id, facts, bytes) {
      forget(id);
      if (bytes > bytesMax) return;
      known.set(id, { facts, bytes });
      held += bytes;
      for (const oldest of known.keys()) {
        if (held <= bytesMax) break;
        forget(oldest);
      }
    },
    take(id) {
      const facts = known.get(id)?.facts;
      forget(id);
      return facts;
    },
  };
}
