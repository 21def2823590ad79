import type { ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { shortInstance } from '../format.ts';
import { hrefWith } from '../router.ts';
import { VERDICT_WORDS } from '../words.ts';
import { shortSlope } from './memory-model.ts';
import { pathOf, runs } from './reduce.ts';
import { useWidth } from './use-width.ts';

const HEIGHT = 34;
const MOST = 24;

/** All instances on one scale of time and value; the current one has an ink bar on top. */
export function Minis({
  all,
  current,
  releases,
  from,
  to,
}: {
  all: readonly ApiMemorySeries[];
  current: string;
  releases: readonly number[];
  from: number;
  to: number;
}) {
  const top = Math.max(
    1,
    ...all.flatMap((series) => (series.floor.length ? series.floor : series.points).map(([, v]) => v)),
  );
  const shown = all.slice(0, MOST);
  return (
    <>
      <nav class="minis" aria-label="Instances">
        {shown.map((series) => (
          <a
            key={series.instance}
            class="mini"
            href={hrefWith({ instance: series.instance })}
            aria-current={series.instance === current ? 'true' : undefined}
            title={`${series.instance}: ${series.reason}`}
          >
            <Mini series={series} top={top} releases={releases} from={from} to={to} />
            <b>
              <bdi>{shortInstance(series.instance)}</bdi>
            </b>
            {series.slopeBytesPerHour
              ? shortSlope(series.slopeBytesPerHour, series.unit)
              : VERDICT_WORDS[series.verdict][2]}
          </a>
        ))}
      </nav>
      {all.length > MOST && (
        <p class="note">
          {MOST} of {all.length} instances: those that run, the fullest first.
        </p>
      )}
    </>
  );
}

function Mini({
  series,
  top,
  releases,
  from,
  to,
}: {
  series: ApiMemorySeries;
  top: number;
  releases: readonly number[];
  from: number;
  to: number;
}) {
  const [box, width] = useWidth(80);
  const x = (t: number) => ((t - from) / (to - from || 1)) * width;
  const y = (v: number) => HEIGHT - 1 - (v / top) * (HEIGHT - 4);
  const line = (series.floor.length > 1 ? series.floor : series.points).filter(([t]) => t >= from && t <= to);
  return (
    <div ref={box}>
      <svg width={width} height={HEIGHT} aria-hidden="true">
        {releases
          .filter((t) => t > from && t < to)
          .map((t) => (
            <path key={t} d={`M${x(t)} 0V${HEIGHT}`} stroke="var(--deploy-mark)" opacity=".55" />
          ))}
        {runs(
          line,
          series.lives.map((life) => life.from),
          Number.POSITIVE_INFINITY,
        ).map((run) => (
          <path
            key={run[0]?.[0]}
            d={pathOf(run, x, y)}
            fill="none"
            stroke="var(--floor-mark)"
            stroke-width="1.4"
          />
        ))}
      </svg>
    </div>
  );
}
