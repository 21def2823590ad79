import { Fault } from '../../model/fault.ts';

// What one request may cost. A body inside these bounds decodes to less than a few hundred megabytes, whatever its bytes say.

/** Ten times what a Collector batches by default (8,192 items) for twenty services. */
export const MAX_POINTS = 200_000;
export const MAX_SPANS = 200_000;
export const MAX_LOG_RECORDS = 200_000;
/** Resources, scopes and metrics together: an empty one is two bytes on the wire and an object in memory. */
export const MAX_CONTAINERS = 200_000;
/** SDKs keep 128 attributes per span; resources have some dozens. */
export const MAX_ATTRIBUTES_PER_OWNER = 1_024;
export const MAX_ATTRIBUTES = 4_000_000;
/** Histogram buckets of all points: 200 k points with 16 buckets each are 3.2 million. */
export const MAX_BUCKETS = 8_000_000;
/** Nesting of attribute values (arrays of maps of arrays …), and of JSON as a whole. */
export const MAX_DEPTH = 64;
/** UTF-16 code units; what is longer is cut, not refused. */
export const MAX_STRING_LENGTH = 64 * 1024;
/** Objects and arrays in a JSON body: `{}` is two bytes on the wire and about 60 in memory. */
export const MAX_JSON_CONTAINERS = 3_000_000;
export const MAX_JSON_VALUES = 12_000_000;

export type Signal = 'metrics' | 'traces' | 'logs';

/** Counts what a request has used up. The check at the door and the decoder spend alike, so they agree on what is too large. */
export class Budget {
  items = 0;
  #containers = 0;
  #attributes = 0;
  #buckets = 0;
  readonly #maxItems: number;
  readonly #itemName: string;

  constructor(signal: Signal) {
    this.#maxItems = { metrics: MAX_POINTS, traces: MAX_SPANS, logs: MAX_LOG_RECORDS }[signal];
    this.#itemName = { metrics: 'data points', traces: 'spans', logs: 'log records' }[signal];
  }

  spendItem(): void {
    this.items += 1;
    if (this.items > this.#maxItems) throw tooMany(this.#itemName, this.#maxItems);
  }

  spendContainer(): void {
    this.#containers += 1;
    if (this.#containers > MAX_CONTAINERS) throw tooMany('resources, scopes and metrics', MAX_CONTAINERS);
  }

  /** @param ofOwner how many its owner has by now, this one included */
  spendAttribute(ofOwner: number): void {
    this.#attributes += 1;
    if (ofOwner > MAX_ATTRIBUTES_PER_OWNER)
      throw tooMany('attributes in one place', MAX_ATTRIBUTES_PER_OWNER);
    if (this.#attributes > MAX_ATTRIBUTES) throw tooMany('attributes', MAX_ATTRIBUTES);
  }

  spendBuckets(count: number): void {
    this.#buckets += count;
    if (this.#buckets > MAX_BUCKETS) throw tooMany('histogram buckets', MAX_BUCKETS);
  }
}

const tooMany = (what: string, limit: number) =>
  new Fault('too-large', `OTLP request has more than ${limit} ${what}`);

export const tooDeep = () => new Fault('too-large', `OTLP request is nested deeper than ${MAX_DEPTH} levels`);
