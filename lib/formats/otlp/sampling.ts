const THRESHOLD_BITS = 56;
const HEX_DIGITS = THRESHOLD_BITS / 4;
const ALL = 1n << BigInt(THRESHOLD_BITS);

/**
 * How many spans a span stands for, from `ot=th:…` of its trace state: the sampler kept what was random beyond the
 * threshold. Undefined when the sender does not tell.
 * See https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function weightOf(traceState: string): number | undefined {
  const threshold = /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,\s]|$)/.exec(traceState)?.[1];
  if (threshold === undefined) return undefined;
  const kept = ALL - BigInt(`0x${threshold.padEnd(HEX_DIGITS, '0')}`); // 56 bits are more than a double holds
  return Number(ALL) / Number(kept);
}
