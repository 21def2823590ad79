import type { InstanceReport, MachineFact, ProfileReport, UploadFacts } from '../model/telemetry.ts';
import { type EpochMs, HOUR_MS, SECOND_MS } from '../model/units.ts';
import {
  type ClockReading,
  OFFSET_MIN_MS,
  offsetAt,
  type SenderClock,
  senderName,
} from '../records/clocks.ts';

/** A sender that says that it is further off than this sends a recording: its times are kept. */
const STATED_MAX_MS = 12 * HOUR_MS;

export interface Corrected {
  readonly facts: UploadFacts;
  /** What is to be added to the times of the upload's pieces, ms. */
  readonly shiftMs: number;
  /** How far the latest time of each sender is ahead of its arrival, as sent. */
  readonly readings: readonly ClockReading[];
}

export const NO_CLOCKS: ReadonlyMap<string, SenderClock> = new Map();

type Facts = Omit<UploadFacts, 'pieces'>;

/**
 * Moves the times of an upload to where they were by a right clock: by what the sender itself says about its clock at the
 * time of sending (Sentry's `sent_at`, as Relay does), else by what its last uploads showed. Depends on nothing that changes
 * between two analyses of one upload. Cost: nothing where all clocks are right.
 */
export function correctClocks(
  facts: Facts,
  receivedAt: EpochMs,
  clocks: ReadonlyMap<string, SenderClock>,
): Corrected {
  const stated = statedShift(facts, receivedAt);
  const shiftOf = (sender: { readonly service: string; readonly instance: { readonly key: string } }) =>
    stated ?? -offsetAt(clocks.get(nameOf(sender)), receivedAt);
  const senders = [...facts.reports, ...(facts.profiles ?? [])];
  const shifts = new Set(senders.map(shiftOf));
  const readings = facts.sentAt === undefined ? readingsOf(facts, receivedAt) : [];
  const [only = stated ?? 0] = shifts;
  const shiftMs = shifts.size > 1 ? 0 : only;
  if (shiftMs === 0 && shifts.size < 2) return { facts, shiftMs, readings };
  return {
    readings,
    shiftMs,
    facts: {
      ...facts,
      reports: facts.reports.map((report) => movedReport(report, shiftOf(report))),
      ...(facts.profiles && { profiles: facts.profiles.map((one) => movedProfile(one, shiftOf(one))) }),
      machines: facts.machines.map((fact): MachineFact => ({ ...fact, time: fact.time + (stated ?? 0) })),
      earliest: facts.earliest === undefined ? undefined : facts.earliest + shiftMs,
      latest: facts.latest === undefined ? undefined : facts.latest + shiftMs,
    },
  };
}

const nameOf = ({
  service,
  instance,
}: {
  readonly service: string;
  readonly instance: { readonly key: string };
}) => senderName({ service, instance: instance.key });

function statedShift({ sentAt }: Facts, receivedAt: EpochMs): number | undefined {
  if (sentAt === undefined) return undefined;
  const shift = Math.round((receivedAt - sentAt) / SECOND_MS) * SECOND_MS;
  return Math.abs(shift) > OFFSET_MIN_MS && Math.abs(shift) <= STATED_MAX_MS ? shift : 0;
}

function movedReport(report: InstanceReport, by: number): InstanceReport {
  if (by === 0) return report;
  return {
    ...report,
    levels: report.levels.map((level) => ({ ...level, time: level.time + by })),
    // A start of 0 was not sent.
    counts: report.counts.map((count) => ({
      ...count,
      time: count.time + by,
      start: count.start === 0 ? 0 : count.start + by,
    })),
    work: report.work.map((span) => ({ ...span, start: span.start + by })),
  };
}

const movedProfile = (report: ProfileReport, by: number): ProfileReport => ({
  ...report,
  time: report.time + by,
  lifeStart: report.lifeStart === null ? null : report.lifeStart + by,
});

function readingsOf({ reports }: Facts, receivedAt: EpochMs): readonly ClockReading[] {
  const latest = new Map<string, ClockReading>();
  for (const report of reports) {
    const at = latestOf(report);
    if (!Number.isFinite(at)) continue;
    const name = nameOf(report);
    const offsetMs = Math.max(at - receivedAt, latest.get(name)?.offsetMs ?? Number.NEGATIVE_INFINITY);
    latest.set(name, { service: report.service, instance: report.instance.key, offsetMs, receivedAt });
  }
  return [...latest.values()];
}

function latestOf({ levels, counts, work }: InstanceReport): EpochMs {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { time } of levels) if (time > latest) latest = time;
  for (const { time } of counts) if (time > latest) latest = time;
  for (const { start, durationUs } of work) latest = Math.max(latest, start + durationUs / 1000);
  return latest;
}
