/** At-least-once messages with visibility timeouts and dead letters: SQS, or one SQLite table. Order is not promised. */
export interface Queue {
  /** Durable once it resolves, as far as the adapter's own notes say. ≤ 256 KB per body. */
  send(bodies: readonly string[], options?: { readonly delayMs?: number }): Promise<void>;
  /**
   * Up to `max` visible messages, hidden from other receivers for `visibilityMs`. Waits up to `waitMs` for the first
   * one and returns early with what is there. A message received more than `maxReceives` times (set by the adapter)
   * moves to the dead letters instead of being returned.
   */
  receive(options: {
    readonly max: number;
    readonly visibilityMs: number;
    readonly waitMs?: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly QueueMessage[]>;
  /** Done: never delivered again. A receipt whose visibility ended changes nothing. */
  ack(receipts: readonly string[]): Promise<void>;
  /** Not done: visible again after `delayMs`. */
  release(receipts: readonly string[], options?: { readonly delayMs?: number }): Promise<void>;
  depth(): Promise<QueueDepth>;
  /** Dead letters, oldest first where the technology keeps an order. */
  dead(limit: number): Promise<readonly QueueMessage[]>;
  /** Moves dead letters back to the queue with their receive count at zero; returns how many. */
  redrive(limit: number): Promise<number>;
}

export interface QueueMessage {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly dead: number;
  /** Age in ms of the oldest message that is not dead; 0 when there is none, or when only the technology's metrics tell it. */
  readonly oldestMs: number;
}
