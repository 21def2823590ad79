import { digest, hexOf, type UploadId, uploadId } from '../model/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Upload } from './raw-segment.ts';
import type { RawSink } from './raw-sink.ts';

/** A request that the door has authenticated, bounded and recognised. */
export interface Received extends Omit<Upload, 'id' | 'receivedAt' | 'naming'> {
  /** What the body says once unpacked: the same for two tries of one upload, whatever gzip wrote. */
  readonly identity: Uint8Array;
  /** Parameters that name the data (`service=…`), in canonical order, or ''. */
  readonly naming: string;
}

const ID_HEX = 32;

export async function uploadIdOf(
  received: Pick<Received, 'project' | 'route' | 'naming' | 'identity'>,
  sha256 = digest,
): Promise<UploadId> {
  const { project, route, naming, identity } = received;
  return uploadId(hexOf(await sha256(project, route, naming, identity)).slice(0, ID_HEX));
}

interface ReceiveContext {
  readonly sink: Pick<RawSink, 'store'>;
  readonly clock: Clock;
  readonly digest?: typeof digest | undefined;
}

/** Makes the upload durable. Returns its id once the client may be told so. */
export async function receive(
  { sink, clock, digest: sha256 }: ReceiveContext,
  { identity, naming, ...facts }: Received,
): Promise<UploadId> {
  const id = await uploadIdOf({ ...facts, identity, naming }, sha256);
  await sink.store({ ...facts, ...(naming !== '' && { naming }), id, receivedAt: clock.now() });
  return id;
}
