import { useState } from 'preact/hooks';
import type { ApiCleared, ApiSuspect, ApiUnit } from '../../../lib/http/schemas.ts';
import type { Measure } from '../../../lib/model/format-number.ts';
import { type IntervalAxis, IntervalHead, IntervalPlot, intervalAxis } from '../charts/interval-plot.tsx';
import { ShowAll } from '../components/show-all.tsx';
import { Share } from '../components/tag.tsx';
import { byteScale, bytes, count, countScale, type Estimate, keptEstimate, percent } from '../format.ts';
import { href, RANGE_KEYS, servicePath } from '../router.ts';

const FIRST = 8;
const RIVALS: Record<ApiSuspect['cause'], string> = {
  unit: '',
  clock: 'the clock',
  'total-traffic': 'all traffic together',
  connections: 'requests that stay open',
};

interface Unit {
  readonly kind: string;
  readonly name: string;
}

const keyOf = ({ kind, name }: Unit) => `${kind} ${name}`;

function UnitName({ unit, service, strong }: { unit: Unit; service: string; strong: boolean }) {
  const to = servicePath(service, `t/${unit.kind}/${encodeURIComponent(unit.name)}`);
  return (
    <>
      <a class={`quiet mono${strong ? ' strong' : ''}`} href={href(to, {}, RANGE_KEYS)}>
        {unit.name}
      </a>{' '}
      {unit.kind !== 'http' && <span class="chip">{unit.kind}</span>}
    </>
  );
}

function Kept({ of, measure, strong }: { of: Estimate | null; measure: Measure; strong: boolean }) {
  if (of === null) return <span class="dim">not per unit</span>;
  const text = keptEstimate(of, measure);
  // The estimate carries the colour, its interval and unit stay quiet.
  const cut = text.search(/[\s(]/);
  return (
    <>
      <span class={strong ? 'c-growth strong' : ''}>{cut < 0 ? text : text.slice(0, cut)}</span>
      <span class="pm">{cut < 0 ? '' : text.slice(cut)}</span>
    </>
  );
}

/** Named when the whole interval is above zero: then, and only then, the row is orange. */
const isNamed = ({ bytesPerUnit, cause }: ApiSuspect) => cause !== 'unit' || (bytesPerUnit?.low ?? -1) > 0;

function why(suspect: ApiSuspect): string {
  if (suspect.cause === 'clock') return 'grows at any traffic: a timer or an agent, not a request';
  if (suspect.cause === 'total-traffic') return 'grows with the sum of all units; none stands out';
  if (suspect.units.length > 1) return 'they explain the rise equally well and cannot be told apart yet';
  return isNamed(suspect)
    ? 'the floor rises with it; its interval is above zero'
    : 'as likely as others; its interval covers zero';
}

/** Suspects and the cleared in one table on one axis: what was cleared makes the named one believable. */
export function UnitsTable({
  service,
  measure,
  suspects,
  cleared,
  seen,
}: {
  service: string;
  /** Of what is kept: bytes, or things that the finding's role counts. */
  measure: Measure;
  suspects: readonly ApiSuspect[];
  cleared: readonly ApiCleared[];
  /** Units counted in the window: those that are neither named nor cleared are not decided yet. */
  seen: readonly ApiUnit[];
}) {
  const [all, setAll] = useState(false);
  const estimates = [...suspects, ...cleared].flatMap((row) => row.bytesPerUnit ?? []);
  const axis = intervalAxis(estimates, measure === 'bytes' ? byteScale : countScale);
  const decided = new Set(
    [...suspects.flatMap((row) => row.units), ...cleared.map((row) => row.unit)].map(keyOf),
  );
  const undecided = suspects.length === 0 ? [] : seen.filter(({ unit }) => !decided.has(keyOf(unit)));
  const shown = all ? cleared : cleared.slice(0, FIRST);
  const allocated = new Map(seen.flatMap((one) => (one.allocated ? [[keyOf(one.unit), one.allocated]] : [])));
  return (
    <section>
      <div class="head">
        <h2>Which unit of work keeps memory</h2>
        <span class="note">
          {measure === 'bytes' ? 'bytes' : 'how many are'} kept per unit; bars are 95 % intervals on one axis
        </span>
      </div>
      <div class="scroll">
        <table class="stack" id="units">
          <thead>
            <tr>
              <th scope="col" class="w25">
                Unit
              </th>
              <th scope="col" class="num">
                Units since onset
              </th>
              <th scope="col" class="num">
                Kept per unit
              </th>
              <th scope="col" class="w21 only-l">
                <span class="sr">Interval</span>
                <IntervalHead axis={axis} />
              </th>
              <th scope="col">Share of growth</th>
              <th scope="col">Belief</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {suspects.map((suspect) => (
              <SuspectRow
                key={suspect.cause + suspect.units.map((u) => u.name).join()}
                suspect={suspect}
                service={service}
                {...{ measure, axis, allocated }}
              />
            ))}
            {cleared.length > 0 && (
              <tr class="group">
                <td colSpan={7}>
                  Cleared: {cleared.length} {cleared.length === 1 ? 'unit' : 'units'} that keep nothing that
                  can be measured. <ShowAll first={FIRST} count={cleared.length} {...{ all, setAll }} />
                </td>
              </tr>
            )}
            {shown.map((row) => (
              <tr key={`${row.unit.kind} ${row.unit.name}`} class="cleared" data-row>
                <td>
                  <UnitName unit={row.unit} service={service} strong={false} />
                </td>
                <td class="num mid" data-l="units">
                  {count(row.unitsSinceOnset)}
                </td>
                <td class="num key">
                  <Kept of={row.bytesPerUnit} measure={measure} strong={false} />
                </td>
                <td class="only-l">
                  {row.bytesPerUnit && <IntervalPlot of={row.bytesPerUnit} axis={axis} named={false} />}
                </td>
                <td class="only-l" />
                <td class="only-l" />
                <td class="why full small">
                  {row.reason}
                  <Allocated of={[row.unit]} by={allocated} />
                </td>
              </tr>
            ))}
            {undecided.length > 0 && (
              <tr class="group">
                <td colSpan={7}>
                  Not decided yet: {undecided.length} {undecided.length === 1 ? 'unit' : 'units'}. More lows
                  must show that memory does not follow {undecided.length === 1 ? 'it' : 'them'}.
                </td>
              </tr>
            )}
            {undecided.slice(0, FIRST).map(({ unit, count: n }) => (
              <tr key={keyOf(unit)} class="undecided" data-row>
                <td>
                  <UnitName unit={unit} service={service} strong={false} />
                </td>
                <td class="num mid" data-l="units">
                  {count(n)}
                </td>
                <td class="num key dim">–</td>
                <td class="only-l" />
                <td class="only-l" />
                <td class="only-l" />
                <td class="why full small">its interval is still too wide to say</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {suspects.length === 0 && (
        <p class="note under">
          No unit is named: either no counts of work arrive, or none of them explains the growth.{' '}
          <a href={href(servicePath(service, 'health'))}>What arrives</a>
        </p>
      )}
    </section>
  );
}

type Allocations = ReadonlyMap<string, NonNullable<ApiUnit['allocated']>>;

/** What its requests themselves say, where they are measured one by one: it stands beside, and ranks nothing. */
function Allocated({ of, by }: { of: readonly Unit[]; by: Allocations }) {
  return of.map((unit) => {
    const told = by.get(keyOf(unit));
    if (!told) return null;
    const [most] = told.top;
    return (
      <div key={keyOf(unit)} class="allocated dim">
        its requests say: {bytes(told.medianBytes, true)} net in the middle one,{' '}
        {bytes(told.trimmedMeanBytes, true)} on the average, of {count(Math.round(told.requests))}
        {most && (
          <>
            ; most in <code>{most.file}</code>, {bytes(most.bytesPerRequest)} each
          </>
        )}
      </div>
    );
  });
}

function SuspectRow({
  suspect,
  service,
  measure,
  axis,
  allocated,
}: {
  suspect: ApiSuspect;
  service: string;
  measure: Measure;
  axis: IntervalAxis;
  allocated: Allocations;
}) {
  const named = isNamed(suspect);
  return (
    <tr class={`suspect${named ? ' pick' : ''}`} data-row>
      <td>
        {suspect.cause !== 'unit' && (
          <>
            <span class="strong">{RIVALS[suspect.cause]}</span> <span class="chip">rival</span>
          </>
        )}
        {suspect.cause === 'unit' &&
          suspect.units.map((unit) => (
            <div key={`${unit.kind} ${unit.name}`}>
              <UnitName unit={unit} service={service} strong={named} />
            </div>
          ))}
      </td>
      <td class="num mid" data-l="units">
        {suspect.cause === 'clock' ? '' : count(suspect.unitsSinceOnset)}
      </td>
      <td class="num key">
        <Kept of={suspect.bytesPerUnit} measure={measure} strong={named} />
      </td>
      <td class="only-l">
        {suspect.bytesPerUnit && <IntervalPlot of={suspect.bytesPerUnit} axis={axis} named={named} />}
      </td>
      <td data-l="of growth">
        {suspect.share === undefined ? (
          <span class="dim">–</span>
        ) : (
          <Share
            of={suspect.share}
            colour={named ? '--growth-mark' : '--bar'}
            text={percent(suspect.share)}
          />
        )}
      </td>
      <td data-l="belief">
        <Share
          of={suspect.weight}
          colour={named ? '--growth-mark' : '--bar'}
          text={percent(suspect.weight)}
        />
      </td>
      <td class="why full small">
        {why(suspect)}
        <Allocated of={suspect.units} by={allocated} />
      </td>
    </tr>
  );
}
