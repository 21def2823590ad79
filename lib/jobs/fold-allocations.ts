import { sketchOf } from '../model/sketch.ts';
import type { WorkSpan } from '../model/telemetry.ts';
import {
  type AllocationsState,
  bounded,
  boundedAllocations,
  mergeAllocations,
  noAllocations,
  type UnitAllocations,
} from '../segments/kinds/allocations.ts';
import { scrubbed } from './scrubbed.ts';

/** What requests said that they allocated, by unit. Undefined when none said so. */
export function allocationsOf(
  spans: readonly WorkSpan[],
  unitName: (unit: WorkSpan['unit']) => string,
  weightOf: (span: WorkSpan) => number,
): AllocationsState | undefined {
  const units = new Map<string, UnitAllocations>();
  const told = spans.filter(({ allocated }) => allocated !== undefined);
  for (const [unit, same] of Map.groupBy(told, (span) => unitName(span.unit)))
    units.set(unit, same.map((span) => ofOne(span, weightOf(span))).reduce(mergeAllocations, noAllocations));
  return units.size === 0 ? undefined : boundedAllocations(units);
}

function ofOne({ allocated }: WorkSpan, weight: number): UnitAllocations {
  const { bytes, top } = allocated!;
  const sketch = sketchOf([[Math.abs(bytes), weight]]);
  const files = new Map<string, { requests: number; bytes: bigint }>();
  for (const one of top) {
    const file = scrubbed(one.file.toWellFormed());
    const sum = files.get(file) ?? { requests: weight, bytes: 0n };
    files.set(file, { ...sum, bytes: sum.bytes + BigInt(Math.round(one.bytes)) * BigInt(weight) });
  }
  const { grown, shrunk } = noAllocations;
  return {
    grown: bytes >= 0 ? sketch : grown,
    shrunk: bytes < 0 ? sketch : shrunk,
    top: bounded(files),
  };
}
