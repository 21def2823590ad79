// A service's life before the real scan job, on its real schedule, by an injected clock: every five minutes a look.
import type { FindingRecord } from '../../lib/findings/life-cycle.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { scanService } from '../../lib/jobs/scan.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { findingRecords } from '../../lib/records/findings.ts';
import type { LevelColumn, Seen } from '../../lib/segments/kinds/columns.ts';
import { factKey, type InstancesState, levelKey } from '../../lib/segments/kinds/instance.ts';
import { summariseLevels } from '../../lib/segments/kinds/summarise.ts';
import type { SegmentReader } from '../../lib/segments/read.ts';
import { memoryRecords } from '../../test/jobs/world.ts';
import type { MadeService } from './alarm-services.ts';

const SCAN_EVERY_MS = 5 * MINUTE_MS;
const PROJECT = 'bench';
const SERVICE = serviceName({ environment: '', namespace: '', name: 'made' });

export interface AlarmRun {
  /** Days from the first reading to each notice of a leak. */
  readonly leakNotices: readonly number[];
  /** The same of the guide's rules as they stand before anybody sets one. */
  readonly ruleNotices: readonly number[];
  /** Reads of stored states, and looks at all that is kept. */
  readonly reads: number;
  readonly looks: number;
}

/** Ends with the first notice of a leak when `untilNotice`. */
export async function alarmRun(service: MadeService, untilNotice = false): Promise<AlarmRun> {
  const [first, last] = [service.times[0]!, service.times.at(-1)!];
  const clock = { time: first, now: () => clock.time };
  const records = memoryRecords(() => clock.time);
  const counted = { reads: 0, looks: 0 };
  const notices: FindingRecord[] = [];
  const findings = findingRecords<FindingRecord>(records);
  const context = {
    clock,
    records,
    reader: readerOf(service, clock, counted),
    findings: {
      ...findings,
      change: async (
        project: string,
        id: string,
        decide: (before?: FindingRecord) => FindingRecord | undefined,
      ) => {
        const before = await findings.get(project, id);
        const after = await findings.change(project, id, decide);
        const wasOwed = before?.state === 'firing' && before.notice.firing.due;
        const isNews = after?.notice.firing?.due === true && !wasOwed;
        if (after !== undefined && isNews) notices.push({ ...after, updatedAt: clock.time });
        return after;
      },
    },
  } as unknown as JobContext;
  const leaks = () => notices.filter(({ kind }) => kind !== 'rule');
  for (clock.time = first + SCAN_EVERY_MS; clock.time <= last; clock.time += SCAN_EVERY_MS) {
    const looked = await scanService(context, PROJECT, SERVICE);
    counted.looks += Number(looked.length > 0);
    if (untilNotice && leaks().length > 0) break;
  }
  const days = (some: readonly FindingRecord[]) => some.map(({ updatedAt }) => (updatedAt - first) / DAY_MS);
  return {
    leakNotices: days(leaks()),
    ruleNotices: days(notices.filter(({ kind }) => kind === 'rule')),
    ...counted,
  };
}

/** What the store would give: readings as they came, and the least, largest and last of each hour from roll-ups. */
function readerOf(service: MadeService, clock: { now(): number }, counted: { reads: number }): SegmentReader {
  const exact: LevelColumn = { times: service.times, values: service.values, conflict: false };
  const hours = summariseLevels(exact, HOUR_MS);
  return {
    async range(kind, { from, to, coarse = false }) {
      if (kind !== 'instance') return [];
      counted.reads += 1;
      const column = within(coarse ? hours : exact, from, Math.min(to, clock.now() + 1));
      if (column.times.length === 0) return [];
      const state = stateOf(service, column) as never;
      return [{ start: column.times[0]!, step: coarse ? '1d' : '10m', state }];
    },
  };
}

function stateOf({ role, births, limit }: MadeService, column: LevelColumn): InstancesState {
  const [first, last] = [column.times[0]!, column.times.at(-1)!];
  const facts = new Map<string, Seen>();
  for (const [i, { at, version }] of births.entries()) {
    const end = (births[i + 1]?.at ?? Number.POSITIVE_INFINITY) - 1;
    if (end < first || at > last) continue;
    const seen = { first: Math.max(at, first), last: Math.min(end, last) };
    facts.set(factKey('pid', `${i}`), seen);
    facts.set(factKey('version', version), seen);
  }
  const levels = new Map([[levelKey(role, 'made.memory', ''), column]]);
  const limitRole = role === 'rss' ? 'container_limit' : 'heap_limit';
  if (limit !== undefined)
    levels.set(levelKey(limitRole, 'made.limit', ''), { times: [first], values: [limit], conflict: false });
  const instance = { facts, levels, counts: new Map(), work: new Map() };
  return { instances: new Map([['pod', instance]]), unused: new Map() };
}

function within({ times, values, conflict }: LevelColumn, from: number, to: number): LevelColumn {
  const [a, b] = [firstAt(times, from), firstAt(times, to)];
  return { times: times.slice(a, b), values: values.slice(a, b), conflict };
}

function firstAt(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
