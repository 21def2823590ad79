import type { ApiComparison } from '../../../lib/http/trace-schemas.ts';
import { Tag } from '../components/tag.tsx';
import { unbroken } from '../format.ts';

/** `Slower` or `Faster`, in shape and word. */
export const ShiftTag = ({ isSlower }: { isSlower: boolean }) =>
  isSlower ? <Tag kind="slow">Slower</Tag> : <Tag kind="ok">Faster</Tag>;

/** `p95 fell by 48 % with release 1.4.3`: only where the shift is more than chance. */
export function ComparisonLine({ data }: { data: ApiComparison | undefined }) {
  const p95 = data?.shifts.find(({ quantile }) => quantile === 0.95);
  if (!data || (p95?.verdict !== 'regression' && p95?.verdict !== 'improvement')) return null;
  const [said = '', values = ''] = data.sentence.split(': ');
  return (
    <p class="lede after-say comparison">
      <ShiftTag isSlower={p95.verdict === 'regression'} /> <b class="strong">{unbroken(said)}</b>
      {values && `: ${unbroken(values)}`}.
    </p>
  );
}
