import type { ComponentChildren } from 'preact';
import type { ApiService } from '../../../lib/http/schemas.ts';
import type { Verdict } from '../../../lib/model/leak.ts';
import { SIGNALS, type TagKind, VERDICT_WORDS } from '../words.ts';

/** Shape and word; colour comes last. */
export const Tag = ({ kind, children }: { kind: TagKind; children: ComponentChildren }) => (
  <span class={`tag ${kind}`}>
    <i />
    {children}
  </span>
);

export function VerdictTag({ verdict }: { verdict: Verdict }) {
  const [kind, word] = VERDICT_WORDS[verdict];
  return <Tag kind={kind}>{word}</Tag>;
}

/** A share as a bar and a number; the bar never says more than the number does. */
export function Share({ of, colour = '--bar', text }: { of: number; colour?: string; text: string }) {
  const shown = Math.max(0, Math.min(1, of));
  return (
    <span class="share" style={{ '--v': `${(shown * 100).toFixed(1)}%`, '--c': `var(${colour})` }}>
      <i />
      <em>{text}</em>
    </span>
  );
}

/** Which of the five signals arrive: M C T P D. */
export function Signals({ seen }: { seen: ApiService['signals'] }) {
  const words = SIGNALS.filter(([signal]) => seen.includes(signal)).map(([, , word]) => word);
  return (
    <span class="sig">
      <span class="sr">{words.join(', ') || 'nothing'}</span>
      {SIGNALS.map(([signal, letter, word]) => (
        <i key={signal} aria-hidden="true" class={seen.includes(signal) ? '' : 'off'} title={word}>
          {letter}
        </i>
      ))}
    </span>
  );
}
