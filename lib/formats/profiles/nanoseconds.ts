import { invalidInput } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';

export const NS_PER_UNIT: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

/**
 * A profile of one time as nanoseconds. A format that names any unit is read in its own while its weights are whole: two files
 * of one tool may differ in it, and add up all the same.
 */
export function inNanoseconds(profile: Profile): Profile {
  const [type, ...others] = profile.sampleTypes;
  if (type === undefined || others.length > 0 || !Object.hasOwn(NS_PER_UNIT, type.unit)) return profile;
  const sentUnit = type.sentUnit ?? type.unit;
  return {
    ...scaledBy(profile, NS_PER_UNIT[type.unit]!),
    sampleTypes: [{ ...type, unit: 'nanoseconds', sentUnit }],
  };
}

/** @throws Fault('invalid-input') when a value times the factor has more than 64 bits */
export function scaledBy(profile: Profile, factor: number): Profile {
  if (factor === 1) return profile;
  const values = profile.samples.values.map((column) => {
    const big = BigInt64Array.from(column as ArrayLike<number | bigint>, (value) => {
      const product = BigInt(value) * BigInt(factor);
      if (product !== BigInt.asIntN(64, product))
        throw invalidInput(`Cannot decode profile: a value times ${factor} has more than 64 bits`);
      return product;
    });
    const size = big.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n);
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Float64Array.from(big, Number) : big;
  });
  return { ...profile, samples: { ...profile.samples, values } };
}
