import type { ComponentChildren } from 'preact';
import { go, hrefWith } from '../router.ts';
import { Crumbs } from './crumbs.tsx';
import { type FlameModel, nameAt, type SideName } from './model.ts';

/** Over a graph: which side widths go by, where it is zoomed to, and the search. */
export function FlameTools({
  model,
  isSandwich,
  zoom,
  setZoom,
  isLost,
  side,
  text,
  found,
  next,
  children,
}: {
  model: FlameModel;
  isSandwich: boolean;
  zoom: number;
  setZoom: (node: number) => void;
  /** The link names a frame that the picture has not. */
  isLost: boolean;
  side: SideName | undefined;
  text: string;
  /** Share of what is found. */
  found: string | undefined;
  /** To the next frame that is found. */
  next: () => void;
  children: ComponentChildren;
}) {
  return (
    <div class="row flame-tools">
      {side && <Widths side={side} />}
      {isSandwich ? (
        <span class="crumbs small">
          {zoom > 0 ? (
            <>
              Callers and callees of <span class="mono">{nameAt(model, zoom)}</span>
            </>
          ) : (
            'Choose a function: its callers and callees are shown.'
          )}
        </span>
      ) : (
        <Crumbs model={model} zoom={zoom} setZoom={setZoom} />
      )}
      {isLost && <span class="note">The frame of this link is not in this range.</span>}
      <span class="grow" />
      {found && <span class="note nb">{found}</span>}
      {children}
      <input
        class="field"
        type="search"
        placeholder="Find a frame"
        aria-label="Find a frame"
        value={text}
        onInput={(event) => go(hrefWith({ q: event.currentTarget.value || null }), 'replace')}
        onKeyDown={(event) => {
          if (event.key === 'Enter') next();
          if (event.key === 'Escape') go(hrefWith({ q: null, frame: null }), 'replace');
        }}
      />
    </div>
  );
}

const Widths = ({ side }: { side: SideName }) => (
  <fieldset class="seg" aria-label="Widths">
    {(['after', 'before'] as const).map((one) => (
      <button
        key={one}
        type="button"
        aria-pressed={side === one}
        onClick={() => go(hrefWith({ width: one === 'after' ? null : one }), 'replace')}
      >
        {one === 'before' ? (
          <span>
            Widths before<span class="only-l">, shows removed code</span>
          </span>
        ) : (
          'Widths after'
        )}
      </button>
    ))}
  </fieldset>
);
