import { fold } from '../../../lib/jobs/fold.ts';
import type { InstanceIdentity, JoinKeys, MachineFact } from '../../../lib/model/telemetry.ts';
import { mergeAll } from '../../../lib/segments/kind.ts';
import { type FactsState, factsKind } from '../../../lib/segments/kinds/facts.ts';
import { emptyInstance, type InstanceState, instanceKind } from '../../../lib/segments/kinds/instance.ts';
import { idOf } from '../../segments/states.ts';
import { count, factsOf, level, NOON, report, span } from '../facts.ts';

// Lives drawn as text, one character for each export, STEP_MS apart:
//   '1' … '9'  a value of that many bytes, or a counter's count;  '.'  nothing was sent.

export const STEP_MS = 10_000;
export const at = (step: number) => NOON + step * STEP_MS;

const drawn = (picture: string) =>
  [...picture.replaceAll(' ', '')].flatMap((char, step) =>
    char === '.' ? [] : [{ time: at(step), value: Number(char) }],
  );

type Sent = ReturnType<typeof report>;
type Who = { readonly pid?: number; readonly joins?: JoinKeys; readonly version?: string };

/** What one process under the instance id of the story sent. */
function sent(parts: Parameters<typeof report>[0], { pid, joins, version = '1.0.0' }: Who = {}): Sent {
  const base = report(parts);
  const instance: InstanceIdentity = {
    ...base.instance,
    version,
    joins: { ...joins, ...(pid === undefined ? {} : { pid }) },
  };
  return { ...base, instance };
}

export const levels = (
  picture: string,
  reading: Partial<Parameters<typeof level>[0]> = {},
  who: Who = {},
): Sent => sent({ levels: drawn(picture).map((point) => level({ ...reading, ...point })) }, who);

/** A cumulative counter of a process that began at step `began`. */
export const counter = (
  picture: string,
  { began = -1, ...reading }: Partial<Parameters<typeof count>[0]> & { began?: number } = {},
  who: Who = {},
): Sent =>
  sent(
    {
      counts: drawn(picture).map(({ time, value }) =>
        count({ start: at(began), ...reading, time, count: value }),
      ),
    },
    who,
  );

export const spansAt = (steps: readonly number[], work: Partial<Parameters<typeof span>[0]> = {}): Sent =>
  sent({
    work: steps.map((step) => span({ start: at(step), durationUs: 0, spanId: String(step), ...work })),
  });

/** The instance as it is read back when all of this has been folded, report by report. */
export function story(...reports: readonly Sent[]): InstanceState {
  const folds = reports.map((one, n) =>
    fold({ project: 'p', uploadId: idOf(n), facts: factsOf([one]), from: 0, to: Number.MAX_SAFE_INTEGER }),
  );
  const states = folds.flatMap(({ parts }) => parts.flatMap(({ sections }) => sections.instance ?? []));
  return mergeAll(states, instanceKind.merge)?.instances.get('pod-1') ?? emptyInstance;
}

export function machines(...facts: readonly MachineFact[]): FactsState {
  const { parts } = fold({
    project: 'p',
    uploadId: idOf(0),
    facts: factsOf([], { machines: facts }),
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
  });
  return (
    mergeAll(
      parts.flatMap(({ sections }) => sections.facts ?? []),
      factsKind.merge,
    ) ?? factsKind.empty()
  );
}
