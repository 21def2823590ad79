import type { UploadSigner, UploadToSign } from '../ports/upload-signer.ts';
import type { CredentialSource } from './aws-credentials.ts';
import { presignedUrl } from './aws-signature.ts';
import { objectPath } from './s3-object-store.ts';

export interface S3UploadSignerOptions {
  readonly bucket: string;
  readonly region: string;
  /** As clients reach the store, which need not be how we do. */
  readonly endpoint: string;
  readonly credentials: CredentialSource;
}

/**
 * Presigned PUTs. Length, type, encoding, checksum and `If-None-Match` stand in signed headers and not in the query, so that
 * S3 checks what is really sent. A URL dies with the credentials that signed it, which a role's do after some hours.
 */
export function s3UploadSigner({
  bucket,
  region,
  endpoint,
  credentials,
}: S3UploadSignerOptions): UploadSigner {
  return {
    async sign(upload) {
      const headers = boundHeaders(upload);
      const url = new URL(`${endpoint}${objectPath(bucket, upload.key)}`);
      const scope = { service: 's3', region, credentials: await credentials(), now: new Date() };
      return {
        method: 'PUT',
        url: presignedUrl({ method: 'PUT', url, headers }, upload.expiresS, scope),
        headers,
      };
    },
  };
}

function boundHeaders({ contentType, contentEncoding, bytes, sha256 }: UploadToSign): Record<string, string> {
  return {
    'content-length': String(bytes),
    'content-type': contentType,
    ...(contentEncoding === '' ? {} : { 'content-encoding': contentEncoding }),
    'if-none-match': '*',
    'x-amz-checksum-sha256': sha256,
  };
}
