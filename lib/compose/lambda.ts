import type { QueueMessage } from '../ports/queue.ts';
import type { UsageWriter } from '../records/usage.ts';

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
    // A clock that was set back must not keep them for as long.
    if (Math.abs(now() - last) < FLUSH_MS) return;
    last = now();
    await rejections.flush().catch((error: unknown) => logError(error, 'counts of refused uploads'));
  };
}

/** Measures a handler as the bill does, but for the start of its environment, and writes what it and the stores were asked for. */
export function metered<E, C, A>(
  name: string,
  usage: UsageWriter,
  handler: (event: E, context: C) => Promise<A>,
): (event: E, context: C) => Promise<A> {
  const gib = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0) / 1024;
  return async (event, context) => {
    const began = performance.now();
    try {
      return await handler(event, context);
    } finally {
      usage.count('Invoke', 1);
      usage.count('GiBSeconds', (gib * (performance.now() - began)) / 1000);
      await usage.flush(name).catch((error: unknown) => logError(error, 'counts of requests'));
    }
  };
}
