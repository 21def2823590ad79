import type { CSSProperties } from 'preact';
import type { ApiTrace, ApiTraceSpan } from '../../../lib/http/trace-schemas.ts';
import { digits, milliseconds, percent } from '../format.ts';
import { causeText } from './causes.ts';
import { type ApiTraceGap, type GapRow, type Nesting, type Row, type SpanRow, spanTitle } from './model.ts';

const US_PER_MS = 1000;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
/** Deeper than this a row is no longer drawn further in: names need the room. */
const MAX_INDENT = 14;

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  'dead-parent': 'begins after its parent ended',
  'outliving-child': 'outlives its parent',
  'leaf-in-leaf': 'call inside a call',
  'same-tick-twin': 'inside its own twin',
  orphan: 'its parent did not arrive',
};
/** Why a reported place cannot be, or why it is doubtful. */
export const signalWord = ({ signals }: ApiTraceSpan): string => {
  const [first] = signals;
  return first === undefined ? '' : (SIGNAL_WORDS[first] ?? first);
};
/** Its reported place is unknown: that is said of it wherever it stands. */
export const isOrphan = ({ signals }: ApiTraceSpan): boolean => signals.includes('orphan');

const msOf = (us: number) => digits(us / US_PER_MS >= 10 ? Math.round(us / US_PER_MS) : us / US_PER_MS);

export function Axis({ durationUs }: { durationUs: number }) {
  return (
    <div class="r hd" aria-hidden="true">
      <span>span</span>
      <span class="axis">
        {TICKS.map((part) => (
          <span key={part} style={{ left: `${part * 100}%` }}>
            {msOf(part * durationUs)}
            {part === 1 && ' ms'}
          </span>
        ))}
      </span>
      <span class="num">total</span>
      <span class="num">self</span>
    </div>
  );
}

interface RowProps {
  readonly trace: ApiTrace;
  readonly nesting: Nesting;
  readonly place: CSSProperties;
  readonly chosen: boolean;
  readonly inTabOrder: boolean;
  readonly folded: boolean;
  readonly choose: () => void;
}

export function RowView({ row, ...props }: RowProps & { row: Row }) {
  const { place, chosen, inTabOrder, folded, choose } = props;
  const isParent = row.kind === 'span' && row.children > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter work from the tree, which holds the keys of its rows
    <div
      role="treeitem"
      class={`r${row.kind === 'gap' ? ' gapr' : ''}${chosen ? ' sel' : ''}`}
      style={{ ...place, '--d': Math.min(row.depth, MAX_INDENT) }}
      tabIndex={inTabOrder ? 0 : -1}
      aria-level={row.depth + 1}
      aria-selected={chosen}
      aria-expanded={isParent ? !folded : undefined}
      aria-label={row.kind === 'gap' ? gapLabel(row.gap) : spanLabel(row, props.nesting)}
      onClick={choose}
    >
      {row.kind === 'gap' ? <Gap row={row} {...props} /> : <Span row={row} {...props} />}
    </div>
  );
}

function gapLabel({ durationUs, causes }: ApiTraceGap): string {
  const [main] = causes;
  const what = main ? `, mostly ${causeText(main.kind, main.frame).name}` : ', not profiled';
  return `Gap: no span for ${milliseconds(durationUs / US_PER_MS)}${what}`;
}

function spanLabel({ span, movedFrom, ambiguous }: SpanRow, nesting: Nesting): string {
  const repaired = nesting === 'repaired';
  return [
    `${span.op} ${span.description}`.trim(),
    `total ${milliseconds(span.durationUs / US_PER_MS)}`,
    `self ${milliseconds((repaired ? span.selfUs : span.reportedSelfUs) / US_PER_MS)}`,
    repaired && movedFrom ? `moved from ${spanTitle(movedFrom)}` : '',
    repaired && !isOrphan(span) ? '' : signalWord(span),
    ambiguous ? 'parent is ambiguous' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

const at = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(3)}%`;
const bar = (from: number, to: number, whole: number) => ({
  left: at(from, whole),
  width: at(to - from, whole),
});

function Span({ row, trace, nesting, folded }: RowProps & { row: SpanRow }) {
  const { span, movedFrom, ambiguous, self } = row;
  const { durationUs: whole } = trace;
  const repaired = nesting === 'repaired';
  const why = repaired && !isOrphan(span) ? '' : signalWord(span);
  const bad = !repaired && (movedFrom !== undefined || why !== '');
  return (
    <>
      <span class="nm">
        {folded && (
          <span class="chip" aria-hidden="true">
            +{row.children}
          </span>
        )}
        <span class="op">{span.op}</span>
        <span class="ds">{span.description}</span>
        {repaired && movedFrom && (
          <span class="mv">
            <b>moved</b> from {spanTitle(movedFrom)}
          </span>
        )}
        {(bad || why !== '') && (
          <span class="mv">
            <b>{why || 'not where it belongs'}</b>
          </span>
        )}
        {ambiguous && <span class="chip">ambiguous</span>}
      </span>
      <span class="tr">
        <i class={bad ? 'bad' : ''} style={bar(span.startUs, span.startUs + span.durationUs, whole)} />
        {self.map(([from, to]) => (
          <i key={from} class="self" style={bar(from, to, whole)} />
        ))}
      </span>
      <span class="num">{msOf(span.durationUs)}</span>
      <span class="num dim">
        <Self span={span} repaired={repaired} />
      </span>
    </>
  );
}

/** `219, not 337`: what the reported tree would make of it. */
function Self({ span, repaired }: { span: ApiTraceSpan; repaired: boolean }) {
  const [right, reported] = [msOf(span.selfUs), msOf(span.reportedSelfUs)];
  if (repaired || right === reported) return <>{right}</>;
  return (
    <>
      <b class="wrong">{reported}</b>, not {right}
    </>
  );
}

function Gap({ row, trace }: RowProps & { row: GapRow }) {
  const { startUs, durationUs, causes } = row.gap;
  const { durationUs: whole } = trace;
  const [main] = causes;
  const explained = causes.reduce((sum, { us }) => sum + us, 0);
  const end = startUs + durationUs;
  const late = startUs > whole - end; // the word stands where there is more room
  const beside = late
    ? { right: `calc(${at(whole - startUs, whole)} + 8px)` }
    : { left: `calc(${at(end, whole)} + 8px)` };
  return (
    <>
      <span class="nm">
        <span class="ds">Gap · no span for {milliseconds(durationUs / US_PER_MS)}</span>
      </span>
      <span class="tr">
        <i class="gapfill" style={bar(startUs, end, whole)} />
        <em class="only-l" style={beside}>
          {main && explained > 0
            ? `${percent(main.us / explained)} ${main.kind === 'waiting' ? '' : 'in '}${causeText(main.kind, main.frame).name}`
            : 'not profiled'}
        </em>
      </span>
      <span class="num c-gap">{msOf(durationUs)}</span>
      <span class="num" />
    </>
  );
}
