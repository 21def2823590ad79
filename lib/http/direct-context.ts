import type { Clock } from '../ports/clock.ts';
import type { UploadSigner } from '../ports/upload-signer.ts';

/** How large bodies come in: who signs their PUTs, and where these go. */
export interface DirectUploads {
  readonly signer: UploadSigner;
  /** Set where the PUTs come to ourselves: the embedded server. */
  readonly own?: OwnPuts | undefined;
}
export interface OwnPuts {
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly clock: Clock;
  /** Stores a body whose signature, length and digest are right, and sends its event. */
  store(key: string, body: Uint8Array): Promise<'stored' | 'exists'>;
}
