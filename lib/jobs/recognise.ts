import { checkLogs, checkMetrics, checkTraces } from '../formats/otlp/index.ts';
import { Fault } from '../model/fault.ts';

/** Doors that take telemetry, by the name under which raw segments remember them. */
export type Route = 'otlp-metrics' | 'otlp-traces' | 'otlp-logs';

/** How OTLP bodies are written. */
export type OtlpEncoding = 'protobuf' | 'json';

const CHECKS = { 'otlp-metrics': checkMetrics, 'otlp-traces': checkTraces, 'otlp-logs': checkLogs } as const;

/**
 * What the door runs before a body is stored: whether a parser will be able to read it. No analysis.
 * @returns how many points, spans or records the body holds
 * @throws Fault('invalid-input' | 'too-large')
 */
export function recognise(route: Route, body: Uint8Array, encoding: OtlpEncoding): number {
  return CHECKS[route](body, encoding);
}

/** @throws Fault('unsupported') for a type that is neither of OTLP's two */
export function otlpEncoding(contentType: string): OtlpEncoding {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  if (type === 'application/json') return 'json';
  throw new Fault(
    'unsupported',
    `Cannot take content type "${contentType.slice(0, 80)}": need application/x-protobuf or application/json`,
  );
}
