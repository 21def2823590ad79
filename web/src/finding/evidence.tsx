import type { ComponentChildren } from 'preact';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { Dialog } from '../components/dialog.tsx';
import { Copy } from '../components/paste.tsx';
import {
  amount,
  count,
  isNever,
  measureOf,
  milliseconds,
  percent,
  quantileWord,
  seconds,
  slopeEstimate,
} from '../format.ts';
import { between, dayTime, zoneName } from '../time.ts';
import { useView } from '../view.ts';
import { roleWord } from '../words.ts';

type Fact = readonly [string, ComponentChildren];

const Facts = ({ title, facts }: { title: string; facts: readonly Fact[] }) => (
  <>
    <h3>{title}</h3>
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  </>
);

/** Where every number of the page comes from. Opened with `e`, closed with esc, linkable as `evidence=1`. */
export function Evidence({
  finding,
  metric,
  close,
}: {
  finding: ApiFinding;
  metric: string | undefined;
  close: () => void;
}) {
  const { evidence } = finding;
  return (
    <Dialog label="Evidence" className="drawer" close={close}>
      <div class="head">
        <h2>Evidence</h2>
        <span class="grow" />
        <button type="button" class="btn bare" onClick={close}>
          Close <kbd>esc</kbd>
        </button>
      </div>
      <p class="lede small">
        Every number of the page comes from here. Nothing in it is a stored value of your program.
      </p>
      {evidence.role === null ? (
        <OfTraces evidence={evidence} />
      ) : (
        <OfMemory evidence={evidence} metric={metric} />
      )}
      <h3>Why</h3>
      <p class="small mid">{evidence.reason}</p>
      {evidence.instances.length > 0 && (
        <>
          <h3>Instances</h3>
          <p class="mono small mid wrap">{evidence.instances.join('  ')}</p>
        </>
      )}
      <div class="row actions">
        <Copy text={JSON.stringify(finding, null, 2)}>Copy as JSON</Copy>
        <a class="btn" href={`/api/v1/findings/${encodeURIComponent(finding.id)}`}>
          Open in the API
        </a>
      </div>
    </Dialog>
  );
}

function OfMemory({ evidence, metric }: { evidence: ApiFinding['evidence']; metric: string | undefined }) {
  const { zone } = useView();
  const { onset, slopeBytesPerHour: slope, timeToLimitS: left, floor } = evidence;
  const nearest =
    onset && [...evidence.deploys].sort((a, b) => Math.abs(a.at - onset.t) - Math.abs(b.at - onset.t))[0];
  const unknown = <span class="dim">– not found</span>;
  const measure = measureOf(evidence.role);
  const gap = nearest && onset ? Math.abs(onset.t - nearest.at) / 1000 : 0;
  return (
    <>
      <Facts
        title="Series"
        facts={[
          ['Role', roleWord(evidence.role).toLowerCase()],
          ...(metric ? [['Metric', <code key="metric">{metric}</code>] as const] : []),
          ['Instances', instancesText(evidence)],
          ['Window', `${dayTime(evidence.from, zone)} – ${dayTime(evidence.to, zone)} ${zoneName(zone)}`],
          ['Confirmed lows', evidence.lows],
          [
            'Limit',
            evidence.limitBytes === null ? (
              <span class="dim">– not sent</span>
            ) : (
              amount(evidence.limitBytes, measure)
            ),
          ],
        ]}
      />
      <Facts
        title="Onset"
        facts={[
          ['Estimate', onset ? `${dayTime(onset.t, zone)} ${zoneName(zone)}` : unknown],
          ['95 % interval', onset ? between(onset.low, onset.high, zone) : unknown],
          [
            'Nearest release',
            nearest && onset ? (
              `${nearest.version}, ${seconds(gap)} ${nearest.at <= onset.t ? 'before' : 'after'}`
            ) : (
              <span class="dim">none known</span>
            ),
          ],
        ]}
      />
      <Facts
        title="Growth"
        facts={[
          ['Slope', slope ? slopeEstimate(slope, measure) : unknown],
          ['Floor', floor ? `${amount(floor.start, measure)} → ${amount(floor.end, measure)}` : unknown],
          [
            'Time to limit',
            left ? (
              `${seconds(left.value)} (${seconds(left.low)} ${isNever(left.high) ? 'or more' : `to ${seconds(left.high)}`}) from the end of the window`
            ) : (
              <span class="dim">– no limit, no slope, or no process that runs</span>
            ),
          ],
          ['Confidence', percent(evidence.confidence)],
          ['Analyzer', evidence.analyzer],
        ]}
      />
    </>
  );
}

/** `3 of 12`. */
const instancesText = ({ instances, looked }: ApiFinding['evidence']) =>
  looked === undefined ? String(instances.length) : `${instances.length} of ${looked}`;

function OfTraces({ evidence }: { evidence: ApiFinding['evidence'] }) {
  const { zone } = useView();
  const { traces, version } = evidence;
  const shift = traces?.shift ?? null;
  return (
    <>
      <Facts
        title="Traces"
        facts={[
          ['Window', `${dayTime(evidence.from, zone)} – ${dayTime(evidence.to, zone)} ${zoneName(zone)}`],
          ...(traces ? [['Requests looked at', count(traces.requests)] as const] : []),
          ...(traces ? [['Of these affected', count(traces.affected)] as const] : []),
          ...(version ? [['Release', version] as const] : []),
          ...(evidence.instances.length > 0 ? [['Instances', evidence.instances.length] as const] : []),
          ['Analyzer', evidence.analyzer],
        ]}
      />
      {shift && (
        <Facts
          title="Shift"
          facts={[
            ['Quantile', quantileWord(shift.quantile)],
            ['Before', `${milliseconds(shift.beforeMs)}${shift.before && `, ${shift.before}`}`],
            ['After', `${milliseconds(shift.afterMs)}${shift.after && `, ${shift.after}`}`],
            ['Chance of such a shift', shift.pValue < 0.0001 ? 'below 0.0001' : shift.pValue.toFixed(4)],
          ]}
        />
      )}
    </>
  );
}
