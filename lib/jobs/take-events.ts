import { Fault } from '../model/fault.ts';
import type { QueueMessage } from '../ports/queue.ts';
import { analyze } from './analyze.ts';
import { ALONE_AFTER, analyzeAlone } from './analyze-alone.ts';
import type { JobContext } from './context.ts';
import { adopt, isDirectKey } from './direct.ts';
import { keysOfEvent } from './events.ts';

/**
 * What is done with a batch of events: direct uploads are moved to the raw ones, which sends events of their own; all others
 * are analysed. Returns the messages that have to come again.
 *
 * @param survived message id → deliveries that this process has outlived: those ended no process, and count for nothing
 */
export async function takeEvents(
  context: JobContext,
  messages: readonly QueueMessage[],
  survived: ReadonlyMap<string, number> = new Map(),
): Promise<readonly QueueMessage[]> {
  const direct = messages.filter(({ body }) => directKeys(body).length > 0);
  const failed: QueueMessage[] = [];
  for (const message of direct) {
    try {
      for (const key of directKeys(message.body)) await adopt(context, key);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failed.push(message);
    }
  }
  const others = messages.filter((message) => !direct.includes(message));
  const alone = suspectsOf(others, survived);
  // They come first: what ends the process has to be counted before anything else ends it.
  for (const message of alone) if (!(await analyzeAlone(context, message))) failed.push(message);
  const together = others.filter((message) => !alone.includes(message));
  if (together.length > 0) failed.push(...(await analyze(context, together)).failed);
  return failed;
}

/**
 * Messages that came too often, and all that name an object of theirs: at each start the sweep sends a new event of what is
 * unfinished, which has come once.
 */
function suspectsOf(
  messages: readonly QueueMessage[],
  survived: ReadonlyMap<string, number>,
): readonly QueueMessage[] {
  const worn = messages.filter(
    ({ id, receiveCount }) => receiveCount - (survived.get(id) ?? 0) >= ALONE_AFTER,
  );
  if (worn.length === 0) return worn;
  const keys = new Set(worn.flatMap(({ body }) => keysIn(body)));
  const copies = messages.filter(
    (message) => !worn.includes(message) && keysIn(message.body).some((key) => keys.has(key)),
  );
  return [...worn, ...copies];
}

/** An event names objects of one prefix: the store sends one for each. */
const directKeys = (body: string) => keysIn(body).filter(isDirectKey);

/** What cannot be read is left to the analyzer. */
function keysIn(body: string): readonly string[] {
  try {
    return keysOfEvent(body);
  } catch {
    return [];
  }
}
