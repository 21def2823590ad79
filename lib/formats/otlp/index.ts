import type { DecodedMetrics, DecodedTraces, Encoding } from './decoded.ts';
import { countJsonLogs } from './json-logs.ts';
import { decodeJsonMetrics } from './json-metrics.ts';
import { decodeJsonTraces } from './json-traces.ts';
import { checkProtobuf } from './protobuf-check.ts';
import { decodeProtobufMetrics } from './protobuf-metrics.ts';
import { decodeProtobufTraces } from './protobuf-traces.ts';

export type { DecodedMetrics, DecodedTraces, Encoding } from './decoded.ts';
export { metricsFacts } from './metrics-facts.ts';
export { spanPieces, tracesOfSpanPieces } from './pieces.ts';
export { countPrecedence, rolePrecedence } from './roles.ts';
export { scopeOfStream } from './stream-hash.ts';
export { tracesOfSpans } from './to-traces.ts';
export { tracesFacts } from './traces-facts.ts';

/**
 * Decodes the body of `POST /v1/metrics`, already decompressed.
 *
 * @throws Fault `invalid-input` with the byte or the path that is broken; `too-large` beyond the limits of limits.ts
 */
export const decodeMetrics = (bytes: Uint8Array, encoding: Encoding): DecodedMetrics =>
  encoding === 'json' ? decodeJsonMetrics(bytes) : decodeProtobufMetrics(bytes);

/** Decodes the body of `POST /v1/traces`; faults as `decodeMetrics`. */
export const decodeTraces = (bytes: Uint8Array, encoding: Encoding): DecodedTraces =>
  encoding === 'json' ? decodeJsonTraces(bytes) : decodeProtobufTraces(bytes);

// What the door runs before it stores a body: what passes here decodes later. Protobuf is walked without keeping anything;
// JSON costs a full decode, because JSON.parse is most of that anyway.

/** @returns the number of data points */
export const checkMetrics = (bytes: Uint8Array, encoding: Encoding): number =>
  encoding === 'json' ? decodeJsonMetrics(bytes).points : checkProtobuf(bytes, 'metrics');

/** @returns the number of spans */
export const checkTraces = (bytes: Uint8Array, encoding: Encoding): number =>
  encoding === 'json' ? decodeJsonTraces(bytes).spans : checkProtobuf(bytes, 'traces');

/** @returns the number of log records */
export const checkLogs = (bytes: Uint8Array, encoding: Encoding): number =>
  encoding === 'json' ? countJsonLogs(bytes) : checkProtobuf(bytes, 'logs');
