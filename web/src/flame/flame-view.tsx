import type { ComponentChildren } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import { go, hrefWith, usePlace, useZoom } from '../router.ts';
import { afterFrame, useAfterFrame } from './after-frame.ts';
import { profileAmount } from './amount.ts';
import { FlameGraph, type Zoomed } from './flame-graph.tsx';
import { FunctionTable } from './function-table.tsx';
import { type FlameModel, type FlamePicture, flameModel, lineTo, nodeOfHash, pathHash } from './model.ts';
import { shared } from './shared.ts';

const KEYS = [
  ['your code', '--f-app'],
  ['libraries', '--f-lib'],
  ['runtime', '--f-run'],
  ['garbage collection', '--f-gc'],
] as const;

/** Graph and table together, with search, zoom and idling in the URL. */
export function FlameView({
  picture,
  unit,
  label,
  sides = false,
  scaleBefore = 1,
  about,
}: {
  picture: FlamePicture;
  /** Of the amounts. */
  unit: string;
  label: string;
  sides?: boolean;
  /** See `flameModel`. */
  scaleBefore?: number;
  /** What else is known of the frame that was zoomed to. */
  about?: (model: FlameModel, node: number) => ComponentChildren;
}) {
  const { query } = usePlace();
  const amount = useCallback((value: number) => profileAmount(value, unit), [unit]);
  const keepIdle = query.get('idle') === 'shown';
  const model = useMemo(() => flameModel(picture, keepIdle, scaleBefore), [picture, keepIdle, scaleBefore]);
  const lit = useMemo(() => shared<number | undefined>(undefined), [model]);
  const text = query.get('q') ?? '';
  const hits = useMemo(() => hitsOf(model, text), [model, text]);
  const found = useMemo(() => hits && shareText(model, hits), [model, hits]);
  const { zoom, ahead, isLost, setZoom } = useZoomedNode(model);
  const told = useAfterFrame(zoom);
  const panel = useMemo(() => told > 0 && about?.(model, told), [about, model, told]);
  const side = sides ? (query.get('width') === 'before' ? 'before' : 'after') : undefined;
  const table = useMemo(
    () => (
      <FunctionTable
        model={model}
        amount={amount}
        lit={lit}
        find={(name) => go(hrefWith({ q: name === text ? null : name }), 'replace')}
      />
    ),
    [model, amount, lit, text],
  );
  const graph = useMemo(
    () => <FlameGraph {...{ model, zoom, ahead, setZoom, hits, lit, side, unit, amount, label }} />,
    [model, zoom, ahead, setZoom, hits, lit, side, unit, amount, label],
  );
  return (
    <div class="flamebox">
      <div>
        <div class="row flame-tools">
          {sides && (
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
          )}
          <Crumbs model={model} zoom={zoom} setZoom={setZoom} />
          {isLost && <span class="note">The frame of this link is not in this range.</span>}
          <span class="grow" />
          {found && <span class="note nb">{found}</span>}
          <input
            class="field"
            type="search"
            placeholder="Find a frame"
            aria-label="Find a frame"
            value={text}
            onInput={(event) => go(hrefWith({ q: event.currentTarget.value || null }), 'replace')}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && hits) setZoom(nextHit(model, hits, zoom));
              if (event.key === 'Escape') go(hrefWith({ q: null, frame: null }), 'replace');
            }}
          />
        </div>
        {graph}
        <div class="row between under">
          {sides ? (
            <p class="note">Colour is the change of a frame against itself; under 5 % is grey.</p>
          ) : (
            <div class="keys">
              {KEYS.map(([word, token]) => (
                <span key={word}>
                  <i
                    class={token === '--f-gc' ? 'striped' : ''}
                    style={{ backgroundColor: `var(${token})` }}
                  />
                  {word}
                </span>
              ))}
              {(model.idle > 0 || keepIdle) && (
                <span class="dim">
                  {keepIdle ? 'idle time is shown' : `${amount(model.idle)} idle is hidden`}{' '}
                  <a href={hrefWith({ idle: keepIdle ? null : 'shown' })}>{keepIdle ? 'hide' : 'show'}</a>
                </span>
              )}
            </div>
          )}
          <div class="keys only-l dim">
            <span>
              <kbd>←↑↓→</kbd> move
            </span>
            <span>
              <kbd>↵</kbd> zoom
            </span>
            <span>
              <kbd>c</kbd> copy frame
            </span>
          </div>
        </div>
        {panel}
      </div>
      {table}
    </div>
  );
}

/** The node of the URL. A click is drawn at once and goes into the URL after that frame: a URL costs as much as a drawing. */
function useZoomedNode(model: FlameModel) {
  const hash = useZoom();
  const ahead = useMemo(() => shared<Zoomed | undefined>(undefined), []);
  const zoom = useMemo(() => nodeOfHash(model, hash), [model, hash]);
  const setZoom = useCallback(
    (node: number) => {
      const to = { model, node };
      ahead.set(to);
      afterFrame(() => {
        go(hrefWith({ frame: node === 0 ? null : pathHash(model, node) }));
        if (ahead.now === to) ahead.set(undefined);
      });
    },
    [model, ahead],
  );
  // A link may be of another range, or of a build that named frames otherwise: shown is the whole, and that is said.
  const isLost = hash !== null && zoom === 0;
  return { zoom, ahead, isLost, setZoom };
}

const CRUMBS = 3;

/** The way from the root to what is shown, its end first to be needed. */
function Crumbs({
  model,
  zoom,
  setZoom,
}: {
  model: FlameModel;
  zoom: number;
  setZoom: (node: number) => void;
}) {
  if (zoom === 0) return null;
  const line = lineTo(model, zoom);
  const shown = [0, ...line.slice(1).slice(-CRUMBS)];
  return (
    <nav class="crumbs small" aria-label="Zoom">
      {shown.map((node, i) => (
        <span key={node}>
          {i === 1 && line.length > CRUMBS + 1 && <span class="dim">… › </span>}
          {i === shown.length - 1 ? (
            <span class="mono">{model.names[model.name[node] as number]}</span>
          ) : (
            <>
              <button type="button" class="quiet mono" onClick={() => setZoom(node)}>
                {node === 0 ? 'all' : model.names[model.name[node] as number]}
              </button>{' '}
              ›{' '}
            </>
          )}
        </span>
      ))}
    </nav>
  );
}

/** Names that hold the text, whatever its case; undefined when nothing is searched for. */
function hitsOf({ names, files }: FlameModel, text: string): ReadonlySet<number> | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  const isHit = (i: number) => `${names[i]} ${files[i]}`.toLowerCase().includes(wanted);
  return new Set([...names.keys()].filter((i) => i > 0 && isHit(i)));
}

/** Share of the whole under frames that are found, each sample once. */
function shareText(model: FlameModel, hits: ReadonlySet<number>): string {
  const within = new Uint8Array(model.count);
  let sum = 0;
  for (let node = 1; node < model.count; node += 1) {
    const up = model.parent[node] as number;
    const isHit = hits.has(model.name[node] as number);
    if (isHit && !within[up]) sum += model.whole.total[node] as number;
    if (isHit || within[up]) within[node] = 1;
  }
  const whole = model.whole.total[0] as number;
  return hits.size === 0 ? 'not found' : `${whole > 0 ? ((100 * sum) / whole).toFixed(1) : 0}\u2009%`;
}

/** The next found frame after the one that is shown, round and round. */
function nextHit(model: FlameModel, hits: ReadonlySet<number>, zoom: number): number {
  for (let i = 1; i <= model.count; i += 1) {
    const node = (zoom + i) % model.count;
    if (hits.has(model.name[node] as number) && (model.whole.total[node] as number) > 0) return node;
  }
  return zoom;
}
