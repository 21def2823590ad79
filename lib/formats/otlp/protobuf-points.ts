import type { Attributes, AttributeValue } from '../work/attributes.ts';
import type { Buckets, MetricKind, Point } from './decoded.ts';
import { explicitBuckets, exponentialBuckets } from './decoded.ts';
import type { Budget } from './limits.ts';
import { frozenAttributes, readAttribute } from './protobuf-common.ts';
import { FIXED64, LEN, type Reader, tagOf, VARINT } from './protobuf-reader.ts';

// The four kinds of data points of opentelemetry/proto/metrics/v1/metrics.proto. Exemplars, minimum, maximum, quantiles
// and the negative half of exponential histograms are passed over.

const NO_RECORDED_VALUE = 1;

export function readPoint(reader: Reader, budget: Budget, kind: MetricKind): Point {
  switch (kind) {
    case 'histogram':
      return readHistogramPoint(reader, budget);
    case 'exponential-histogram':
      return readExponentialPoint(reader, budget);
    case 'summary':
      return readSummaryPoint(reader, budget);
    default:
      return readNumberPoint(reader, budget);
  }
}

const POINT_START = tagOf(2, FIXED64);
const POINT_TIME = tagOf(3, FIXED64);
const POINT_COUNT = tagOf(4, FIXED64);
const POINT_SUM = tagOf(5, FIXED64);

const NUMBER_DOUBLE = tagOf(4, FIXED64);
const NUMBER_INT = tagOf(6, FIXED64);
const NUMBER_ATTRIBUTES = tagOf(7, LEN);
const NUMBER_FLAGS = tagOf(8, VARINT);

function readNumberPoint(reader: Reader, budget: Budget): Point {
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  let start = 0;
  let time = 0;
  let value: number | undefined;
  let flags = 0;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case POINT_START:
        start = reader.timeMs();
        break;
      case POINT_TIME:
        time = reader.timeMs();
        break;
      case NUMBER_DOUBLE:
        value = reader.double();
        break;
      case NUMBER_INT:
        value = reader.sfixed64();
        break;
      case NUMBER_ATTRIBUTES:
        readAttribute(reader, budget, attributes);
        break;
      case NUMBER_FLAGS:
        flags = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  const stale = (flags & NO_RECORDED_VALUE) !== 0;
  return point(attributes, start, time, stale ? undefined : value, 0, undefined, undefined, stale);
}

const HISTOGRAM_COUNTS_PACKED = tagOf(6, LEN);
const HISTOGRAM_COUNT = tagOf(6, FIXED64);
const HISTOGRAM_BOUNDS_PACKED = tagOf(7, LEN);
const HISTOGRAM_BOUND = tagOf(7, FIXED64);
const HISTOGRAM_ATTRIBUTES = tagOf(9, LEN);
const HISTOGRAM_FLAGS = tagOf(10, VARINT);

function readHistogramPoint(reader: Reader, budget: Budget): Point {
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  const counts: number[] = [];
  const bounds: number[] = [];
  let start = 0;
  let time = 0;
  let count = 0;
  let sum: number | undefined;
  let flags = 0;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case POINT_START:
        start = reader.timeMs();
        break;
      case POINT_TIME:
        time = reader.timeMs();
        break;
      case POINT_COUNT:
        count = reader.fixed64();
        break;
      case POINT_SUM:
        sum = reader.double();
        break;
      case HISTOGRAM_COUNTS_PACKED: {
        const end = enterPacked64(reader, budget);
        while (reader.more()) counts.push(reader.fixed64());
        reader.leave(end);
        break;
      }
      case HISTOGRAM_COUNT:
        budget.spendBuckets(1);
        counts.push(reader.fixed64());
        break;
      case HISTOGRAM_BOUNDS_PACKED: {
        const end = enterPacked64(reader, budget);
        while (reader.more()) bounds.push(reader.double());
        reader.leave(end);
        break;
      }
      case HISTOGRAM_BOUND:
        budget.spendBuckets(1);
        bounds.push(reader.double());
        break;
      case HISTOGRAM_ATTRIBUTES:
        readAttribute(reader, budget, attributes);
        break;
      case HISTOGRAM_FLAGS:
        flags = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  const stale = (flags & NO_RECORDED_VALUE) !== 0;
  return point(attributes, start, time, undefined, count, sum, explicitBuckets(bounds, counts), stale);
}

function enterPacked64(reader: Reader, budget: Budget): number {
  const outer = reader.enter();
  budget.spendBuckets((reader.limit - reader.at) / 8);
  return outer;
}

const EXPONENTIAL_ATTRIBUTES = tagOf(1, LEN);
const EXPONENTIAL_SCALE = tagOf(6, VARINT);
const EXPONENTIAL_ZERO_COUNT = tagOf(7, FIXED64);
const EXPONENTIAL_POSITIVE = tagOf(8, LEN);
const EXPONENTIAL_FLAGS = tagOf(10, VARINT);

function readExponentialPoint(reader: Reader, budget: Budget): Point {
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  const positive = { offset: 0, counts: [] as number[] };
  let start = 0;
  let time = 0;
  let count = 0;
  let sum: number | undefined;
  let scale = 0;
  let zeroCount = 0;
  let flags = 0;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case EXPONENTIAL_ATTRIBUTES:
        readAttribute(reader, budget, attributes);
        break;
      case POINT_START:
        start = reader.timeMs();
        break;
      case POINT_TIME:
        time = reader.timeMs();
        break;
      case POINT_COUNT:
        count = reader.fixed64();
        break;
      case POINT_SUM:
        sum = reader.double();
        break;
      case EXPONENTIAL_SCALE:
        scale = reader.zigzag();
        break;
      case EXPONENTIAL_ZERO_COUNT:
        zeroCount = reader.fixed64();
        break;
      case EXPONENTIAL_POSITIVE:
        readExponentialBuckets(reader, budget, positive);
        break;
      case EXPONENTIAL_FLAGS:
        flags = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  const buckets = exponentialBuckets(scale, positive.offset, zeroCount, positive.counts);
  return point(attributes, start, time, undefined, count, sum, buckets, (flags & NO_RECORDED_VALUE) !== 0);
}

const BUCKETS_OFFSET = tagOf(1, VARINT);
const BUCKETS_COUNTS_PACKED = tagOf(2, LEN);
const BUCKETS_COUNT = tagOf(2, VARINT);

function readExponentialBuckets(
  reader: Reader,
  budget: Budget,
  into: { offset: number; counts: number[] },
): void {
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === BUCKETS_OFFSET) into.offset = reader.zigzag();
    else if (tag === BUCKETS_COUNTS_PACKED) {
      const end = reader.enter();
      while (reader.more()) {
        budget.spendBuckets(1);
        into.counts.push(reader.varint());
      }
      reader.leave(end);
    } else if (tag === BUCKETS_COUNT) {
      budget.spendBuckets(1);
      into.counts.push(reader.varint());
    } else reader.skip(tag);
  }
  reader.leave(outer);
}

const SUMMARY_ATTRIBUTES = tagOf(7, LEN);
const SUMMARY_FLAGS = tagOf(8, VARINT);

function readSummaryPoint(reader: Reader, budget: Budget): Point {
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  let start = 0;
  let time = 0;
  let count = 0;
  let sum: number | undefined;
  let flags = 0;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case POINT_START:
        start = reader.timeMs();
        break;
      case POINT_TIME:
        time = reader.timeMs();
        break;
      case POINT_COUNT:
        count = reader.fixed64();
        break;
      case POINT_SUM:
        sum = reader.double();
        break;
      case SUMMARY_ATTRIBUTES:
        readAttribute(reader, budget, attributes);
        break;
      case SUMMARY_FLAGS:
        flags = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return point(attributes, start, time, undefined, count, sum, undefined, (flags & NO_RECORDED_VALUE) !== 0);
}

function point(
  attributes: Attributes,
  start: number,
  time: number,
  value: number | undefined,
  count: number,
  sum: number | undefined,
  buckets: Buckets | undefined,
  stale: boolean,
): Point {
  return { attributes: frozenAttributes(attributes), start, time, value, count, sum, buckets, stale };
}
