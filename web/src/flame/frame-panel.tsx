import { useMemo } from 'preact/hooks';
import type { ApiFlamegraph, ApiFunction } from '../../../lib/http/flame-schemas.ts';
import type { Loaded } from '../api.ts';
import { UNSTEADY } from '../components/percentile-cells.tsx';
import { Failed } from '../components/states.tsx';
import { Share, Tag } from '../components/tag.tsx';
import { count, milliseconds, percent } from '../format.ts';
import { usePlace } from '../router.ts';
import { typeWord } from './amount.ts';
import { hrefToOnly, hrefWithout, wholeTerm } from './filters.tsx';
import { FrameHistory } from './frame-history.tsx';
import { functionsOf } from './functions.ts';
import { barOfHash, type FlameModel, frameText, KINDS, pathHash } from './model.ts';
import { ProfileLinks, uploadHref } from './profile-links.tsx';
import { SourceLink } from './source-link.tsx';
import { hrefToSandwich } from './use-zoomed.ts';

const LINES_SHOWN = 10;

export interface FramePanelProps {
  readonly model: FlameModel;
  readonly node: number;
  readonly service: string;
  readonly type: string;
  /** The graph asked for with its details: another picture by now, perhaps, so that nodes are found by their path. */
  readonly details: Loaded<ApiFlamegraph>;
  readonly functions: readonly ApiFunction[];
  readonly amount: (value: number) => string;
}

/** What is known of the frame that was zoomed to: its time per piece of work, its lines, uploads in which it can be seen. */
export function FramePanel(props: FramePanelProps) {
  const { model, node, service, type, details, functions, amount } = props;
  const isSandwich = usePlace().query.get('view') === 'sandwich';
  const name = model.name[node] as number;
  const [text, file] = [model.names[name] as string, model.files[name] as string];
  const time = functions
    .filter((one) => one.name === text && one.file === file)
    .sort((a, b) => b.total.sumMs - a.total.sumMs)[0];
  const whole = model.whole.total[0] as number;
  const share = (value: number) => (whole > 0 ? percent(value / whole) : '–');
  const { self, total } = useMemo(() => figuresOf(model, node, isSandwich), [model, node, isSandwich]);
  const lines = details.data?.functionLines?.find((one) => one.name === text && one.file === file)?.lines;
  return (
    <section class="frame-panel" aria-label={`About ${text}`}>
      <FrameHead {...{ model, node, service, isSandwich }} line={busiest(lines)} />
      <dl class="kpi">
        <Figure word={`share of ${typeWord(type)}, total`} text={share(total)} title={amount(total)} />
        <Figure word="self" text={share(self)} title={amount(self)} />
        {time && (
          <>
            <Figure word={`per ${time.basis}, p50`} text={milliseconds(time.total.p50Ms)} />
            <Figure word="p75" text={milliseconds(time.total.p75Ms)} />
            <Figure word="p95" text={milliseconds(time.total.p95Ms)} />
            <Figure word="p99" text={milliseconds(time.total.p99Ms)} />
          </>
        )}
      </dl>
      {time && (
        <p class="small">
          {time.spread === UNSTEADY && <Tag kind="slow">{capitalUnsteady}</Tag>} Seen in {count(time.seen)} of{' '}
          {count(time.known)} {time.basis}s{time.unit && <> of {time.unit.name}</>}; longest:{' '}
          <ProfileLinks service={service} examples={time.examples} about={text} />
        </p>
      )}
      {/* What is drawn together as too small is another thing in every step. */}
      {KINDS[model.kinds[name] as number] !== 'other' && (
        <FrameHistory service={service} name={text} file={file} />
      )}
      {details.problem ? (
        <Failed what={`the lines of ${text}`} problem={details.problem} retry={details.reload} />
      ) : (
        details.data && <Details of={details.data} {...{ model, node, amount }} lines={lines ?? []} />
      )}
    </section>
  );
}

/** What it is called, where its source is, and what can be done with it. */
function FrameHead({
  model,
  node,
  service,
  isSandwich,
  line,
}: Pick<FramePanelProps, 'model' | 'node' | 'service'> & { isSandwich: boolean; line: number }) {
  const { query } = usePlace();
  const name = model.name[node] as number;
  const [text, file] = [model.names[name] as string, model.files[name] as string];
  return (
    <div class="head">
      <h2 class="mono">{text}</h2>
      {file && <SourceLink service={service} frame={{ file, line, version: query.get('version') ?? '' }} />}
      <span class="grow" />
      {!isSandwich && (
        <a class="btn bare" href={hrefToSandwich(model, name)}>
          Callers and callees
        </a>
      )}
      <a class="btn bare" href={hrefToOnly(text)}>
        Only with it
      </a>
      <a class="btn bare" href={hrefWithout(query, wholeTerm(text))}>
        Without it
      </a>
      <button
        type="button"
        class="btn bare"
        onClick={() => void navigator.clipboard?.writeText(frameText(model, node))}
      >
        Copy frame
      </button>
    </div>
  );
}

/** Of the bar; of a sandwich all calls of the function. */
function figuresOf(model: FlameModel, node: number, isSandwich: boolean) {
  const { total, self } = model.whole;
  const name = model.name[node] as number;
  const row = isSandwich ? functionsOf(model).find((one) => one.name === name) : undefined;
  return row ?? { self: self[node] as number, total: total[node] as number };
}

type Line = NonNullable<ApiFlamegraph['functionLines']>[number]['lines'][number];

/** The line that takes most, with what it calls; 0 where none is told. */
const busiest = (lines: readonly Line[] | undefined): number =>
  lines?.toSorted((a, b) => Number(b.total) - Number(a.total))[0]?.line ?? 0;

const capitalUnsteady = UNSTEADY.replace(/^u/, 'U');

const Figure = ({ word, text, title }: { word: string; text: string; title?: string }) => (
  <div title={title}>
    <dt>{word}</dt>
    <dd>{text}</dd>
  </div>
);

/** An upload that shows the bar, and which lines of its function ran. */
function Details({
  of,
  model,
  node,
  lines,
  amount,
}: {
  of: ApiFlamegraph;
  model: FlameModel;
  node: number;
  lines: readonly Line[];
  amount: (value: number) => string;
}) {
  const upload = useMemo(() => exampleOf(of, pathHash(model, node)), [of, model, node]);
  const told = lines.filter(({ line }) => line > 0);
  const most = Math.max(1, ...told.map(({ total }) => Number(total)));
  const shown = [...told]
    .sort((a, b) => Number(b.total) - Number(a.total))
    .slice(0, LINES_SHOWN)
    .sort((a, b) => a.line - b.line);
  return (
    <>
      {upload && (
        <p class="small">
          Example upload:{' '}
          <a class="mono" href={uploadHref(upload)} download>
            {upload.slice(0, 8)}…
          </a>
        </p>
      )}
      {shown.length > 0 ? (
        <table class="lines">
          <thead>
            <tr>
              <th scope="col" class="num">
                Line
              </th>
              <th scope="col">Total, with what it calls</th>
              <th scope="col" class="num">
                Self
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ line, self, total }) => (
              <tr key={line}>
                <td class="num mono">{line}</td>
                <td>
                  <Share of={Number(total) / most} text={amount(Number(total))} />
                </td>
                <td class="num mid">{amount(Number(self))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p class="note">
          Lines are told of functions that take most by themselves, where their profiles name lines.
        </p>
      )}
      {told.length > 0 && (
        <p class="note under">
          {told.length > shown.length && `The ${shown.length} largest of ${told.length} lines. `}Wherever the
          function was called from, all units of work together.
        </p>
      )}
    </>
  );
}

/** Nodes are numbered as the bars are sent, row by row. */
function exampleOf(of: ApiFlamegraph, hash: string): string | undefined {
  let node = barOfHash(of, hash);
  if (!of.examples || node === 0) return undefined;
  for (const row of of.examples.levels) {
    if (node < row.length) return of.examples.uploads[row[node] as number];
    node -= row.length;
  }
  return undefined;
}
