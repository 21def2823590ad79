/** Delivers a message about a finding to people. */
export interface Notifier {
  readonly name: string;
  /**
   * Sends one message. 'sent' may carry a handle by which it could be edited later. 'retry' asks for another try after
   * `afterMs`: the target said so (429, 5xx), did not answer, or answered too late, in which case the message may have
   * arrived. 'refused' is final (bad URL, revoked webhook) and carries why, without any secret.
   */
  send(message: Notice): Promise<DeliveryOutcome>;
}

export interface Notice {
  readonly state: 'firing' | 'resolved';
  readonly title: string;
  /** The finding's sentence. */
  readonly text: string;
  readonly url: string;
  /** Up to 60 values of the floor, oldest first, for a sparkline. */
  readonly spark: readonly number[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly findingId: string;
}

export type DeliveryOutcome =
  | { readonly outcome: 'sent'; readonly handle?: string }
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly reason: string }
  | { readonly outcome: 'refused'; readonly reason: string };
