import type { ComponentChildren } from 'preact';
import type { ApiRegression } from '../../../lib/http/flame-schemas.ts';
import { type IntervalAxis, IntervalHead, IntervalPlot, intervalAxis } from '../charts/interval-plot.tsx';
import { digits, milliseconds, percent } from '../format.ts';
import { hrefWith } from '../router.ts';

export interface RegressionList {
  readonly items: readonly ApiRegression[];
  /** Whether any unit has enough profiles on both sides. */
  readonly compared: boolean;
}

/** Profiles of a side, below which nothing is said. As REGRESSION.minProfiles of the server, which decides. */
const NEEDS = 8;

const GROUPS = [
  ['cost', 'Time per transaction', 'ms'],
  ['share', 'Share of the time', 'points'],
] as const;

/** Functions that grew beyond chance, each with its interval; what only moved, or seems to grow, says so. */
export function RegressionsTable({ list: { items, compared } }: { list: RegressionList }) {
  return (
    <section class="regressions">
      <div class="head">
        <h2>What grew beyond chance</h2>
        <span class="note">
          functions by time, compared profile by profile; all intervals hold together at 97{'\u2009'}%
        </span>
      </div>
      {items.length === 0 ? (
        <p class="note">
          {compared
            ? 'No function grew by a point of share, or more per transaction, beyond what chance explains.'
            : `Nothing can be told: that needs ${NEEDS} profiles of wall or CPU time on each side, of one unit of work.`}
        </p>
      ) : (
        <div class="scroll">
          <table class="stack" id="regressions">
            {GROUPS.map(([measure, word, unit]) => (
              <Group
                key={measure}
                rows={items.filter((row) => row.measure === measure)}
                word={word}
                unit={unit}
              />
            ))}
          </table>
        </div>
      )}
    </section>
  );
}

function Group({
  rows,
  word,
  unit,
}: {
  rows: readonly ApiRegression[];
  word: string;
  unit: 'ms' | 'points';
}) {
  if (rows.length === 0) return null;
  const axis = intervalAxis(rows.map(drawn), () => ({ unit, size: 1 }));
  return (
    <>
      <thead>
        <tr>
          <th scope="col">{word}</th>
          <th scope="col" class="num">
            Before
          </th>
          <th scope="col" class="num">
            After
          </th>
          <th scope="col" class="num">
            Grew by
          </th>
          <th scope="col" class="w21 only-l">
            <span class="sr">Interval</span>
            <IntervalHead axis={axis} />
          </th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={[row.name, row.file, row.unit?.kind, row.unit?.name].join('\n')} row={row} axis={axis} />
        ))}
      </tbody>
    </>
  );
}

function Row({ row, axis }: { row: ApiRegression; axis: IntervalAxis }) {
  const { name, file, unit, left, right, change, profiles } = row;
  const said = row.measure === 'share' ? percent : milliseconds;
  const points = row.measure === 'share';
  const { low, high } = drawn(row);
  return (
    <tr data-row>
      <td class="span-name">
        <a
          class="quiet mono strong"
          href={hrefWith({ q: name, frame: null, ...(unit && { unit: `${unit.kind} ${unit.name}` }) })}
        >
          {name}
        </a>{' '}
        <span class="small dim">{file}</span>
        {unit && <div class="small dim">{unit.name}</div>}
      </td>
      <td class="num mid" data-l="before">
        {said(left)}
      </td>
      <td class="num" data-l="after">
        {said(right)}
      </td>
      <td class="num key nb" title={`${profiles.left} and ${profiles.right} profiles`}>
        <span class={row.origin.kind === 'growth' ? 'c-growth strong' : ''}>
          +{points ? `${digits(tenth(100 * change.value))} points` : milliseconds(change.value)}
        </span>{' '}
        <span class="pm">
          ({digits(tenth(low))}–{digits(tenth(high))})
        </span>
        <span class="only-s dim"> {points ? 'of the time' : 'per transaction'}</span>
      </td>
      <td class="only-l">
        <IntervalPlot of={drawn(row)} axis={axis} named={row.origin.kind === 'growth'} />
      </td>
      <td class="why full small">{whyOf(row)}</td>
    </tr>
  );
}

/** Points of share, or milliseconds, as they stand on the axis. */
function drawn({ measure, change: { value, low, high } }: ApiRegression) {
  const factor = measure === 'share' ? 100 : 1;
  return { value: factor * value, low: factor * low, high: factor * high };
}

const tenth = (value: number) => Math.round(value * 10) / 10;

function whyOf({ origin }: ApiRegression): ComponentChildren {
  if (origin.kind === 'growth') return 'it does more: nothing else beside it shrank by as much';
  const from = <code>{origin.from.name}</code>;
  if (origin.kind === 'dilution')
    return <>only its share grew: {from} got faster, and it takes no more of each profile</>;
  return (
    <>
      work moved here from {from} within <code>{origin.within.name}</code>, which did not grow
    </>
  );
}
