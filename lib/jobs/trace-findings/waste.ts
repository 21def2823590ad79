import type { Observation } from '../../findings/life-cycle.ts';
import { blockedWording, patternWording } from '../../findings/trace-wording.ts';
import { ONE } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import { listSetAside, setAsideName } from '../../records/set-aside.ts';
import { mergeAll } from '../../segments/kind.ts';
import { mergeUnitSpans, OTHER, type UnitSpans, unitOfSpansKey } from '../../traces/spans-state.ts';
import { causesOf } from '../answers/traces.ts';
import type { JobContext } from '../context.ts';
import { examplesOf, noTraceEvidence, type TraceScene, traceObservation } from './evidence.ts';

/** Requests of a unit in the last hour, below which nothing is told. */
const MIN_REQUESTS = 10;
/** Of what a unit takes, so much has to be lost to others' work. */
const MIN_BLOCKED_SHARE = 0.1;
const MIN_BLOCKED_MS = 1000;
/** Share of the requests that show a pattern, and what it costs them together. */
const MIN_PATTERN_SHARE = 0.1;
const MIN_PATTERN_MS = 500;
const MAX_PATTERNS = 20;

const msOf = (sum: bigint) => Number(sum / BigInt(ONE)) / 1000;

/** Units of the last hour over all versions. */
function unitsOf({ recent }: TraceScene): ReadonlyMap<string, UnitSpans> {
  const groups = Map.groupBy(
    [...recent.units].filter(([key]) => key !== OTHER),
    ([key]) => unitOfSpansKey(key).unit,
  );
  return new Map(
    [...groups].map(([unit, states]) => [
      unit,
      mergeAll(
        states.map(([, state]) => state),
        mergeUnitSpans,
      ) as UnitSpans,
    ]),
  );
}

/** Whose work others wait for on the same event loop: one finding for each unit that holds it. */
export function observeBlocked(scene: TraceScene): Observation[] {
  const worst = new Map<string, { blocked: string; ms: number; frame: string; unit: UnitSpans }>();
  for (const [blocked, unit] of unitsOf(scene)) {
    if (unit.requests < MIN_REQUESTS) continue;
    for (const [blocking, { ms, frame }] of blockersOf(unit)) {
      if (ms < MIN_BLOCKED_MS || ms < MIN_BLOCKED_SHARE * msOf(unit.whole)) continue;
      if (ms > (worst.get(blocking)?.ms ?? 0)) worst.set(blocking, { blocked, ms, frame, unit });
    }
  }
  return [...worst].map(([blocking, { blocked, ms, frame, unit }]) =>
    traceObservation(scene, {
      kind: 'blocked-loop',
      subject: blocking,
      wording: blockedWording({
        service: scene.service,
        blocking: unitOfKey(blocking),
        blocked: unitOfKey(blocked),
        ms,
        ofMs: msOf(unit.whole),
        frame,
      }),
      traces: {
        ...noTraceEvidence,
        unit: unitOfKey(blocking),
        requests: unit.requests,
        affected: unit.requests,
        ms,
        cause: frame,
        examples: examplesOf(unit.slowest),
      },
    }),
  );
}

/** Time that a unit's gaps lost to each other unit, and where in it most of it went. */
function blockersOf(unit: UnitSpans): ReadonlyMap<string, { ms: number; frame: string; most: number }> {
  const blockers = new Map<string, { ms: number; frame: string; most: number }>();
  for (const gap of unit.gaps.values()) {
    for (const { blockedBy, ms, frame } of causesOf(gap)) {
      if (blockedBy === null) continue;
      const key = `${blockedBy.kind} ${blockedBy.name}`;
      const before = blockers.get(key) ?? { ms: 0, frame: '', most: 0 };
      const isMost = ms > before.most;
      blockers.set(key, {
        ms: before.ms + ms,
        frame: isMost ? frame : before.frame,
        most: Math.max(ms, before.most),
      });
    }
  }
  return blockers;
}

/** Patterns that cost most, those apart that people ignore. Shown on pages, told to nobody. */
export async function observePatterns(
  { records }: Pick<JobContext, 'records'>,
  scene: TraceScene,
): Promise<Observation[]> {
  const aside = await listSetAside(records, scene.project, scene.service);
  const found = [...unitsOf(scene)].flatMap(([unit, spans]) =>
    [...spans.patterns].map(([key, pattern]) => ({ unit, spans, key, pattern })),
  );
  return found
    .filter(({ unit, spans, key, pattern }) => {
      if (key === OTHER || aside.has(setAsideName({ kind: 'pattern', unit, subject: key }))) return false;
      const isOften = pattern.requests >= MIN_PATTERN_SHARE * spans.weight;
      return spans.requests >= MIN_REQUESTS && isOften && msOf(pattern.sum) >= MIN_PATTERN_MS;
    })
    .sort((a, b) => Number(b.pattern.sum - a.pattern.sum) || (a.key < b.key ? -1 : 1))
    .slice(0, MAX_PATTERNS)
    .map(({ unit, spans, key, pattern }) => {
      const [kind = '', subject = ''] = JSON.parse(key) as string[];
      const share = pattern.requests / spans.weight;
      return traceObservation(scene, {
        kind: 'pattern',
        subject: JSON.stringify([unit, key]),
        wording: patternWording({
          service: scene.service,
          unit: unitOfKey(unit),
          kind,
          subject,
          evidence: pattern.evidence,
          share,
        }),
        isSilent: true,
        traces: {
          ...noTraceEvidence,
          unit: unitOfKey(unit),
          requests: spans.requests,
          affected: Math.round(share * spans.requests),
          ms: msOf(pattern.sum),
          cause: kind,
          examples: examplesOf(pattern.examples),
        },
      });
    });
}
