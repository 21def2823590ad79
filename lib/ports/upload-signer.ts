/** Lets a client that has no right on the store put one object there, once, without the bytes passing through us. */
export interface UploadSigner {
  /** Everything in `upload` is bound: the store refuses other bytes, another type or length, and a second PUT. */
  sign(upload: UploadToSign): Promise<SignedPut>;
}

export interface UploadToSign {
  readonly key: string;
  readonly contentType: string;
  /** '' for none. */
  readonly contentEncoding: string;
  readonly bytes: number;
  /** Base64 of the body's SHA-256, as `x-amz-checksum-sha256` has it. */
  readonly sha256: string;
  readonly expiresS: number;
}

/** The request to send, with the body alone to add. Every header has to go along as it is. */
export interface SignedPut {
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
