import { intervalsIn } from '../format.ts';

/** Text whose intervals are dimmed: the value is read first. */
export const Dimmed = ({ text, className = 'iv' }: { text: string; className?: string }) => (
  <>
    {intervalsIn(text).map((piece, i) =>
      i % 2 === 1 ? (
        <span key={`${i}${piece}`} class={className}>
          {piece}
        </span>
      ) : (
        piece
      ),
    )}
  </>
);
