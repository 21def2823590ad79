import { milliseconds } from '../format.ts';
import { Tag } from './tag.tsx';

export const PERCENTILES = ['p50', 'p75', 'p95', 'p99'] as const;

interface Percentiles {
  readonly p50Ms: number;
  readonly p75Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** How long something takes: four cells of a table, of which narrow screens show fewer. @param spare p99 on wide screens alone */
export const PercentileCells = ({ of, spare = false }: { of: Percentiles; spare?: boolean }) => (
  <>
    <td class="num key">
      <span class="only-s dim">p50 </span>
      {milliseconds(of.p50Ms)}
    </td>
    <td class="num only-xl">{milliseconds(of.p75Ms)}</td>
    <td class="num" data-l="p95">
      {milliseconds(of.p95Ms)}
    </td>
    <td class={spare ? 'num only-xl' : 'num'} data-l={spare ? undefined : 'p99'}>
      {milliseconds(of.p99Ms)}
    </td>
  </>
);

export const UNSTEADY = 'usually fast, sometimes slow';

/** What is slow only sometimes comes first. */
export const bySpread = (a: { spread: string }, b: { spread: string }): number =>
  Number(b.spread === UNSTEADY) - Number(a.spread === UNSTEADY);

export const SpreadCell = ({ spread }: { spread: string }) => (
  <td class="small">
    {spread === UNSTEADY ? <Tag kind="slow">{spread}</Tag> : <span class="dim">steady</span>}
  </td>
);
