import type { EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { setAsideKey, setAsideOf } from './keys.ts';
import { queryAll } from './pages.ts';

/** Something about the traces of a service that people have seen and want to hear no more of. */
export interface SetAside {
  readonly kind: 'gap' | 'pattern';
  /** Of the unit of work. */
  readonly unit: string;
  /** Of a gap: JSON of [after, before]; of a pattern: JSON of [kind, subject]. */
  readonly subject: string;
  readonly at: EpochMs;
  readonly reason: string;
}

/** More of one service than anybody sets aside: the rest is not read. */
const MAX = 5000;

export const setAsideName = ({ kind, unit, subject }: Pick<SetAside, 'kind' | 'unit' | 'subject'>): string =>
  JSON.stringify([kind, unit, subject]);

/** By `setAsideName`. */
export async function listSetAside(
  records: RecordStore,
  project: string,
  service: string,
): Promise<ReadonlyMap<string, SetAside>> {
  const { pk, from, to } = setAsideOf(project, service);
  const found = (await queryAll(records, pk, { from, to }, MAX)).map(({ body }) => body as SetAside);
  return new Map(found.map((one) => [setAsideName(one), one]));
}

export async function setAside(
  records: RecordStore,
  project: string,
  service: string,
  one: SetAside,
): Promise<void> {
  await records.put({ ...setAsideKey(project, service, setAsideName(one)), body: one });
}

/** Setting aside what is not there any more is a success. */
export async function takeBack(
  records: RecordStore,
  project: string,
  service: string,
  one: Pick<SetAside, 'kind' | 'unit' | 'subject'>,
): Promise<void> {
  const { pk, sk } = setAsideKey(project, service, setAsideName(one));
  await records.delete(pk, sk);
}
