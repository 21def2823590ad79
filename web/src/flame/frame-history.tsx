import { useEffect, useState } from 'preact/hooks';
import { filterText, termsIn } from '../../../lib/flame/filter-text.ts';
import type { ApiFrameHistory } from '../../../lib/http/flame-schemas.ts';
import { useApi } from '../api.ts';
import { Spark } from '../components/spark.tsx';
import { Failed } from '../components/states.tsx';
import { percent } from '../format.ts';
import { usePlace } from '../router.ts';
import { dayTime, rangeQuery } from '../time.ts';
import { useView } from '../view.ts';
import { pickedOf } from './filters.tsx';

/** It costs a graph per step, and drawing it a frame: for those who stay with a function, not on the way through many. */
const STAY_MS = 600;
/** V8's frame of waiting, as a filter names it. */
const IDLE_TERM = { text: '(idle)', isWhole: true };

interface Frame {
  readonly name: string;
  readonly file: string;
}

/** How large a part of the whole a function was over time, with what it calls. Its place is there from the beginning. */
export function FrameHistory({ service, name, file }: Frame & { service: string }) {
  const [stayed, setStayed] = useState<Frame | undefined>();
  useEffect(() => {
    const timer = setTimeout(() => setStayed({ name, file }), STAY_MS);
    return () => clearTimeout(timer);
  }, [name, file]);
  const isHere = stayed?.name === name && stayed.file === file;
  return (
    <figure class="share-over-time">
      {isHere ? <Told service={service} frame={stayed} /> : <figcaption class="note">{CAPTION}</figcaption>}
    </figure>
  );
}

const CAPTION = 'Share over time, with what it calls';

function Told({ service, frame }: { service: string; frame: Frame }) {
  const { query } = usePlace();
  const { range, zone } = useView();
  const asked = new URLSearchParams([...Object.entries(frame), ...pickedOf(query)]);
  // Shares are of what the graph shows.
  if (query.get('idle') !== 'shown')
    asked.set('ignore', filterText([...termsIn(query.get('ignore') ?? ''), IDLE_TERM]));
  const { data, problem, reload } = useApi<ApiFrameHistory>(
    `/services/${encodeURIComponent(service)}/flamegraph/frame`,
    [range.from, range.to, asked].join('|'),
    (now) => `${rangeQuery(range, now) || '?'}&${asked}`,
  );
  if (problem) return <Failed what={`the history of ${frame.name}`} problem={problem} retry={reload} />;
  if (!data) return <figcaption class="note">{CAPTION}</figcaption>;
  const { points } = data;
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2)
    return <figcaption class="note">{CAPTION}: needs two steps of ten minutes</figcaption>;
  const shares = points.map(({ total }) => total);
  const words = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}, at last ${percent(last.total)}`;
  return (
    <>
      <figcaption class="note">
        {CAPTION}: {words}, {dayTime(first.t, zone)} – {dayTime(last.t, zone)}
      </figcaption>
      <Spark
        points={points.map(({ t, total }) => [t, total] as const)}
        height={40}
        colour="--bar"
        label={`Share of ${frame.name} over time, with what it calls: ${words}.`}
      />
    </>
  );
}
