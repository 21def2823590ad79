import type { ApiFinding } from '../../../lib/http/schemas.ts';
import type { Measure } from '../../../lib/model/format-number.ts';
import { Share } from '../components/tag.tsx';
import { count, keptEstimate, percent, slopeEstimate } from '../format.ts';
import { roleWord } from '../words.ts';

type Explained = NonNullable<ApiFinding['evidence']['explained']>;
type Line = Pick<Explained['lines'][number], 'name' | 'file' | 'line' | 'calledFrom' | 'owner'>;

const PLACES: Record<NonNullable<Explained['where']>['place'], string> = {
  heap: 'on the managed heap',
  external: 'in external buffers of the runtime',
  stacks: 'in the stacks of threads',
  allocator: 'in what the runtime has reserved and does not use',
  outside: 'outside the managed heap',
};

const OWNERS: Record<Line['owner'], string> = {
  own: '',
  library: 'library',
  sdk: 'SDK or agent',
  unknown: '',
};

const place = ({ file, line }: { file: string; line: number }) =>
  file === '' ? '' : `${file}${line > 0 ? `:${line}` : ''}`;

/** Function, its file and line, whose code it is, and the team's own line that led there. */
export function LineName({ line }: { line: Line }) {
  return (
    <>
      <span class="mono strong wrap">{line.name}</span> <span class="mono small mid wrap">{place(line)}</span>{' '}
      {OWNERS[line.owner] && <span class="chip">{OWNERS[line.owner]}</span>}
      {line.calledFrom && (
        <div class="small mid wrap">
          called from <span class="mono">{line.calledFrom.name}</span> {place(line.calledFrom)}
        </div>
      )}
    </>
  );
}

/** Where the process grew, the lines that allocated what stayed, and the types that grew. Nothing where nothing is known. */
export function WhereItGrew({ explained, measure }: { explained: Explained; measure: Measure }) {
  const { where, lines, parts = [], byLoad } = explained;
  if (where === null && lines.length === 0 && parts.length === 0 && !byLoad) return null;
  return (
    <section id="where">
      <div class="head">
        <h2>Where it grew</h2>
        {lines.length > 0 && (
          <span class="note">
            allocated at, not held by: a heap profile does not know who keeps a thing alive
          </span>
        )}
      </div>
      {where && (
        <p class="small">
          {percent(Math.min(1, where.share))} of the growth lies {PLACES[where.place]}.
        </p>
      )}
      {where && where.experiments.length > 0 && (
        <ul class="small">
          {where.experiments.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {byLoad && (
        <p class="small" id="by-load">
          The busiest third of the processes ({count(Math.round(byLoad.busiest.unitsPerHour))} units/h) grew
          by {slopeEstimate(byLoad.busiest.slopeBytesPerHour, measure)}, the idlest third (
          {count(Math.round(byLoad.idlest.unitsPerHour))} units/h) by{' '}
          {slopeEstimate(byLoad.idlest.slopeBytesPerHour, measure)}.
        </p>
      )}
      {lines.length > 0 && <Lines lines={lines} />}
      {parts.length > 0 && <Parts parts={parts} />}
    </section>
  );
}

const Lines = ({ lines }: { lines: Explained['lines'] }) => (
  <div class="scroll">
    <table class="stack" id="lines">
      <thead>
        <tr>
          <th scope="col" class="w25">
            Allocated at
          </th>
          <th scope="col">Share of growth</th>
          <th scope="col" class="num">
            Kept per unit
          </th>
          <th scope="col" class="num">
            Growth
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.name} ${place(line)} ${line.calledFrom?.name}`} data-row>
            <td>
              <LineName line={line} />
            </td>
            <td data-l="share">
              <Share of={line.share} colour="--growth-mark" text={percent(line.share)} />
            </td>
            <td class="num key">
              {line.bytesPerUnit ? keptEstimate(line.bytesPerUnit) : <span class="dim">–</span>}
            </td>
            <td class="num mid" data-l="growth">
              {slopeEstimate(line.bytesPerHour)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const Parts = ({ parts }: { parts: NonNullable<Explained['parts']> }) => (
  <div class="scroll">
    <table class="stack" id="parts">
      <thead>
        <tr>
          <th scope="col" class="w25">
            {roleWord(parts[0]!.role)} by type
          </th>
          <th scope="col">Share of growth</th>
          <th scope="col" class="num">
            Per unit
          </th>
          <th scope="col" class="num">
            Growth
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map(({ part, share, perHour, perUnit }) => (
          <tr key={part} data-row>
            <td class="mono">{part}</td>
            <td data-l="share">
              <Share of={share} colour="--growth-mark" text={percent(share)} />
            </td>
            <td class="num key">{perUnit ? perUnit.value.toFixed(2) : <span class="dim">–</span>}</td>
            <td class="num mid" data-l="growth">
              {slopeEstimate(perHour, 'count')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** What people compare by hand. It ranks nothing, and says why. */
export function Compared({ compared }: { compared: Explained['compared'] }) {
  if (compared.length === 0) return null;
  return (
    <details class="compared">
      <summary>Calls before and after: what people compare by hand</summary>
      <p class="note">
        It names no suspect: a leak that a release brings does not change how often its route is called.
      </p>
      <div class="scroll">
        <table class="stack" id="compared">
          <thead>
            <tr>
              <th scope="col">Unit</th>
              <th scope="col" class="num">
                Per hour before
              </th>
              <th scope="col" class="num">
                Per hour after
              </th>
            </tr>
          </thead>
          <tbody>
            {compared.map(({ unit, perHourBefore, perHourAfter }) => (
              <tr key={`${unit.kind} ${unit.name}`} data-row>
                <td class="mono">{unit.name}</td>
                <td class="num mid" data-l="before">
                  {count(Math.round(perHourBefore))}
                </td>
                <td class="num key">{count(Math.round(perHourAfter))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
