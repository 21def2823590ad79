import { Fault } from '../model/fault.ts';
import type { EpochMs } from '../model/units.ts';

/** @throws Fault('invalid-input') on what is neither RFC 3339 nor epoch ms */
export function timeOf(name: string, text: string | undefined): EpochMs | undefined {
  if (text === undefined) return undefined;
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(time) && time >= 0) return time;
  throw new Fault('invalid-input', `Cannot use ${name} "${text}": need RFC 3339 or epoch ms`);
}
