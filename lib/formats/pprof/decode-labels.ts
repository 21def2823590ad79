import type { ProfileBuilder, SampleFacts } from '../profiles/builder.ts';
import { METHOD_LABELS, UNIT_LABELS, unitOfLabel } from '../profiles/work-unit.ts';
import type { PprofTables } from './columns.ts';
import { LABEL_WIDTH, type SampleView } from './sample.ts';
import { toNumber } from './wire.ts';

const NS_PER_MS = 1e6;

/** What a label's key means; from FIRST_UNIT on it is the rank of a unit's label. */
const UNSEEN = 0;
const OTHER = 1;
const TIME = 2;
const THREAD_ID = 3;
const THREAD_NAME = 4;
const METHOD = 5;
const FIRST_UNIT = 6;

const KINDS: ReadonlyMap<string, number> = new Map([
  ['end_timestamp_ns', TIME],
  ['thread id', THREAD_ID],
  ['thread_id', THREAD_ID],
  ['thread name', THREAD_NAME],
  ['thread_name', THREAD_NAME],
  ...METHOD_LABELS.map((name): [string, number] => [name, METHOD]),
  ...UNIT_LABELS.map((name, rank): [string, number] => [name, FIRST_UNIT + rank]),
]);

/** Unit of work, time and thread of a sample, from its labels. The answer is one object, good until the next call. */
export function labelReader(
  { strings }: PprofTables,
  text: (index: number) => string,
  builder: ProfileBuilder,
): (view: SampleView) => SampleFacts {
  const kinds = new Uint8Array(strings.count);
  const units = new Map<string, number>();
  const unitsOfMethods = new Map<string, number>();
  const unitOf = (value: string, method: string) => {
    // Hardly any sample has a method: no string is made for those without.
    const [known, key] = method === '' ? [units, value] : [unitsOfMethods, `${method} ${value}`];
    const before = known.get(key);
    if (before !== undefined) return before;
    const index = builder.unit(unitOfLabel(value, method));
    known.set(key, index);
    return index;
  };
  const facts = { unit: -1, time: Number.NaN, thread: -1 };
  return ({ labels, labelCount }) => {
    facts.unit = -1;
    facts.time = Number.NaN;
    facts.thread = -1;
    let rank = Number.POSITIVE_INFINITY;
    let unit = '';
    let method = '';
    let threadId = '';
    let threadName = '';
    for (let at = 0; at < labelCount * LABEL_WIDTH; at += LABEL_WIDTH) {
      const key = labels[at]!;
      if (kinds[key] === UNSEEN) kinds[key] = KINDS.get(text(key)) ?? OTHER;
      const kind = kinds[key]!;
      if (kind === OTHER) continue;
      const words = text(labels[at + 1]!);
      if (words === '') {
        if (kind === TIME) facts.time = toNumber(labels[at + 2]!, labels[at + 3]!) / NS_PER_MS;
        else if (kind === THREAD_ID) threadId = String(toNumber(labels[at + 2]!, labels[at + 3]!) || '');
      } else if (kind >= FIRST_UNIT) {
        if (kind < rank) unit = words;
        rank = Math.min(rank, kind);
      } else if (kind === METHOD) method = words;
      else if (kind === THREAD_ID) threadId = words;
      else if (kind === THREAD_NAME) threadName = words;
    }
    if (unit !== '') facts.unit = unitOf(unit, method);
    if (threadId !== '' || threadName !== '')
      facts.thread = builder.thread(threadId || threadName, threadName || threadId);
    return facts;
  };
}
