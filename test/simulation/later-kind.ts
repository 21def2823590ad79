import type { NewRecord, RecordStore } from '../../lib/ports/record-store.ts';
import type { Mutation } from './hooks.ts';

// A kind that the later release has and the present one does not know: whoever merges its segments must not lose it.

const NAME = 'later';

/** Every upload that the later release folds has it. It says no more than that. */
export const LATER = {
  name: NAME,
  codecVersion: 1,
  empty: () => ({}),
  merge: () => ({}),
  encode: () => Uint8Array.of(1),
  decode: () => ({}),
};

/** Both releases fold it, and write the kinds that they know. */
export const FOLDS_LATER: Mutation = {
  file: 'segments/commit-shard.ts',
  from: 'fresh.map((contribution) => contribution.sections);',
  to: `fresh.map((contribution) => ({ ...contribution.sections, ${NAME}: {} }));`,
};

interface Footer {
  readonly sections: readonly { readonly kind: string }[];
}
/** Reads what lies under a key; undefined: nothing. */
type FooterOf = (key: string) => Footer | undefined;

/** These records, which say where a head lists in place of segments that have the kind others that have not. */
export function watched(records: RecordStore, footerOf: FooterOf, losses: string[]): RecordStore {
  const keysOf = (body: unknown) =>
    ((body as { segments?: readonly { key: string }[] } | undefined)?.segments ?? []).map(({ key }) => key);
  const anyHas = (keys: readonly string[]) =>
    keys.some((key) => footerOf(key)?.sections.some(({ kind }) => kind === NAME));
  return {
    ...records,
    async put(record: NewRecord, condition) {
      const keys = keysOf(record.body);
      const before = keys.length === 0 ? undefined : await records.get(record.pk, record.sk);
      const stored = await records.put(record, condition);
      if (before === undefined || stored.outcome === 'conflict') return stored;
      const listed = keysOf(before.body);
      const gone = listed.filter((key) => !keys.includes(key));
      const added = keys.filter((key) => !listed.includes(key));
      if (gone.length > 0 && anyHas(gone) && !anyHas(added))
        losses.push(`The head ${record.sk} lost what a later release had written`);
      return stored;
    },
  };
}
