import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { Fix } from '../components/paste.tsx';
import { capital, count, milliseconds, percent, quantileWord, signedPercent } from '../format.ts';
import { dayTime } from '../time.ts';
import { traceHref, unitHref } from '../trace/link.ts';
import { useView } from '../view.ts';
import { CAUSE_WORDS } from '../words.ts';

type Traces = NonNullable<ApiFinding['evidence']['traces']>;

/** What the traces of a finding say: how many requests, why, what changed, what to paste, and which to look at. */
export function TraceFacts({ finding }: { finding: ApiFinding }) {
  const { evidence, service, kind } = finding;
  const { traces } = evidence;
  if (!traces) return <p class="lede after-say">{evidence.reason}</p>;
  return (
    <>
      <section class="near">
        <div class="head">
          <h2>What the traces show</h2>
        </div>
        <Numbers traces={traces} service={service} wholeUnits={kind !== 'latency'} />
      </section>
      {traces.shift && <Shift shift={traces.shift} />}
      {traces.fix && (
        <section class="near">
          <div class="head">
            <h2>What to change</h2>
          </div>
          <Fix text={traces.fix} label="the fix" />
        </section>
      )}
      <Examples traces={traces} service={service} reported={kind === 'nesting'} />
    </>
  );
}

function Numbers({ traces, service, wholeUnits }: { traces: Traces; service: string; wholeUnits: boolean }) {
  const { unit, requests, affected, ms, cause } = traces;
  const share = requests > 0 ? affected / requests : 0;
  return (
    <dl class="facts left trace-facts">
      {unit && (
        <div>
          <dt>Unit</dt>
          <dd>
            <a class="mono" href={unitHref(service, unit)}>
              {unit.name}
            </a>
          </dd>
        </div>
      )}
      <div>
        <dt>Requests</dt>
        <dd>
          {wholeUnits && affected < requests
            ? `${count(affected)} of ${count(requests)}, ${percent(share)}`
            : count(requests)}
        </dd>
      </div>
      {ms !== null && (
        <div>
          <dt>Time it cost</dt>
          <dd>{milliseconds(ms)} in all</dd>
        </div>
      )}
      {cause && (
        <div>
          <dt>Cause</dt>
          <dd>{CAUSE_WORDS[cause] ?? capital(cause)}</dd>
        </div>
      )}
    </dl>
  );
}

/** Two bars on one scale: before and after. */
function Shift({ shift }: { shift: NonNullable<Traces['shift']> }) {
  const most = Math.max(shift.beforeMs, shift.afterMs, 1e-9);
  const sides = [
    [shift.before ? `Before, ${shift.before}` : 'Before', shift.beforeMs, '--bar'],
    [shift.after ? `After, ${shift.after}` : 'After', shift.afterMs, '--ink'],
  ] as const;
  return (
    <section class="near">
      <div class="head">
        <h2>
          {quantileWord(shift.quantile)} {signedPercent(shift.change)}
        </h2>
        <span class="note">
          {shift.pValue < 0.0001 ? 'chance alone: below 0.0001' : `chance alone: ${shift.pValue.toFixed(4)}`}
        </span>
      </div>
      <dl class="two-bars">
        {sides.map(([word, ms, colour]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>
              <i style={{ width: `${((100 * ms) / most).toFixed(1)}%`, background: `var(${colour})` }} />
              <b>{milliseconds(ms)}</b>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Examples({ traces, service, reported }: { traces: Traces; service: string; reported: boolean }) {
  const { zone } = useView();
  if (traces.examples.length === 0) return null;
  return (
    <section class="near">
      <div class="head">
        <h2>Requests to look at</h2>
        <span class="note">kept as examples</span>
      </div>
      <ul class="examples">
        {traces.examples.map(({ traceId, at }) => (
          <li key={`${traceId} ${at}`} data-row>
            <a
              class="mono"
              href={traceHref(service, traceId, at, { nesting: reported ? 'reported' : null })}
              aria-label={`Trace ${traceId.slice(0, 12)}`}
            >
              {traceId.slice(0, 12)}
            </a>{' '}
            <span class="mid">{dayTime(at, zone)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
