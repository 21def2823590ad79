import { Fault, invalidInput } from '../model/fault.ts';
import type { Queue, QueueDepth, QueueMessage } from '../ports/queue.ts';
import { type AwsClient, jsonCall, refused } from './aws-client.ts';

const MAX_BODY_BYTES = 256 * 1024;
/** What one call of SQS takes. Whole requests were bounded by 256 KB for long, and engines still are. */
const PER_CALL = 10;
const CALL_BYTES = 256 * 1024;
const MAX_RECEIVE = 1000;
const WAIT_MAX_S = 20;
const DELAY_MAX_S = 900;
const VISIBILITY_MAX_S = 12 * 60 * 60;
/** How long a look at dead letters hides them from the next one. */
const LOOK_S = 5;

export interface SqsQueueOptions {
  readonly client: AwsClient;
  readonly url: string;
  /** Where the queue's redrive policy moves what was received too often; `maxReceives` is part of that policy. */
  readonly deadUrl: string;
}

/**
 * A queue of SQS with its dead letters. Times are in whole seconds there and are rounded up. SQS tells the age of the oldest
 * message to its metrics alone, so `depth().oldestMs` is 0; the alarm of the service stack watches the metric.
 */
export function sqsQueue({ client, url, deadUrl }: SqsQueueOptions): Queue {
  const call = async <T>(
    operation: string,
    input: object,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ) => {
    const answer = await jsonCall<T>(client, `AmazonSQS.${operation}`, input, options);
    if (answer.ok) return answer.value;
    throw refused('sqs', operation, answer.code, answer.message);
  };

  const sendTo = async (queueUrl: string, messages: readonly OutMessage[], delayS: number) => {
    for (const group of callsOf(messages)) {
      const entries = group.map((message, at) => ({ Id: String(at), DelaySeconds: delayS, ...message }));
      const { Failed = [] } = await call<BatchAnswer>('SendMessageBatch', {
        QueueUrl: queueUrl,
        Entries: entries,
      });
      if (Failed.length > 0)
        throw refused('sqs', 'SendMessageBatch', Failed[0]?.Code ?? '', Failed[0]?.Message ?? '');
    }
  };

  /** One call for each ten messages: the first may wait, the others take what is there. */
  const take = async (
    queueUrl: string,
    max: number,
    {
      visibilityS,
      waitS = 0,
      signal,
    }: { visibilityS: number; waitS?: number; signal?: AbortSignal | undefined },
  ): Promise<QueueMessage[]> => {
    const messages: QueueMessage[] = [];
    while (messages.length < max) {
      const { Messages = [] } = await call<{ Messages?: InMessage[] }>(
        'ReceiveMessage',
        {
          QueueUrl: queueUrl,
          MaxNumberOfMessages: Math.min(PER_CALL, max - messages.length),
          VisibilityTimeout: visibilityS,
          WaitTimeSeconds: messages.length === 0 ? waitS : 0,
          AttributeNames: ['ApproximateReceiveCount'],
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
          MessageAttributeNames: [ENCODING],
        },
        { ...(signal === undefined ? {} : { signal }), timeoutMs: (waitS + 10) * 1000 },
      );
      if (Messages.length === 0) break;
      messages.push(...Messages.map(toMessage));
    }
    return messages;
  };

  /** SQS answers for each entry by itself; a receipt that is no longer good is nobody's failure. */
  const forEachReceipt = async (
    operation: string,
    queueUrl: string,
    receipts: readonly string[],
    more: object,
  ) => {
    const known = receipts.filter((receipt) => receipt !== '');
    for (let at = 0; at < known.length; at += PER_CALL) {
      const entries = known
        .slice(at, at + PER_CALL)
        .map((receipt, place) => ({ Id: String(place), ReceiptHandle: receipt, ...more }));
      const { Failed = [] } = await call<BatchAnswer>(operation, { QueueUrl: queueUrl, Entries: entries });
      const broken = Failed.find(({ SenderFault }) => SenderFault === false);
      if (broken !== undefined) throw refused('sqs', operation, broken.Code ?? '', broken.Message ?? '');
    }
  };

  const countsOf = async (queueUrl: string) => {
    const names = ['', 'NotVisible', 'Delayed'].map((suffix) => `ApproximateNumberOfMessages${suffix}`);
    const { Attributes = {} } = await call<{ Attributes?: Record<string, string> }>('GetQueueAttributes', {
      QueueUrl: queueUrl,
      AttributeNames: names,
    });
    const [visible, hidden, delayed] = names.map((name) => Number(Attributes[name] ?? 0)) as [
      number,
      number,
      number,
    ];
    return { visible, hidden: hidden + delayed };
  };

  return {
    async send(bodies, { delayMs = 0 } = {}) {
      const messages = bodies.map(outMessage);
      await sendTo(url, messages, Math.min(DELAY_MAX_S, Math.ceil(delayMs / 1000)));
    },

    async receive({ max, visibilityMs, waitMs = 0, signal }) {
      const most = Math.max(0, Math.min(max, MAX_RECEIVE));
      const deadline = performance.now() + waitMs;
      const visibilityS = Math.min(VISIBILITY_MAX_S, Math.ceil(visibilityMs / 1000));
      while (!signal?.aborted && most > 0) {
        const leftMs = Math.max(0, deadline - performance.now());
        const waitS = Math.min(WAIT_MAX_S, Math.floor(leftMs / 1000));
        const messages = await take(url, most, { visibilityS, waitS, signal }).catch((error: unknown) => {
          // The call that the signal ended: what it may have taken comes again by its visibility.
          if (signal?.aborted) return [];
          throw error;
        });
        if (messages.length > 0 || deadline - performance.now() < 1000) return messages;
      }
      return [];
    },

    ack: (receipts) => forEachReceipt('DeleteMessageBatch', url, receipts, {}),

    async release(receipts, { delayMs = 0 } = {}) {
      const VisibilityTimeout = Math.min(VISIBILITY_MAX_S, Math.ceil(delayMs / 1000));
      await forEachReceipt('ChangeMessageVisibilityBatch', url, receipts, { VisibilityTimeout });
    },

    async depth(): Promise<QueueDepth> {
      const [live, dead] = await Promise.all([countsOf(url), countsOf(deadUrl)]);
      return { visible: live.visible, inFlight: live.hidden, dead: dead.visible + dead.hidden, oldestMs: 0 };
    },

    async dead(limit) {
      const found = await take(deadUrl, Math.max(0, limit), { visibilityS: LOOK_S });
      const receipts = found.map(({ receipt }) => receipt);
      await forEachReceipt('ChangeMessageVisibilityBatch', deadUrl, receipts, { VisibilityTimeout: 0 });
      return found;
    },

    async redrive(limit) {
      let moved = 0;
      while (moved < limit) {
        const found = await take(deadUrl, Math.min(PER_CALL, limit - moved), { visibilityS: 60 });
        if (found.length === 0) break;
        // Sent before it is removed: what dies in between comes twice, and every job takes that.
        await sendTo(
          url,
          found.map(({ body }) => outMessage(body)),
          0,
        );
        const receipts = found.map(({ receipt }) => receipt);
        await forEachReceipt('DeleteMessageBatch', deadUrl, receipts, {});
        moved += found.length;
      }
      return moved;
    },
  };
}

interface BatchAnswer {
  readonly Failed?: readonly {
    readonly Code?: string;
    readonly Message?: string;
    readonly SenderFault?: boolean;
  }[];
}
interface InMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: { readonly ApproximateReceiveCount?: string };
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}
interface OutMessage {
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, { DataType: 'String'; StringValue: string }>>;
}

/** Says that a body is base64: SQS takes no empty text and no control characters. */
const ENCODING = 'encoding';
const REFUSED_TEXT = /^$|[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function outMessage(body: string): OutMessage {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES) {
    throw new Fault(
      'too-large',
      `Cannot send a message of ${bytes} bytes: at most ${MAX_BODY_BYTES} are allowed`,
    );
  }
  if (!body.isWellFormed()) throw invalidInput('Cannot send a message: it is no well-formed Unicode text');
  if (!REFUSED_TEXT.test(body)) return { MessageBody: body };
  return {
    MessageBody: `base64:${Buffer.from(body).toString('base64')}`,
    MessageAttributes: { [ENCODING]: { DataType: 'String', StringValue: 'base64' } },
  };
}

function toMessage({
  MessageId,
  ReceiptHandle,
  Body,
  Attributes,
  MessageAttributes,
}: InMessage): QueueMessage {
  const isEncoded = MessageAttributes?.[ENCODING]?.StringValue === 'base64';
  return {
    id: MessageId,
    receipt: ReceiptHandle,
    body: isEncoded ? Buffer.from(Body.slice('base64:'.length), 'base64').toString() : Body,
    receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
  };
}

/** Ten messages to a call, fewer when they are long. */
function callsOf(messages: readonly OutMessage[]): OutMessage[][] {
  const calls: OutMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.MessageBody);
    const current = calls.at(-1);
    if (current !== undefined && current.length < PER_CALL && bytes + size <= CALL_BYTES) {
      current.push(message);
      bytes += size;
    } else {
      calls.push([message]);
      bytes = size;
    }
  }
  return calls;
}
