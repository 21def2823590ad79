/** A failure that the caller can act on; anything else thrown is a bug. */
export type FaultCode =
  | 'invalid-input' // the bytes are of a known kind, but broken
  | 'unauthorized' // no key, or one that is wrong
  | 'forbidden' // a good key without the scope
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'unsupported' // content type or encoding that no parser claims
  | 'overloaded' // asked too much for now: try again
  | 'unavailable'; // a store does not answer: try again

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const invalidInput = (message: string, options?: ErrorOptions) =>
  new Fault('invalid-input', message, options);
