import { byteScale, digits } from '../format.ts';

export interface ValueTick {
  readonly value: number;
  readonly label: string;
}
export interface ValueAxis {
  readonly unit: string;
  readonly top: number;
  readonly ticks: readonly ValueTick[];
}

const BINARY = Array.from({ length: 14 }, (_, i) => 2 ** (i - 3)); // ⅛ to 1024 of the unit
const DECIMAL = Array.from({ length: 45 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** (Math.floor(i / 3) - 3));

/** Zero, then at most `most` lines in steps that read well: powers of two for bytes, as limits are set in them. */
export function valueAxis(max: number, kind: 'bytes' | 'count' | 'ms', most = 5): ValueAxis {
  const safe = max > 0 ? max : 1;
  const scale =
    kind === 'bytes'
      ? byteScale(safe)
      : kind === 'ms' && safe >= 2000
        ? { unit: 's', size: 1000 }
        : { unit: kind === 'ms' ? 'ms' : '', size: 1 };
  const steps = kind === 'bytes' ? BINARY : DECIMAL;
  const step =
    (steps.find((size) => Math.floor(safe / (size * scale.size)) <= most) ?? steps.at(-1)!) * scale.size;
  const ticks: ValueTick[] = [];
  for (let value = 0; value <= safe; value += step) {
    ticks.push({ value, label: digits(value / scale.size) });
  }
  return { unit: scale.unit, top: safe * 1.06, ticks };
}
