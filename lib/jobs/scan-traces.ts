import { type FindingRecord, type Observation, observe } from '../findings/life-cycle.ts';
import { overWording } from '../findings/trace-wording.ts';
import type { TraceFindingKind } from '../model/finding.ts';
import type { ServiceName } from '../model/service.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';
import { readService } from '../records/services.ts';
import { mergeAll } from '../segments/kind.ts';
import { mergeSpans, noSpans, type SpansState } from '../traces/spans-state.ts';
import type { JobContext } from './context.ts';
import type { TraceScene } from './trace-findings/evidence.ts';
import { isOver, observeShifts } from './trace-findings/latency.ts';
import { observeFragments, observeNesting } from './trace-findings/nesting.ts';
import { observeBlocked, observePatterns } from './trace-findings/waste.ts';

/** Nesting and what requests wait for are told of the last hours; that it is over, of the last one. */
const WINDOW_MS = 6 * HOUR_MS;
const RECENT_MS = HOUR_MS;
/** Requests without a trace of it, after which it is over. */
const CALM_REQUESTS = 20;

/** Keeps what the traces of one service show as findings. Does nothing for a service that sends none. */
export async function scanTraces(context: JobContext, project: string, service: ServiceName): Promise<void> {
  const now = context.clock.now();
  const known = await readService(context.records, project, service);
  const last = known?.signals.traces;
  if (last === undefined || now - last > WINDOW_MS) return;
  const scene = await sceneOf(context, project, service, now);
  const found = [
    observeNesting(scene),
    ...observeFragments(scene),
    ...observeBlocked(scene),
    ...(await observePatterns(context, scene)),
    ...(await observeShifts(context, scene)),
  ].filter((one) => one !== undefined);
  for (const observation of found) await change(context, project, observation, now);
  await endOthers(context, scene, new Set(found.map(({ id }) => id)));
}

async function sceneOf(
  context: JobContext,
  project: string,
  service: ServiceName,
  now: EpochMs,
): Promise<TraceScene> {
  const from = now - WINDOW_MS;
  const parts = await context.reader.range('spans', { project, service, from, to: now });
  const sum = (states: readonly SpansState[]) => mergeAll(states, mergeSpans) ?? noSpans;
  const recent = parts.filter(({ start }) => start >= now - RECENT_MS).map(({ state }) => state);
  return { project, service, now, from, all: sum(parts.map(({ state }) => state)), recent: sum(recent) };
}

const change = (context: JobContext, project: string, observation: Observation, now: EpochMs) =>
  context.findings.change(project, observation.id, (before) => {
    const isEnd = observation.state === 'clear' && before !== undefined;
    const said =
      isEnd && !isOver(before, observation) ? { ...observation, state: 'unknown' as const } : observation;
    const after = observe(before, said, now);
    return after === before ? undefined : after;
  });

const KINDS: readonly TraceFindingKind[] = ['nesting', 'fragmented', 'blocked-loop', 'pattern'];
const OVER = {
  nesting: 'spans hang off their right parents again',
  fragmented: 'requests stay together again',
  'blocked-loop': 'nothing holds the event loop any more',
  pattern: 'the pattern is gone',
} as const;
type Ending = keyof typeof OVER;

/** Findings that nothing was seen of, though enough requests came that would have shown it. */
async function endOthers(context: JobContext, scene: TraceScene, seen: ReadonlySet<string>): Promise<void> {
  const open = (await context.findings.list(scene.project)).filter(
    (finding) => finding.service === scene.service && isOpen(finding) && !seen.has(finding.id),
  );
  for (const finding of open) {
    if (!KINDS.includes(finding.kind as TraceFindingKind) || !isCalm(scene, finding)) continue;
    const { id, kind, project, service } = finding;
    const ending: Observation = {
      ...overWording(service, OVER[kind as Ending]),
      ...{ id, kind, project, service, suspects: [] },
      state: 'clear',
      isQuiet: kind === 'pattern' || kind === 'fragmented',
      since: scene.now,
      evidence: { ...finding.evidence, to: scene.now },
    };
    await change(context, project, ending, scene.now);
  }
}

const isOpen = ({ state }: FindingRecord) => state === 'firing' || state === 'snoozed';

/** Enough requests in the last hour: of the unit that it is about, or of any. */
function isCalm({ recent }: TraceScene, { evidence }: FindingRecord): boolean {
  const unit = evidence.traces?.unit;
  let requests = 0;
  for (const [key, spans] of recent.units)
    if (!unit || key.startsWith(`[${JSON.stringify(`${unit.kind} ${unit.name}`)},`))
      requests += spans.requests;
  return requests >= CALM_REQUESTS;
}
