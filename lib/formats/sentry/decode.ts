import { Fault } from '../../model/fault.ts';
import type { Trace } from '../../model/trace.ts';
import { readClientReport } from './client-report.ts';
import type { Envelope, EnvelopeItem } from './envelope.ts';
import { numberAt, objectAt, parseObject } from './json.ts';
import { MAX_NAMES } from './limits.ts';
import { type ProfileItem, readProfileItem } from './profile-item.ts';
import { readStreamedSpans, type StreamedSpan, tracesOfSentSpans } from './streamed.ts';
import { timeUs } from './times.ts';
import { type Drop, readTransaction, type TraceContext, weightOfRate } from './transaction.ts';

/** An envelope in our own words. */
export interface DecodedEnvelope {
  /** Transactions, and segments with those of their spans that came with them. */
  readonly traces: readonly Trace[];
  /** Streamed spans, segments too, as pieces for the join with other envelopes. */
  readonly streamed: readonly StreamedSpan[];
  readonly profiles: readonly ProfileItem[];
  /** Transactions and spans that were sent, the unreadable ones too. */
  readonly spans: number;
  /** Item types that are taken and not read: event, session, … */
  readonly ignored: ReadonlyMap<string, number>;
  /** What could not be used, by reason, and what the SDK says that it threw away. */
  readonly dropped: ReadonlyMap<string, number>;
  /** What the sender's clock said when it sent this, epoch µs; undefined when not told. */
  readonly sentAt: number | undefined;
  /** What its spans cannot say themselves. */
  readonly context: TraceContext;
}

/** Item types that say something about traces. All others are taken and not kept. */
const DATA = new Set(['transaction', 'profile', 'profile_chunk', 'span']);
export const isDataItem = (item: EnvelopeItem): boolean => DATA.has(item.type);

/**
 * Reads the items that this product knows. One broken payload costs itself alone, never its neighbours.
 *
 * @param project names the service, together with the environment
 */
export function decodeEnvelope(envelope: Envelope, project: string): DecodedEnvelope {
  const reader = new ItemReader({
    project,
    eventId: envelope.eventId,
    weight: weightOfRate(numberAt(objectAt(envelope.header, 'trace'), 'sample_rate')),
  });
  for (const item of envelope.items) reader.read(item);
  return { ...reader.finish(), sentAt: timeUs(envelope.header.sent_at) };
}

class ItemReader {
  readonly #context: TraceContext;
  readonly #traces: Trace[] = [];
  readonly #streamed: StreamedSpan[] = [];
  readonly #profiles: ProfileItem[] = [];
  readonly #ignored = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  #spans = 0;

  constructor(context: TraceContext) {
    this.#context = context;
  }

  readonly #drop: Drop = (reason, count = 1) => add(this.#dropped, reason, count);

  read(item: EnvelopeItem) {
    try {
      this.#readItem(item);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (item.type !== 'client_report' && item.type !== 'profile') this.#spans += 1;
      this.#drop(`${item.type} that cannot be read (${error.code})`);
    }
  }

  #readItem({ type, payload }: EnvelopeItem) {
    switch (type) {
      case 'transaction': {
        const event = parseObject(payload, 'transaction');
        this.#spans += 1 + (Array.isArray(event.spans) ? event.spans.length : 0);
        const trace = readTransaction(event, this.#context, this.#drop);
        if (trace !== undefined) this.#traces.push(trace);
        return;
      }
      case 'span': {
        const container = parseObject(payload, 'span container');
        this.#spans += Array.isArray(container.items) ? container.items.length : 0;
        if (!Array.isArray(container.items)) this.#drop('span of the old form');
        for (const span of readStreamedSpans(container, this.#drop)) this.#streamed.push(span);
        return;
      }
      case 'profile':
      case 'profile_chunk':
        this.#profiles.push(readProfileItem(type, payload));
        return;
      case 'client_report':
        readClientReport(parseObject(payload, 'client report'), this.#drop);
        return;
      default:
        add(this.#ignored, type, 1);
    }
  }

  finish(): Omit<DecodedEnvelope, 'sentAt'> {
    const traces = tracesOfSentSpans(this.#streamed.map((one) => ({ one, context: this.#context })));
    return {
      traces: [...this.#traces, ...traces],
      streamed: this.#streamed,
      profiles: this.#profiles,
      spans: this.#spans,
      ignored: this.#ignored,
      dropped: this.#dropped,
      context: this.#context,
    };
  }
}

function add(counts: Map<string, number>, name: string, count: number) {
  const known = counts.has(name) || counts.size < MAX_NAMES ? name : '(other reasons)';
  counts.set(known, Math.min((counts.get(known) ?? 0) + count, Number.MAX_SAFE_INTEGER));
}
