import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../lib/ports/clock.ts';
import { answer, bodyOf, type Listening, listen } from './listen.ts';

// The part of SQS that the adapter uses, in memory, on a clock that tests can move: visibility, delays, receive counts, the
// redrive policy. What it says is held against ElasticMQ in the tier `engines`.

interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: unknown;
  visibleAt: number;
  receives: number;
  receipt: string | undefined;
}

export interface SqsEngine extends Listening {
  /** Makes `{name}` and `{name}-dead`, and says where they are. */
  queue(name: string, maxReceives: number): { readonly url: string; readonly deadUrl: string };
}

export async function startSqs(clock: Clock): Promise<SqsEngine> {
  const queues = new Map<string, { messages: Message[]; readonly maxReceives: number }>();
  const listening = await listen(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('AmazonSQS.', '');
    const input = JSON.parse((await bodyOf(request)).toString()) as Input;
    const name = new URL(input.QueueUrl).pathname.split('/').at(-1) ?? '';
    const queue = queues.get(name);
    const handler = HANDLERS[operation];
    const json = { 'content-type': 'application/x-amz-json-1.0' };
    if (queue === undefined || handler === undefined) {
      const type = queue === undefined ? 'QueueDoesNotExist' : 'UnsupportedOperation';
      return answer(
        response,
        400,
        JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: name }),
        json,
      );
    }
    const bury = (message: Message) => queues.get(`${name}-dead`)?.messages.push(message);
    const deadline = performance.now() + Number(input.WaitTimeSeconds ?? 0) * 1000;
    for (;;) {
      const result = handler(queue, input, clock.now(), bury);
      const isWaiting = result.Messages?.length === 0 && performance.now() < deadline && !response.destroyed;
      if (!isWaiting) return answer(response, 200, JSON.stringify(result), json);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return {
    ...listening,
    queue(name, maxReceives) {
      queues.set(name, { messages: [], maxReceives });
      queues.set(`${name}-dead`, { messages: [], maxReceives: Number.POSITIVE_INFINITY });
      const base = `${listening.url}/000000000000/${name}`;
      return { url: base, deadUrl: `${base}-dead` };
    },
  };
}

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: unknown;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout: number;
}
interface Input {
  readonly QueueUrl: string;
  readonly Entries: readonly Entry[];
  readonly MaxNumberOfMessages: number;
  readonly VisibilityTimeout: number;
  readonly WaitTimeSeconds?: number;
}
interface Output {
  readonly Messages?: readonly object[];
  readonly Successful?: readonly object[];
  readonly Failed?: readonly object[];
  readonly Attributes?: object;
}
type Handler = (
  queue: { messages: Message[]; readonly maxReceives: number },
  input: Input,
  now: number,
  bury: (message: Message) => void,
) => Output;

const CALL_BYTES = 256 * 1024;

const HANDLERS: Readonly<Record<string, Handler>> = {
  SendMessageBatch(queue, { Entries }, now) {
    const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
    if (
      Entries.length > 10 ||
      Entries.length === 0 ||
      bytes > CALL_BYTES ||
      Entries.some((entry) => entry.MessageBody === '')
    )
      return { Failed: Entries.map(({ Id }) => ({ Id, Code: 'Invalid', SenderFault: true })) };
    for (const { MessageBody, DelaySeconds = 0, MessageAttributes } of Entries) {
      queue.messages.push({
        id: randomUUID(),
        body: MessageBody,
        attributes: MessageAttributes,
        visibleAt: now + DelaySeconds * 1000,
        receives: 0,
        receipt: undefined,
      });
    }
    return { Successful: Entries.map(({ Id }) => ({ Id })) };
  },

  ReceiveMessage(queue, { MaxNumberOfMessages, VisibilityTimeout }, now, bury) {
    const taken: Message[] = [];
    for (const message of [...queue.messages]) {
      if (message.visibleAt > now || taken.length === MaxNumberOfMessages) continue;
      if (message.receives >= queue.maxReceives) {
        queue.messages = queue.messages.filter((one) => one !== message);
        bury({ ...message, receipt: undefined, visibleAt: message.visibleAt });
        continue;
      }
      message.receives += 1;
      message.visibleAt = now + VisibilityTimeout * 1000;
      message.receipt = randomUUID();
      taken.push(message);
    }
    return {
      Messages: taken.map(({ id, body, receipt, receives, attributes }) => ({
        MessageId: id,
        ReceiptHandle: receipt,
        Body: body,
        Attributes: { ApproximateReceiveCount: String(receives) },
        ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
      })),
    };
  },

  DeleteMessageBatch: (queue, { Entries }, now) =>
    eachHeld(queue.messages, Entries, now, (message) => {
      queue.messages = queue.messages.filter((one) => one !== message);
    }),

  ChangeMessageVisibilityBatch: (queue, { Entries }, now) =>
    eachHeld(queue.messages, Entries, now, (message, { VisibilityTimeout }) => {
      message.visibleAt = now + VisibilityTimeout * 1000;
      message.receipt = undefined;
    }),

  GetQueueAttributes({ messages }, _input, now) {
    const visible = messages.filter((message) => message.visibleAt <= now).length;
    return {
      Attributes: {
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(messages.length - visible),
        ApproximateNumberOfMessagesDelayed: '0',
      },
    };
  },
};

function eachHeld(
  messages: readonly Message[],
  entries: readonly Entry[],
  now: number,
  change: (message: Message, entry: Entry) => void,
): Output {
  const Failed = entries.flatMap((entry) => {
    const held = messages.find(
      ({ receipt, visibleAt }) => receipt === entry.ReceiptHandle && visibleAt > now,
    );
    if (held !== undefined) change(held, entry);
    return held === undefined ? [{ Id: entry.Id, Code: 'ReceiptHandleIsInvalid', SenderFault: true }] : [];
  });
  return { Failed };
}
