/** The usual time between two points, ms; a minute where there are not two. */
export function medianStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, i) => time - (times[i] as number));
  if (steps.length === 0) return 60_000;
  return steps.sort((a, b) => a - b)[steps.length >> 1] as number;
}
