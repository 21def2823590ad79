import type { JobContext } from '../jobs/context.ts';
import { bytesOfEvent } from '../jobs/events.ts';
import { takeEvents } from '../jobs/take-events.ts';
import { Fault } from '../model/fault.ts';
import { MIB } from '../model/units.ts';
import type { QueueMessage } from '../ports/queue.ts';

/**
 * Events of this long are analysed together: one commit per partition instead of one per upload. Where a batch takes long,
 * the next one waits WINDOW_SHARE times as long for company, so that commits are shared by the more the busier it is.
 */
const WINDOW_MS = 250;
const WINDOW_MAX_MS = 1000;
const WINDOW_SHARE = 12;
const BATCH_MAX = 200;
/** Raw bytes that are unpacked and parsed together: a backlog of large uploads must fit into memory as well. */
const PART_BYTES = 64 * MIB;
/** A batch takes milliseconds; a process that dies in one gives its messages back after this. */
const VISIBILITY_MS = 60_000;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;

export interface Pump {
  /** Resolves when the batch in work is done and no other will begin. */
  stop(): Promise<void>;
}

/** Takes events off the queue and has them analysed, one batch after the other. */
export function startPump(context: JobContext, onError: OnError): Pump {
  const stopping = new AbortController();
  const survived: Survived = new Map();
  const loop = async () => {
    let tookMs = 0;
    while (!stopping.signal.aborted) {
      try {
        const windowMs = Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MS, WINDOW_SHARE * tookMs));
        const batch = await takeBatch(context, stopping.signal, { windowMs });
        const began = performance.now();
        await analyzeBatch(context, batch, onError, survived);
        tookMs = performance.now() - began;
      } catch (error) {
        onError(error, 'analyze');
        await pause(RETRY_MS, stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

type OnError = (error: unknown, where: string) => void;
const rethrow: OnError = (error) => {
  throw error;
};

/**
 * One batch, if there is one within the wait. Returns how many messages it took.
 *
 * @param onError told of a message that cannot be analysed; it comes again later
 */
export async function pumpOnce(
  context: JobContext,
  signal: AbortSignal,
  waitMs?: number,
  onError = rethrow,
): Promise<number> {
  const batch = await takeBatch(context, signal, { waitMs });
  await analyzeBatch(context, batch, onError, new Map());
  return batch.length;
}

interface Waits {
  readonly waitMs?: number | undefined;
  readonly windowMs?: number;
}

async function takeBatch(
  { uploads }: JobContext,
  signal: AbortSignal,
  { waitMs = 5000, windowMs = WINDOW_MS }: Waits,
): Promise<readonly QueueMessage[]> {
  const first = await uploads.receive({ max: BATCH_MAX, visibilityMs: VISIBILITY_MS, waitMs, signal });
  if (first.length === 0) return [];
  // Company for the first ones: those that come within the window share their commits.
  if (first.length < BATCH_MAX) await pause(windowMs, signal);
  const more = BATCH_MAX - first.length;
  const rest = more > 0 ? await uploads.receive({ max: more, visibilityMs: VISIBILITY_MS }) : [];
  return [...first, ...rest];
}

/**
 * Message → deliveries in vain that this process has outlived, so that a backlog that a store's absence has worn is not taken
 * for what ends processes, and analysed one by one.
 */
type Survived = Map<string, number>;
const SURVIVED_MAX = 100_000;

async function analyzeBatch(
  context: JobContext,
  messages: readonly QueueMessage[],
  onError: OnError,
  survived: Survived,
) {
  const { uploads } = context;
  // Those that came most often first: a younger copy in an earlier part would end the process before they are begun.
  const sorted = messages.toSorted((a, b) => b.receiveCount - a.receiveCount);
  for (const part of partsOf(sorted)) {
    const failed = await analyzeOrSplit(context, part, onError, survived);
    const again = new Set(failed);
    note(survived, part, again);
    await uploads.ack(part.filter((message) => !again.has(message)).map(({ receipt }) => receipt));
    for (const { receipt, receiveCount } of failed) {
      await uploads.release([receipt], { delayMs: Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** receiveCount) });
    }
  }
}

function note(survived: Survived, messages: readonly QueueMessage[], failed: ReadonlySet<QueueMessage>) {
  // Dead letters stay in it. Whoever is forgotten is analysed with more care than it needs.
  if (survived.size > SURVIVED_MAX) survived.clear();
  for (const message of messages) {
    if (failed.has(message)) survived.set(message.id, (survived.get(message.id) ?? 0) + 1);
    else survived.delete(message.id);
  }
}

/** Runs of messages that name at most PART_BYTES, at least one in each. */
function partsOf(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  const parts: QueueMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = bytesOfEvent(message.body);
    bytes += size;
    if (bytes > PART_BYTES) {
      parts.push([]);
      bytes = size;
    }
    parts.at(-1)?.push(message);
  }
  return parts;
}

/** Returns the messages to deliver again: one that throws must not take its neighbours with it, again and again. */
async function analyzeOrSplit(
  context: JobContext,
  messages: readonly QueueMessage[],
  onError: OnError,
  survived: Survived,
): Promise<readonly QueueMessage[]> {
  try {
    return await takeEvents(context, messages, survived);
  } catch (error) {
    const isStoreAway = error instanceof Fault && error.code === 'unavailable';
    if (messages.length === 1 || isStoreAway) {
      onError(error, 'analyze');
      return messages;
    }
    const middle = messages.length >> 1;
    const before = await analyzeOrSplit(context, messages.slice(0, middle), onError, survived);
    return [...before, ...(await analyzeOrSplit(context, messages.slice(middle), onError, survived))];
  }
}

/** Waits, or less when the signal comes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
