import { wakeups } from '../../../lib/adapters/wakeups.ts';
import { Fault } from '../../../lib/model/fault.ts';
import type { Queue, QueueMessage } from '../../../lib/ports/queue.ts';

interface Message {
  readonly id: number;
  readonly body: string;
  sentAt: number;
  visibleAt: number;
  receives: number;
  deliveries: number;
  /** Delivery that holds it. */
  holder: number | undefined;
  dead: boolean;
}

const BODY_BYTES_MAX = 256 * 1024;
const POLL_MS = 20;

/** A queue in memory. Message times come from `now`; waiting for one takes real time. */
export function memoryQueue(now: () => number, { maxReceives }: { readonly maxReceives: number }): Queue {
  const messages = new Map<number, Message>(); // in the order of sending
  const arrivals = wakeups();
  let ids = 0;
  const alive = () => [...messages.values()].filter(({ dead }) => !dead);
  const buried = () =>
    [...messages.values()].filter(({ dead }) => dead).sort((a, b) => a.sentAt - b.sentAt || a.id - b.id);
  const held = (receipt: string) => {
    const [id, holder] = receipt.split('.').map(Number);
    const message = messages.get(id ?? 0);
    const holds = message?.holder === holder && !message?.dead && (message?.visibleAt ?? 0) > now();
    return holds && /^\d+\.\d+$/.test(receipt) ? message : undefined;
  };
  const take = (max: number, visibilityMs: number): QueueMessage[] => {
    const found: QueueMessage[] = [];
    const visible = alive().filter(({ visibleAt }) => visibleAt <= now());
    for (const message of visible.sort((a, b) => a.visibleAt - b.visibleAt || a.id - b.id)) {
      if (found.length >= max) break;
      if (message.receives >= maxReceives) {
        message.dead = true;
        continue;
      }
      message.receives += 1;
      message.deliveries += 1;
      message.holder = message.deliveries;
      message.visibleAt = now() + visibilityMs;
      found.push(toMessage(message));
    }
    return found;
  };
  return {
    async send(bodies, { delayMs = 0 } = {}) {
      for (const body of bodies) {
        if (Buffer.byteLength(body) > BODY_BYTES_MAX)
          throw new Fault('too-large', `Cannot send a message of ${body.length} characters`);
      }
      for (const body of bodies) {
        ids += 1;
        const times = { sentAt: now(), visibleAt: now() + delayMs };
        messages.set(ids, {
          id: ids,
          body,
          ...times,
          receives: 0,
          deliveries: 0,
          holder: undefined,
          dead: false,
        });
      }
      arrivals.wake();
    },
    async receive({ max, visibilityMs, waitMs = 0, signal }) {
      const deadline = performance.now() + waitMs;
      while (!signal?.aborted) {
        const found = take(max, visibilityMs);
        const leftMs = deadline - performance.now();
        if (found.length > 0 || leftMs <= 0) return found;
        await arrivals.wait(Math.min(leftMs, POLL_MS), signal);
      }
      return [];
    },
    async ack(receipts) {
      for (const receipt of receipts) {
        const message = held(receipt);
        if (message !== undefined) messages.delete(message.id);
      }
    },
    async release(receipts, { delayMs = 0 } = {}) {
      for (const receipt of receipts) {
        const message = held(receipt);
        if (message === undefined) continue;
        message.holder = undefined;
        message.visibleAt = now() + delayMs;
      }
      arrivals.wake();
    },
    async depth() {
      const waiting = alive();
      const visible = waiting.filter(({ visibleAt }) => visibleAt <= now()).length;
      const oldest = waiting.reduce((least, { sentAt }) => Math.min(least, sentAt), now());
      return { visible, inFlight: waiting.length - visible, dead: buried().length, oldestMs: now() - oldest };
    },
    async dead(limit) {
      return buried().slice(0, limit).map(toMessage);
    },
    async redrive(limit) {
      const moved = buried().slice(0, limit);
      for (const message of moved) {
        Object.assign(message, {
          dead: false,
          receives: 0,
          holder: undefined,
          sentAt: now(),
          visibleAt: now(),
        });
      }
      arrivals.wake();
      return moved.length;
    },
  };
}

const toMessage = ({ id, deliveries, body, receives }: Message): QueueMessage => ({
  id: String(id),
  receipt: `${id}.${deliveries}`,
  body,
  receiveCount: receives,
});
