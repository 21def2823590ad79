import type { ComponentChildren } from 'preact';
import type { ApiProfileType } from '../../../lib/http/flame-schemas.ts';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { diffAround } from '../flame/around.ts';
import { href, servicePath } from '../router.ts';
import { traceHref, unitHref } from '../trace/link.ts';

export interface Step {
  readonly key: string;
  readonly body: ComponentChildren;
}

const step = (key: string, text: ComponentChildren, to: string | undefined, word: string): Step => ({
  key,
  body: (
    <>
      <span>{text}</span>
      {to !== undefined && (
        <span class="act">
          <a class="btn" href={to}>
            {word}
          </a>
        </span>
      )}
    </>
  ),
});

/** What to do about a finding that traces show. */
export function traceSteps(finding: ApiFinding, now: number, types: readonly ApiProfileType[]): Step[] {
  const { service, kind, evidence } = finding;
  const { unit, fix, examples } = evidence.traces ?? { unit: null, fix: '', examples: [] };
  const [first] = examples;
  const steps: Step[] = [];
  if (fix)
    steps.push(
      step(
        'fix',
        <>
          <b>Paste the lines</b> on this page, and release them.
        </>,
        undefined,
        '',
      ),
    );
  if (first)
    steps.push(
      step(
        'look',
        <>
          <b>Look</b> at a request that shows it{kind === 'nesting' && ', reported and repaired'}.
        </>,
        traceHref(service, first.traceId, first.at),
        'Open a request',
      ),
    );
  if (kind === 'nesting' || kind === 'fragmented') {
    steps.push(
      step(
        'processes',
        <>
          <b>See which processes</b> send them, and which are sound.
        </>,
        href(servicePath(service, 'health')),
        'Data health',
      ),
    );
  }
  const changed = kind === 'latency' || kind === 'regression' ? diffAt(finding, now, types) : undefined;
  if (changed)
    steps.push(
      step(
        'diff',
        <>
          <b>Compare</b> profiles from before and after: which functions grew.
        </>,
        changed,
        'What changed',
      ),
    );
  if (unit)
    steps.push(
      step(
        'unit',
        <>
          <b>See where its time goes:</b> spans, gaps between them, functions
          {kind === 'pattern' && '; there the pattern can be ignored'}.
        </>,
        unitHref(service, unit),
        'Open the unit',
      ),
    );
  return steps;
}

const diffAt = (
  { since, service }: ApiFinding,
  now: number,
  types: readonly ApiProfileType[],
): string | undefined =>
  types.length === 0 ? undefined : diffAround(service, { low: since, high: since }, now, types, 'time');
