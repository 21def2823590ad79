import { ALL_WORK, functionTimes } from '../flame/functions.ts';
import type { UploadId } from '../model/ids.ts';
import { scrubVersion } from '../model/scrub.ts';
import { ONE, sketchOfOne } from '../model/sketch.ts';
import type { ProfileReport, WorkSpan } from '../model/telemetry.ts';
import { unitKey } from '../model/unit-of-work.ts';
import {
  boundedFunctions,
  type FunctionSpread,
  type FunctionsState,
  functionKeysOf,
  type LookedAt,
  mergeLookedAt,
  mergeSpreads,
  type WorkOfFunctions,
  workKey,
} from '../segments/kinds/functions.ts';
import { scrubbed } from './scrubbed.ts';

/**
 * SDKs of Sentry send no profile of fewer than two samples, which lie 10 ms apart: of a transaction shorter than this
 * nothing took long, whether it was profiled or not.
 */
const SHORT_US = 30_000;
const NS_PER_US = 1000;

/** What one profile says about functions; undefined when it measures no time. */
export function functionsOf(report: ProfileReport, upload: UploadId): FunctionsState | undefined {
  const { profile, instance, transaction } = report;
  const measured = functionTimes(profile);
  if (measured === undefined) return undefined;
  const version = scrubVersion(instance.version ?? '').toWellFormed();
  const own = transaction && new Set(profile.units.map(unitKey));
  const clean = cleaner();
  const looked = new Map<string, LookedAt>();
  const spreads = new Map<string, FunctionSpread>();
  for (const { work, totalUs: wholeUs, functions } of measured) {
    // Of a transaction's profile what other threads did meanwhile is not its work.
    if (own !== undefined && !own.has(work)) continue;
    const of: WorkOfFunctions = {
      basis: transaction === undefined ? 'profile' : 'transaction',
      unit: work === ALL_WORK ? ALL_WORK : scrubbed(work).toWellFormed(),
      version,
    };
    const keyOf = functionKeysOf(of);
    const whole = BigInt(wholeUs);
    const one = { profiles: 1, short: 0, unprofiled: 0, us: whole, squares: whole * whole };
    add(looked, workKey(of), one, mergeLookedAt);
    for (const { name, file, inApp, selfUs, totalUs } of functions) {
      const key = keyOf(clean(name), clean(file), inApp);
      const example = {
        upload,
        traceId: transaction?.traceId ?? '',
        time: Math.round(report.time),
        us: totalUs,
        ofUs: Math.max(0, Math.round(transaction?.durationUs ?? (profile.durationNs ?? 0) / NS_PER_US)),
      };
      const spread: FunctionSpread = {
        seen: ONE,
        total: sketchOfOne(totalUs),
        self: sketchOfOne(selfUs),
        totalUs: BigInt(totalUs),
        selfUs: BigInt(selfUs),
        squares: BigInt(totalUs) * BigInt(totalUs),
        products: BigInt(totalUs) * whole,
        // Profiles of stretches of time are all alike: those in which it took longest are enough.
        examples: transaction === undefined ? [] : [example],
        worst: [example],
      };
      add(spreads, key, spread, mergeSpreads);
    }
  }
  return boundedFunctions({ work: looked, functions: spreads });
}

const nothing: LookedAt = { profiles: 0, short: 0, unprofiled: 0, us: 0n, squares: 0n };

/** Transactions whose profile did not come with them: they belong to what was looked at, where profiles come at all. */
export function unprofiledWork(spans: readonly WorkSpan[], version: string): FunctionsState | undefined {
  const work = new Map<string, LookedAt>();
  for (const { profiled, unit, durationUs } of spans) {
    if (profiled !== false) continue;
    const short = durationUs < SHORT_US;
    const key = workKey({
      basis: 'transaction',
      unit: unitKey({ ...unit, name: scrubbed(unit.name) }).toWellFormed(),
      version: scrubVersion(version).toWellFormed(),
    });
    add(work, key, { ...nothing, short: short ? 1 : 0, unprofiled: short ? 0 : 1 }, mergeLookedAt);
  }
  return work.size === 0 ? undefined : boundedFunctions({ work, functions: new Map() });
}

/** Scrubs each text once, as JSON: functions come again in every unit. */
function cleaner(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text) ?? JSON.stringify(scrubbed(text).toWellFormed());
    known.set(text, before);
    return before;
  };
}

function add<V>(map: Map<string, V>, key: string, value: V, merge: (a: V, b: V) => V) {
  const before = map.get(key);
  map.set(key, before === undefined ? value : merge(before, value));
}
