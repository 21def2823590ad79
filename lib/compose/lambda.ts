import type { QueueMessage } from '../ports/queue.ts';

/** The part of SQS's event that is read. */
export interface SqsEvent {
  readonly Records: readonly {
    readonly messageId: string;
    readonly receiptHandle: string;
    readonly body: string;
    readonly attributes: { readonly ApproximateReceiveCount: string };
  }[];
}

/** SQS keeps what is named here and takes the rest for done. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export const messagesOf = ({ Records }: SqsEvent): readonly QueueMessage[] =>
  Records.map(({ messageId, receiptHandle, body, attributes }) => ({
    id: messageId,
    receipt: receiptHandle,
    body,
    receiveCount: Number(attributes.ApproximateReceiveCount),
  }));

export const failuresOf = (failed: readonly QueueMessage[]): BatchAnswer => ({
  batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })),
});

/** One line of JSON in the function's log, which its metric filters and people read. Bodies and secrets never come here. */
export function logError(error: unknown, where: string): void {
  const { stack, message, code } = (error ?? {}) as { stack?: string; message?: string; code?: string };
  console.error({ where, code, message: message ?? String(error), stack });
}

/** Path and query as they came in a function URL's event, which signatures cover. */
export function targetOf(_request: Request, env: unknown): string {
  const { rawPath = '', rawQueryString = '' } = ((env as { event?: object } | undefined)?.event ?? {}) as {
    rawPath?: string;
    rawQueryString?: string;
  };
  return rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`;
}

const FLUSH_MS = 10_000;

/** Writes counts of refused uploads at once when they are rare, and every ten seconds in a flood. */
export function flushing(rejections: { flush(): Promise<void> }, now: () => number): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - last < FLUSH_MS) return;
    last = now();
    await rejections.flush().catch((error: unknown) => logError(error, 'counts of refused uploads'));
  };
}
