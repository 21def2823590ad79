import { analyze } from '../jobs/analyze.ts';
import type { JobContext } from '../jobs/context.ts';

/** Events of this long are analysed together: one commit per partition instead of one per upload. */
const WINDOW_MS = 250;
const BATCH_MAX = 200;
/** A batch takes milliseconds; a process that dies in one gives its messages back after this. */
const VISIBILITY_MS = 60_000;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;

export interface Pump {
  /** Resolves when the batch in work is done and no other will begin. */
  stop(): Promise<void>;
}

/** Takes events off the queue and has them analysed, one batch after the other. */
export function startPump(context: JobContext, onError: (error: unknown, where: string) => void): Pump {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      try {
        await pumpOnce(context, stopping.signal);
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

/** One batch, if there is one within the wait. Returns how many messages it took. */
export async function pumpOnce(context: JobContext, signal: AbortSignal, waitMs = 5000): Promise<number> {
  const { uploads } = context;
  const first = await uploads.receive({ max: BATCH_MAX, visibilityMs: VISIBILITY_MS, waitMs, signal });
  if (first.length === 0) return 0;
  // Company for the first ones: those that come within the window share their commits.
  if (first.length < BATCH_MAX) await pause(WINDOW_MS, signal);
  const more = BATCH_MAX - first.length;
  const rest = more > 0 ? await uploads.receive({ max: more, visibilityMs: VISIBILITY_MS }) : [];
  const messages = [...first, ...rest];
  const { failed } = await analyze(context, messages);
  const again = new Set(failed);
  await uploads.ack(messages.filter((message) => !again.has(message)).map(({ receipt }) => receipt));
  for (const { receipt, receiveCount } of failed) {
    await uploads.release([receipt], { delayMs: Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** receiveCount) });
  }
  return messages.length;
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
