import { fingerprint } from '../findings/fingerprint.ts';
import { type Observation, observe } from '../findings/life-cycle.ts';
import { regressionWording } from '../findings/regression-wording.ts';
import { overWording } from '../findings/trace-wording.ts';
import type { Evidence } from '../model/finding.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS } from '../model/units.ts';
import { readService, type ServiceRecord } from '../records/services.ts';
import { regressionsAnswer } from './answers/regressions.ts';
import type { JobContext } from './context.ts';

/** Both releases are read this far back: what they do differs by the hour of the day. */
const WINDOW_MS = DAY_MS;
/** A service that has sent no profile for longer has nothing new to compare. */
const SILENT_MS = DAY_MS;
const ANALYZER = 'functions@1';

/**
 * Keeps what the profiles of one service show since its last release as a finding: functions of the team's own that grew,
 * work that only moved left out. Nobody hears of one that the next release takes back.
 */
export async function scanFunctions(
  context: JobContext,
  project: string,
  service: ServiceName,
): Promise<void> {
  const now = context.clock.now();
  const known = await readService(context.records, project, service);
  const last = known?.signals.profiles;
  const releases = known && lastReleases(known);
  if (last === undefined || now - last > SILENT_MS || releases === undefined) return;
  const range = { from: now - WINDOW_MS, to: now };
  const sides = [
    { ...range, version: releases.before },
    { ...range, version: releases.after },
  ] as const;
  const { rows, compared } = await regressionsAnswer(context, { project, service }, sides, {
    repeated: true,
  });
  if (!compared) return; // too few profiles say neither
  const grown = rows.filter(({ inApp, origin }) => inApp !== 0 && origin.kind === 'growth');
  const id = fingerprint({ project, service, kind: 'regression', role: 'functions' });
  const evidence = evidenceOf(range, releases.after);
  const observation: Observation = {
    ...{ id, kind: 'regression', project, service, suspects: [], evidence },
    state: grown.length > 0 ? 'firing' : 'clear',
    since: known?.versions[releases.after] ?? now,
    ...wordingOf(service, releases.after, grown),
  };
  await context.findings.change(project, id, (before) => {
    const after = observe(before, observation, now);
    return after === before ? undefined : after;
  });
}

type Row = Awaited<ReturnType<typeof regressionsAnswer>>['rows'][number];

function wordingOf(service: ServiceName, version: string, grown: readonly Row[]) {
  const [first] = grown;
  if (first === undefined) return overWording(service, 'no function takes more than before its last release');
  const { name, unit, measure, left, right, change } = first;
  const others = new Set(grown.map((row) => `${row.name}\n${row.file}`)).size - 1;
  return regressionWording({
    ...{ service, version, name, unit, measure, left, right, others },
    low: change.low,
    high: change.high,
  });
}

/** The two versions whose data began last. */
function lastReleases({ versions }: ServiceRecord): { before: string; after: string } | undefined {
  const [after, before] = Object.entries(versions)
    .filter(([version]) => version !== '')
    .sort(([, a], [, b]) => b - a)
    .map(([version]) => version);
  return after === undefined || before === undefined ? undefined : { before, after };
}

const evidenceOf = (range: { readonly from: number; readonly to: number }, version: string): Evidence => ({
  analyzer: ANALYZER,
  role: null,
  version,
  instances: [],
  ...range,
  onset: null,
  slopeBytesPerHour: null,
  timeToLimitS: null,
  limitBytes: null,
  floor: null,
  lows: 0,
  confidence: 1,
  reason: 'compared by profile with the release before, all intervals together at 97 %',
  cleared: [],
  deploys: [],
});
