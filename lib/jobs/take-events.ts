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
 */
export async function takeEvents(
  context: JobContext,
  messages: readonly QueueMessage[],
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
  const [alone, together] = [others.filter(isSuspect), others.filter((message) => !isSuspect(message))];
  if (together.length > 0) failed.push(...(await analyze(context, together)).failed);
  for (const message of alone) if (!(await analyzeAlone(context, message))) failed.push(message);
  return failed;
}

const isSuspect = ({ receiveCount }: QueueMessage) => receiveCount >= ALONE_AFTER;

/** An event names objects of one prefix: the store sends one for each. What cannot be read is left to the analyzer. */
function directKeys(body: string): readonly string[] {
  try {
    return keysOfEvent(body).filter(isDirectKey);
  } catch {
    return [];
  }
}
