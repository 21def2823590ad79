// What each scan of a kept run (`run.ts --keep DIR`) would say by today's analysis: a look every ten seconds, by an
// injected clock, at no more than had been measured by then.
//   node bench/leaks/live/replay.ts DIR/KIND [--only map-leak] [--quiet]
import { parseArgs } from 'node:util';
import { readConfig } from '../../../lib/compose/config.ts';
import { DEFAULT_PROJECT, openLocal } from '../../../lib/compose/local.ts';
import type { FindingRecord } from '../../../lib/findings/life-cycle.ts';
import type { JobContext } from '../../../lib/jobs/context.ts';
import type { Looked } from '../../../lib/jobs/looked.ts';
import { scanService } from '../../../lib/jobs/scan.ts';
import type { ServiceName } from '../../../lib/model/service.ts';
import { SECOND_MS } from '../../../lib/model/units.ts';
import { listNamedServices } from '../../../lib/records/aliases.ts';
import { findingRecords } from '../../../lib/records/findings.ts';
import type { CounterColumn, LevelColumn, TallyColumn } from '../../../lib/segments/kinds/columns.ts';
import type { InstanceState, InstancesState } from '../../../lib/segments/kinds/instance.ts';
import { memoryRecords } from '../../../test/jobs/world.ts';

const SCAN_MS = 10 * SECOND_MS;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, quiet: { type: 'boolean', default: false } },
});

async function replay(stored: JobContext, service: ServiceName): Promise<void> {
  const { first, last } = await spanOf(stored, service);
  const clock = { time: first, now: () => clock.time };
  const records = memoryRecords(clock.now);
  const findings = findingRecords<FindingRecord>(records);
  const context: JobContext = {
    ...stored,
    clock,
    records,
    findings,
    reader: readerUntil(stored, clock),
  };
  const told = new Set<string>();
  process.stdout.write(`\n${service}: ${Math.round((last - first) / SECOND_MS)} s\n`);
  for (clock.time = first + SCAN_MS; clock.time <= last; clock.time += SCAN_MS) {
    const looked = await scanService(context, DEFAULT_PROJECT, service);
    const at = `${Math.round((clock.time - first) / SECOND_MS)} s`.padStart(6);
    for (const look of looked) if (!values.quiet) process.stdout.write(`${at} ${lineOf(look)}\n`);
    for (const { id, state, title, evidence } of await findings.list(DEFAULT_PROJECT)) {
      if (!told.has(id)) process.stdout.write(`${at} ${state}: ${evidence.role} ${title}\n`);
      told.add(id);
    }
  }
}

function lineOf({ cohort: { role, result }, decision, look }: Looked): string {
  const [suspect] = result.suspects;
  const who = suspect
    ? `${suspect.units.map(({ name }) => name).join('+') || suspect.cause} ${suspect.weight.toFixed(2)}, ${Math.round(suspect.bytesPerUnit?.value ?? 0)} B`
    : '';
  const floor = result.floor
    ? `${Math.round(result.floor.start / 1e5) / 10} to ${Math.round(result.floor.end / 1e5) / 10}`
    : '';
  const lows = `${result.lows} lows (${look.testedLows} tested)`;
  return [role.padEnd(15), result.verdict.padEnd(18), lows.padEnd(22), floor.padEnd(16), decision, who].join(
    ' ',
  );
}

async function spanOf({ reader }: JobContext, service: ServiceName) {
  const parts = await reader.range('instance', {
    project: DEFAULT_PROJECT,
    service,
    from: 0,
    to: Date.now(),
  });
  const times = parts.flatMap(({ state }) =>
    [...state.instances.values()].flatMap(({ levels }) =>
      [...levels.values()].flatMap((column) => column.times),
    ),
  );
  return times.reduce(({ first, last }, t) => ({ first: Math.min(first, t), last: Math.max(last, t) }), {
    first: Number.POSITIVE_INFINITY,
    last: 0,
  });
}

/** The store as it was at the time of the clock. */
const readerUntil = ({ reader }: JobContext, clock: { now(): number }): JobContext['reader'] => ({
  async range(kind, query) {
    const parts = await reader.range(kind, query);
    if (kind !== 'instance') return parts;
    return parts.map((part) => ({
      ...part,
      state: until(part.state as InstancesState, clock.now()) as never,
    }));
  },
});

function until(state: InstancesState, now: number): InstancesState {
  const mapped = <T>(map: ReadonlyMap<string, T>, cut: (value: T) => T) =>
    new Map([...map].map(([key, value]) => [key, cut(value)]));
  const level = ({ times, values: v, conflict }: LevelColumn): LevelColumn => {
    const n = countUntil(times, now);
    return { times: times.slice(0, n), values: v.slice(0, n), conflict };
  };
  const counter = ({ width, times, starts, cells, conflict }: CounterColumn): CounterColumn => {
    const n = countUntil(times, now);
    return {
      width,
      times: times.slice(0, n),
      starts: starts.slice(0, n),
      cells: cells.slice(0, n * width),
      conflict,
    };
  };
  const tally = ({ seconds, sums }: TallyColumn): TallyColumn => {
    const n = countUntil(seconds, now / SECOND_MS);
    return { seconds: seconds.slice(0, n), sums: sums.slice(0, n) };
  };
  const cut = ({ facts, levels, counts, work }: InstanceState): InstanceState => ({
    facts: new Map(
      [...facts]
        .filter(([, { first }]) => first <= now)
        .map(([k, v]) => [k, { ...v, last: Math.min(v.last, now) }]),
    ),
    levels: mapped(levels, level),
    counts: mapped(counts, counter),
    work: mapped(work, tally),
  });
  return { ...state, instances: mapped(state.instances, cut) };
}

function countUntil(times: readonly number[], now: number): number {
  const n = times.findIndex((t) => t > now);
  return n < 0 ? times.length : n;
}

for (const dataDir of positionals) {
  const { context, close } = await openLocal(readConfig({}, { dataDir }));
  for (const { service } of await listNamedServices(context.records, DEFAULT_PROJECT))
    if (!values.only || service.includes(values.only)) await replay(context, service);
  await close();
}
