import type { FindingRecord, Observation } from '../../findings/life-cycle.ts';
import { failuresWording, latencyWording } from '../../findings/trace-wording.ts';
import { ONE } from '../../model/sketch.ts';
import { OTHER_UNITS, unitKey, unitOfKey } from '../../model/unit-of-work.ts';
import { DAY_MS, type EpochMs } from '../../model/units.ts';
import type { UnitLatency } from '../../segments/kinds/latency.ts';
import {
  compareLatency,
  fisherTail,
  type LatencyShift,
  SHIFT_LIMITS,
  shiftOverTime,
} from '../../traces/latency-shift.ts';
import { shiftSentence } from '../../traces/shift-sentence.ts';
import { unitOfSpansKey } from '../../traces/spans-state.ts';
import type { JobContext } from '../context.ts';
import { latencyByUnit, seenShare, type VersionLatency, versionsOf, windowsOf } from '../latency-history.ts';
import { noTraceEvidence, type TraceScene, traceObservation } from './evidence.ts';

const WINDOW_MS = DAY_MS;
/** Units that are compared, those that take the most time: the chance of a false alarm is shared among them. */
const MAX_UNITS = 50;
/** Without a release to blame, a change has to be larger: days have their rhythm. */
const OVER_TIME = { minChange: 0.25, minMs: 20 };

/** What it stands for changes with every partition. */
const OTHER = unitKey(OTHER_UNITS);

interface UnitHistory {
  readonly unit: string;
  readonly versions: readonly VersionLatency[];
  /** Of the last version. */
  readonly windows: readonly { readonly start: EpochMs; readonly latency: UnitLatency }[];
}

/**
 * Slower and faster units, by the last release or since it over the day, and units that fail more often since the last release.
 * Improvements are shown and told to nobody.
 */
export async function observeShifts(context: JobContext, scene: TraceScene): Promise<Observation[]> {
  const histories = await historiesOf(context, scene);
  return histories.flatMap((history) => {
    const shift = shiftOf(scene, history, histories.length);
    return [...latencyOf(scene, history, shift), ...failuresOf(scene, history, histories.length)];
  });
}

interface Shift {
  readonly latency: LatencyShift;
  /** Versions; '' where two times were compared. */
  readonly before: string;
  readonly after: string;
  readonly at: EpochMs;
  readonly requests: number;
  /** Sure enough to be told: the chance of a false alarm is shared among all units. */
  readonly isAlarm: boolean;
}

/** Of the last release what came of it later, where that is sure: then the release is not to blame. Else what it changed. */
function shiftOf(scene: TraceScene, history: UnitHistory, units: number): Shift {
  const [before, after] = history.versions.slice(-2);
  if (before === undefined || after === undefined)
    return shiftSince(scene, history, SHIFT_LIMITS.pValue / units);
  const pValue = SHIFT_LIMITS.pValue / TESTS;
  const later = shiftSince(scene, history, pValue / units);
  return later.isAlarm ? later : shiftWith(scene, history, [before, after], pValue, units);
}
/** Two ways to be wrong share one chance. */
const TESTS = 2;

/** Over the windows of the last version. */
function shiftSince(scene: TraceScene, history: UnitHistory, pValue: number): Shift {
  const windows = history.windows.map(({ start, latency }) => ({
    start,
    sketch: latency.sketch,
    requests: seen(scene, history, latency),
  }));
  const latency = shiftOverTime(windows, 0.95, { ...SHIFT_LIMITS, ...OVER_TIME, pValue });
  const requests = windows.reduce((sum, window) => sum + window.requests, 0);
  const at = windows[latency.at]?.start ?? scene.now;
  return { latency, before: '', after: '', at, requests, isAlarm: latency.verdict === 'regression' };
}

/** From one version to the next. */
function shiftWith(
  scene: TraceScene,
  history: UnitHistory,
  [before, after]: readonly [VersionLatency, VersionLatency],
  pValue: number,
  units: number,
): Shift {
  const requests = seen(scene, history, after.latency);
  const limits = { ...SHIFT_LIMITS, pValue: pValue / looksAt(requests) };
  const latency = compareLatency(
    { sketch: before.latency.sketch, requests: seen(scene, history, before.latency) },
    { sketch: after.latency.sketch, requests },
    0.95,
    limits,
  );
  const isAlarm = latency.verdict === 'regression' && latency.pValue < limits.pValue / units;
  return { latency, before: before.version, after: after.version, at: after.firstAt, requests, isAlarm };
}

/**
 * A release is looked at again and again while its requests come in. Each doubling of them gets a part of the chance of a
 * false alarm, 1 / (k + 1)(k + 2), which add up to one.
 */
function looksAt(requests: number): number {
  const k = Math.max(0, Math.floor(Math.log2(Math.max(1, requests / SHIFT_LIMITS.minRequests))));
  return (k + 1) * (k + 2);
}

/** Requests that were seen, of those that they stand for: sampled ones are fewer witnesses. */
function seen({ all }: TraceScene, { unit }: UnitHistory, { count }: UnitLatency): number {
  let requests = 0;
  let weight = 0;
  for (const [key, spans] of all.units) {
    if (unitOfSpansKey(key).unit !== unit) continue;
    requests += spans.requests;
    weight += spans.weight;
  }
  return Math.round((count / ONE) * seenShare({ requests, weight }));
}

function latencyOf(scene: TraceScene, { unit }: UnitHistory, shift: Shift): Observation[] {
  const { latency, before, after, at, requests, isAlarm } = shift;
  if (latency.verdict === 'too-few') return [];
  const { quantile, beforeMs, afterMs, change, pValue } = latency;
  const sentence = shiftSentence(latency, after === '' ? undefined : after);
  const observation = (subject: string, isFiring: boolean, isSlower: boolean) =>
    traceObservation(scene, {
      kind: 'latency',
      subject,
      version: after,
      since: at,
      state: isFiring ? 'firing' : 'clear',
      isSilent: !isSlower,
      wording: latencyWording({ service: scene.service, unit: unitOfKey(unit), sentence, isSlower }),
      traces: {
        ...noTraceEvidence,
        unit: unitOfKey(unit),
        requests,
        affected: requests,
        shift: { quantile, beforeMs, afterMs, change, pValue, before, after },
      },
    });
  return [
    observation(unit, isAlarm, true),
    observation(`faster ${unit}`, latency.verdict === 'improvement', false),
  ];
}

/** Back at what it was before, but for so much. */
const RECOVERED = 1.1;

/**
 * Whether what a finding told of is over: as fast as before it, or another release that does not fail. That the version
 * before has left the window, or that a later look needs more certainty, is no end.
 */
export function isOver({ kind, evidence }: FindingRecord, seen: Observation): boolean {
  if (kind === 'failures') return seen.evidence.version !== evidence.version;
  const [told, now] = [evidence.traces?.shift, seen.evidence.traces?.shift];
  if (kind !== 'latency' || !told || !now || told.change < 0) return true;
  return now.afterMs > 0 && now.afterMs <= RECOVERED * told.beforeMs;
}

const MIN_RATE_RISE = 0.01;
const MIN_RATE_FACTOR = 2;

function failuresOf(scene: TraceScene, history: UnitHistory, units: number): Observation[] {
  const [before, after] = history.versions.slice(-2);
  if (before === undefined || after === undefined) return [];
  const side = ({ version, latency }: typeof before) => {
    const requests = seen(scene, history, latency);
    const rate = latency.count === 0 ? 0 : latency.failures / latency.count;
    return { version, requests, rate, failures: Math.round(rate * requests) };
  };
  const [was, is] = [side(before), side(after)];
  if (Math.min(was.requests, is.requests) < SHIFT_LIMITS.minRequests) return [];
  const p = fisherTail(is.failures, is.requests, was.failures, was.requests);
  const isRise = is.rate >= was.rate + MIN_RATE_RISE && is.rate >= MIN_RATE_FACTOR * was.rate;
  const isFiring = isRise && p < SHIFT_LIMITS.pValue / units / looksAt(is.requests);
  const unit = unitOfKey(history.unit);
  return [
    traceObservation(scene, {
      kind: 'failures',
      subject: history.unit,
      version: is.version,
      since: after.firstAt,
      state: isFiring ? 'firing' : 'clear',
      wording: failuresWording({ service: scene.service, unit, before: was, after: is }),
      traces: { ...noTraceEvidence, unit, requests: is.requests, affected: is.failures },
    }),
  ];
}

/** What a day says of the units that take the most time. Roll-ups would hide when a release came. */
async function historiesOf(context: JobContext, scene: TraceScene): Promise<readonly UnitHistory[]> {
  const { project, service, now } = scene;
  const units = await latencyByUnit(context, { project, service, from: now - WINDOW_MS, to: now });
  return [...units]
    .filter(([unit]) => unit !== OTHER)
    .map(([unit, parts]) => ({ unit, parts, sum: parts.reduce((sum, { latency }) => sum + latency.sum, 0n) }))
    .sort((a, b) => (b.sum > a.sum ? 1 : b.sum < a.sum ? -1 : a.unit < b.unit ? -1 : 1))
    .slice(0, MAX_UNITS)
    .map(({ unit, parts }) => {
      const versions = versionsOf(parts);
      const last = versions.at(-1)?.version;
      return { unit, versions, windows: windowsOf(parts.filter(({ version }) => version === last)) };
    });
}
