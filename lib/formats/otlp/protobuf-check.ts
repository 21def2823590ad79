import { Budget, MAX_DEPTH, type Signal, tooDeep } from './limits.ts';
import { FIXED64, LEN, Reader, tagOf, VARINT } from './protobuf-reader.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './protobuf-traces.ts';

// The door looks at every byte that the decoder will read, and keeps nothing: whatever passes here decodes later.

interface Message {
  /** What it costs, spent as the decoder spends it. */
  readonly cost: 'none' | 'container' | 'item' | 'attribute';
  readonly recursive: boolean;
  /** By tag: what is inside a length-delimited field that the decoder opens. */
  readonly fields: Map<number, Message | Packed | Id | Single>;
}
/** A repeated number as one length-delimited field. */
interface Packed {
  readonly packed: 'varint' | 'fixed64';
}
/** A repeated number, one tag for each. */
interface Single {
  readonly single: true;
}
interface Id {
  readonly bytes: number;
}

const message = (
  fields: readonly (readonly [tag: number, inside: Message | Packed | Id | Single])[] = [],
  cost: Message['cost'] = 'none',
): Message => ({ cost, recursive: false, fields: new Map(fields) });

const ANY_VALUE: Message = { cost: 'none', recursive: true, fields: new Map() };
const LISTED_VALUE: Message = { cost: 'attribute', recursive: true, fields: ANY_VALUE.fields };
const KEY_VALUE = message([[tagOf(2, LEN), ANY_VALUE]], 'attribute');
ANY_VALUE.fields.set(tagOf(5, LEN), message([[tagOf(1, LEN), LISTED_VALUE]]));
ANY_VALUE.fields.set(tagOf(6, LEN), message([[tagOf(1, LEN), KEY_VALUE]]));

const RESOURCE = message([[tagOf(1, LEN), KEY_VALUE]]);
const SCOPE = message();
const EXPONENTIAL_BUCKETS = message([
  [tagOf(2, LEN), { packed: 'varint' }],
  [tagOf(2, VARINT), { single: true }],
]);
const points = (fields: Parameters<typeof message>[0]): Message =>
  message([[tagOf(1, LEN), message(fields, 'item')]]);

const NUMBERS = points([[tagOf(7, LEN), KEY_VALUE]]);
const HISTOGRAM = points([
  [tagOf(6, LEN), { packed: 'fixed64' }],
  [tagOf(6, FIXED64), { single: true }],
  [tagOf(7, LEN), { packed: 'fixed64' }],
  [tagOf(7, FIXED64), { single: true }],
  [tagOf(9, LEN), KEY_VALUE],
]);
const EXPONENTIAL_HISTOGRAM = points([
  [tagOf(1, LEN), KEY_VALUE],
  [tagOf(8, LEN), EXPONENTIAL_BUCKETS],
]);
const SUMMARY = points([[tagOf(7, LEN), KEY_VALUE]]);
const METRIC = message(
  [
    [tagOf(5, LEN), NUMBERS],
    [tagOf(7, LEN), NUMBERS],
    [tagOf(9, LEN), HISTOGRAM],
    [tagOf(10, LEN), EXPONENTIAL_HISTOGRAM],
    [tagOf(11, LEN), SUMMARY],
  ],
  'container',
);
const SPAN = message(
  [
    [tagOf(1, LEN), { bytes: TRACE_ID_BYTES }],
    [tagOf(2, LEN), { bytes: SPAN_ID_BYTES }],
    [tagOf(4, LEN), { bytes: SPAN_ID_BYTES }],
    [tagOf(9, LEN), KEY_VALUE],
    [tagOf(15, LEN), message()],
  ],
  'item',
);
const LOG_RECORD = message([], 'item');

/** request → resource → scope → item is the same for all three signals. */
const request = (items: Message): Message =>
  message([
    [
      tagOf(1, LEN),
      message(
        [
          [tagOf(1, LEN), RESOURCE],
          [
            tagOf(2, LEN),
            message(
              [
                [tagOf(1, LEN), SCOPE],
                [tagOf(2, LEN), items],
              ],
              'container',
            ),
          ],
        ],
        'container',
      ),
    ],
  ]);

const REQUESTS = { metrics: request(METRIC), traces: request(SPAN), logs: request(LOG_RECORD) };

/** @returns points, spans or log records */
export function checkProtobuf(bytes: Uint8Array, signal: Signal): number {
  const reader = new Reader(bytes, signal);
  const budget = new Budget(signal);
  walk(reader, budget, REQUESTS[signal], 0);
  return budget.items;
}

function walk(reader: Reader, budget: Budget, kind: Message, depth: number): void {
  let attributes = 0;
  while (reader.more()) {
    const tag = reader.tag();
    const inside = kind.fields.get(tag);
    if (inside === undefined) reader.skip(tag);
    else if ('fields' in inside) {
      if (inside.cost === 'attribute') {
        attributes += 1;
        budget.spendAttribute(attributes);
      } else if (inside.cost === 'item') budget.spendItem();
      else if (inside.cost === 'container') budget.spendContainer();
      const inner = inside.recursive ? depth + 1 : depth;
      if (inner > MAX_DEPTH) throw tooDeep();
      const outer = reader.enter();
      walk(reader, budget, inside, inner);
      reader.leave(outer);
    } else if ('packed' in inside) walkPacked(reader, budget, inside.packed);
    else if ('single' in inside) {
      budget.spendBuckets(1);
      reader.skip(tag);
    } else {
      const [start, end] = reader.span();
      const length = end - start;
      if (length !== 0 && length !== inside.bytes) {
        throw reader.fault(`an id of ${length} bytes instead of ${inside.bytes}`);
      }
    }
  }
}

function walkPacked(reader: Reader, budget: Budget, packed: Packed['packed']): void {
  const outer = reader.enter();
  if (packed === 'fixed64') {
    const count = (reader.limit - reader.at) / 8;
    budget.spendBuckets(count);
    if (!Number.isInteger(count)) throw reader.fault('packed numbers end early');
  }
  while (packed === 'varint' && reader.more()) {
    budget.spendBuckets(1);
    reader.varint();
  }
  reader.leave(outer);
}
