import { useState } from 'preact/hooks';
import type { ApiMemory, ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { MemoryChart } from '../charts/memory-chart.tsx';
import { domainOf } from '../charts/memory-model.ts';
import { Minis } from '../charts/minis.tsx';
import { Empty } from '../components/states.tsx';
import { shortInstance } from '../format.ts';
import { href, hrefWith, servicePath, usePlace } from '../router.ts';
import { useView } from '../view.ts';
import { roleWord } from '../words.ts';
import { PointsTable } from './points-table.tsx';

const GROWING = ['leak', 'exhausted', 'growth-unconfirmed'];
const isGrowing = ({ verdict }: ApiMemorySeries) => GROWING.includes(verdict);

const isRunning = ({ lives }: ApiMemorySeries) => lives.at(-1)?.end === null;

/** What runs, the fullest first, which is the order in which people ask. */
const fullest = (a: ApiMemorySeries, b: ApiMemorySeries) =>
  Number(isRunning(b)) - Number(isRunning(a)) ||
  (b.floor.at(-1)?.[1] ?? 0) - (a.floor.at(-1)?.[1] ?? 0) ||
  a.instance.localeCompare(b.instance);

export interface Picked {
  readonly all: readonly ApiMemorySeries[];
  readonly series: ApiMemorySeries | undefined;
}

/** The series of one role, and the one that the URL (else `prefer`, else fullness) chooses. */
export function pickSeries(
  memory: ApiMemory,
  role: string | null,
  instance: string | null,
  prefer: readonly string[] = [],
): Picked {
  const wanted = role ?? memory.roles[0];
  const all = memory.series.filter((series) => series.role === wanted).sort(fullest);
  const series =
    all.find((one) => one.instance === instance) ??
    all.find((one) => prefer.includes(one.instance) && isRunning(one)) ??
    all.find((one) => prefer.includes(one.instance)) ??
    all[0];
  return { all, series };
}

/** Chart of one instance, its roles, and all instances below on one scale. */
export function MemorySection({
  memory,
  role,
  prefer = [],
  chosen,
}: {
  memory: ApiMemory;
  role: string | null;
  prefer?: readonly string[];
  chosen: boolean;
}) {
  const { query } = usePlace();
  const { now } = useView();
  const [asTable, setAsTable] = useState(false);
  const { all, series } = pickSeries(memory, role, query.get('instance'), prefer);
  if (!series) {
    return (
      <Empty>
        No memory of {role ? roleWord(role).toLowerCase() : 'any kind'} between these times.{' '}
        <a href={hrefWith({ from: null, to: null, role: null, instance: null })}>Show all there is</a>, or see{' '}
        <a href={href(servicePath(memory.service, 'health'))}>what arrives</a>.
      </Empty>
    );
  }
  const input = { series, deploys: memory.deploys, from: memory.from, to: memory.to, chosen, now };
  const { from, measuredTo } = domainOf(input);
  const running = all.filter(isRunning);
  const told = running.some(isGrowing) ? running : all;
  const growing = told.filter(isGrowing).length;
  const many = all.length > 1;
  return (
    <>
      <div class="head">
        <h2>
          {roleWord(series.role)}
          {series.instance && `, instance ${shortInstance(series.instance)}`}
        </h2>
        <span class="note">
          {many &&
            `${growing} of ${told.length} ${told.length < all.length ? 'running ' : ''}instances ${growing === 1 ? 'grows' : 'grow'}`}
          <span class="only-l">{many ? '; drag to zoom' : 'drag to zoom'}</span>
        </span>
        <span class="grow" />
        {memory.roles.length > 1 && (
          <nav class="seg roles" aria-label="Series">
            {memory.roles.map((one) => (
              <a
                key={one}
                href={hrefWith({ role: one })}
                aria-current={one === series.role ? 'true' : undefined}
              >
                {roleWord(one)}
              </a>
            ))}
          </nav>
        )}
        <button type="button" class="btn bare" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Table
        </button>
      </div>
      {asTable ? <PointsTable series={series} /> : <MemoryChart {...input} />}
      {many && (
        <Minis
          all={all}
          current={series.instance}
          releases={memory.deploys.map((deploy) => deploy.at)}
          from={from}
          to={measuredTo}
        />
      )}
      {many && <p class="note under">Floors of all instances on one scale. {series.reason}</p>}
    </>
  );
}
