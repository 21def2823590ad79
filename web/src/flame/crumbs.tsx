import { type FlameModel, lineTo, nameAt } from './model.ts';

const CRUMBS = 3;

/** The way from the root to what is shown, its end first to be needed. */
export function Crumbs({
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
            <span class="mono">{nameAt(model, node)}</span>
          ) : (
            <>
              <button type="button" class="quiet mono" onClick={() => setZoom(node)}>
                {nameAt(model, node)}
              </button>{' '}
              ›{' '}
            </>
          )}
        </span>
      ))}
    </nav>
  );
}
