import type { ApiLife } from '../../../lib/http/schemas.ts';
import { seconds } from '../format.ts';
import { END_WORDS, VERDICT_WORDS } from '../words.ts';
import type { Frame } from './frame.tsx';
import { nearest, type Point } from './reduce.ts';

const LETTER_PX = 5.8;

/** The strip under the axis: one bar per process between two starts, with as many words as fit; deaths are crosses. */
export function Lives({
  lives,
  frame,
  points,
}: {
  lives: readonly ApiLife[];
  frame: Frame;
  points: readonly Point[];
}) {
  const { x, y, left, right, bottom } = frame;
  const top = bottom + 28;
  return (
    <g class="lives">
      {lives.map((life, i) => {
        const a = Math.max(left, x(life.from) + (i ? 1.5 : 0));
        const b = Math.min(right, x(life.to) - 1.5);
        if (b - a < 1) return null;
        const word = VERDICT_WORDS[life.verdict][2];
        const long = seconds(Math.max(0, life.to - life.from) / 1000);
        const name = `life ${i + 1}`;
        const texts = [
          [name, life.version, long, word],
          [name, life.version, word],
          [name, word],
          [word],
          [String(i + 1)],
        ];
        const text = texts
          .map((parts) => parts.filter(Boolean).join(' · '))
          .find((one) => one.length * LETTER_PX + 12 < b - a);
        const end = life.end;
        const value =
          end?.reason === 'oom' && points.length ? points[nearest(points, end.time)]?.[1] : undefined;
        return (
          <g key={life.from}>
            <title>{`${texts[0]?.filter(Boolean).join(', ')}${end ? `, ${END_WORDS[end.reason]}` : ''}`}</title>
            <rect x={a} y={top} width={b - a} height="18" rx="2" fill="var(--sunk-2)" />
            {text && (
              <text x={a + 7} y={top + 13} class="life">
                {text}
              </text>
            )}
            {end && value !== undefined && x(end.time) >= left && x(end.time) <= right && (
              <path
                class="death"
                d={`M${x(end.time) - 4.5} ${y(value) - 4.5}l9 9m0 -9l-9 9`}
                stroke="var(--growth-mark)"
                stroke-width="2.4"
              />
            )}
          </g>
        );
      })}
    </g>
  );
}
