import type { NeutralProfile } from '../../bench/flame/neutral-pprof.ts';

/** Values by stack (functions, files, lines; inlined ones too) and labels: old versions of Go put addresses together. */
export function valuesByStack({
  samples,
  locations,
  functions,
}: NeutralProfile): ReadonlyMap<string, string> {
  const sums = new Map<string, bigint[]>();
  for (const sample of samples) {
    // Go 1.19 leaves out samples without a stack.
    if (sample.locations.length === 0) continue;
    const stack = sample.locations.map((place) => {
      const { lines, address } = locations[place]!;
      const shown = lines.map(
        ({ function: fn, line }) => `${functions[fn]!.name} ${functions[fn]!.file}:${line}`,
      );
      return shown.length > 0 ? shown.join(' < ') : String(address);
    });
    const key = `${stack.join(' | ')} ${sample.labels.join(' ')}`;
    const before = sums.get(key) ?? sample.values.map(() => 0n);
    sums.set(
      key,
      before.map((value, i) => value + BigInt(sample.values[i]!)),
    );
  }
  // Samples of zeros may be left out.
  const kept = Array.from(sums).filter(([, values]) => values.some((value) => value !== 0n));
  return new Map(kept.map(([key, values]) => [key, values.join(' ')]));
}
