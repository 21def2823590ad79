import type { Explained, FixProof, SentencePart } from '../model/finding.ts';
import { formatCount, THIN_SPACE } from '../model/format-number.ts';
import type { Suspect } from '../model/leak.ts';
import { number, text, unitList } from './sentence.ts';
import { keptText, type Situation } from './wording.ts';

interface ReleaseSituation extends Situation {
  readonly suspects: readonly Suspect[];
  readonly explained?: Explained;
}

/** Which release was the first that keeps memory, and how far the proof is that a later one does not. */
export function releaseParts(facts: ReleaseSituation): SentencePart[] {
  const releases = facts.explained?.releases;
  if (!releases) return [];
  return [...firstBad(facts), ...(releases.fix ? fixParts(facts, releases.fix) : [])];
}

/** 1.4.2 is the first release that does; 1.4.1 kept 2 ± 9 B. Silent where no release was seen that keeps nothing. */
function firstBad({ explained, role }: ReleaseSituation): SentencePart[] {
  const { firstBad: first, items, by } = explained!.releases!;
  if (!first || first.lastGood === null) return [];
  const good = items.find(({ version }) => version === first.lastGood);
  const kept = by === 'unit' ? good?.bytesPerUnit : null;
  return [
    text(` ${listOf(first.versions)} is the first release that does`),
    ...(kept ? [text(`; ${nameOf(first.lastGood)} kept `), number(keptText(kept, role))] : []),
    text('.'),
  ];
}

const nameOf = (version: string) => version || 'the release without a name';

function listOf(versions: readonly string[]): string {
  const names = versions.map(nameOf);
  return names.length > 1 ? `One of ${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}

/** 1.4.3 has served 1,200 of about 9,000 `POST /cart/items` that would prove it fixed. */
function fixParts({ suspects, role }: ReleaseSituation, fix: FixProof): SentencePart[] {
  const { version, state, by, kept, served, needed } = fix;
  const amount = (value: number) => formatCount(Math.ceil(value)) + (by === 'unit' ? '' : `${THIN_SPACE}h`);
  const release = text(` ${nameOf(version)} `);
  const shown = kept && by === 'unit' ? [text(': '), number(keptText(kept, role))] : [];
  if (state === 'keeps') return [release, text('does the same'), ...shown, text('.')];
  if (state === 'less') return [release, text('keeps less, but not nothing'), ...shown, text('.')];
  if (state === 'fixed')
    return [
      release,
      text('keeps none of it'),
      ...shown,
      text('; processes of the release before still run.'),
    ];
  if (needed === null) return [];
  const what =
    by === 'unit' ? [text(' '), ...unitList(suspects[0]?.units ?? [])] : [text(' of its processes')];
  return [
    release,
    text(by === 'unit' ? 'has served ' : 'has run for '),
    number(amount(served)),
    text(' of about '),
    number(amount(needed)),
    ...what,
    text(' that would prove it fixed: '),
    number(amount(needed - served)),
    text(' are missing.'),
  ];
}
