import type { ApiGap } from '../../../lib/http/trace-schemas.ts';

type Kind = ApiGap['causes'][number]['kind'];
const LOOKS: Record<Kind, string> = {
  app: '',
  library: '',
  gc: 'oth',
  runtime: 'oth',
  foreign: 'oth',
  waiting: 'wait',
};

/** Causes side by side: own work solid, others' striped, waiting empty. Words stand beside it. */
export const CauseBar = ({
  causes,
}: {
  causes: readonly { readonly kind: Kind; readonly share: number }[];
}) => (
  <span class="cause" aria-hidden="true">
    {causes.map(({ kind, share }, i) => (
      <i key={`${i}${kind}`} class={LOOKS[kind]} style={{ width: `${(100 * share).toFixed(1)}%` }} />
    ))}
  </span>
);
