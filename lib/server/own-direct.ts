import type { DirectUploads } from '../http/direct-context.ts';
import { ownSigner } from '../http/direct-uploads.ts';
import type { JobContext } from '../jobs/context.ts';
import { objectCreated } from '../jobs/events.ts';

/** Signed PUTs come to this very server: its store can take none. */
export function ownDirect(
  { objects, uploads, clock, settings }: JobContext,
  secret: Uint8Array<ArrayBuffer>,
): DirectUploads {
  return {
    signer: ownSigner({ secret, clock }),
    own: {
      secret,
      clock,
      async store(key, body) {
        const outcome = await objects.put(key, body, { ifAbsent: true });
        if (outcome === 'stored') await uploads.send([objectCreated(settings.bucket, key, body.length)]);
        return outcome;
      },
    },
  };
}
