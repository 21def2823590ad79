import { useCallback, useMemo } from 'preact/hooks';
import { go, hrefWith, useZoom } from '../router.ts';
import { afterFrame } from './after-frame.ts';
import type { Zoomed } from './flame-graph.tsx';
import { type FlameModel, functionHash, nodeOfHash, pathHash } from './model.ts';
import { largestCall } from './sandwich.ts';
import { shared } from './shared.ts';

/**
 * The node of the URL. A click is drawn at once and goes into the URL after that frame: a URL costs as much as a drawing.
 *
 * @param byFunction the URL names a function, whatever called it, as a sandwich is made of
 */
export function useZoomed(model: FlameModel, byFunction: boolean) {
  const hash = useZoom();
  const ahead = useMemo(() => shared<Zoomed | undefined>(undefined), []);
  const zoom = useMemo(
    () => (byFunction ? callOfHash(model, hash) : nodeOfHash(model, hash)),
    [model, hash, byFunction],
  );
  const setZoom = useCallback(
    (node: number) => {
      const to = { model, node };
      ahead.set(to);
      afterFrame(() => {
        go(hrefWith({ frame: node === 0 ? null : hashOf(model, node, byFunction) }));
        if (ahead.now === to) ahead.set(undefined);
      });
    },
    [model, ahead, byFunction],
  );
  // A link may be of another range, or of a build that named frames otherwise: shown is the whole, and that is said.
  const isLost = hash !== null && zoom === 0;
  return { zoom, ahead, isLost, setZoom };
}

const hashOf = (model: FlameModel, node: number, byFunction: boolean) =>
  byFunction ? functionHash(model, model.name[node] as number) : pathHash(model, node);

/** The largest call of the function of a hash, or of the frame of one; the root when this picture has none. */
function callOfHash(model: FlameModel, hash: string | null): number {
  const found = model.names.findIndex((_, i) => functionHash(model, i) === hash);
  const name = found > 0 ? found : (model.name[nodeOfHash(model, hash)] as number);
  return name > 0 ? largestCall(model, name) : 0;
}

/** @param name index in `names`; 0 where none is meant yet */
export const hrefToSandwich = (model: FlameModel, name: number): string =>
  hrefWith({ view: 'sandwich', frame: name > 0 ? functionHash(model, name) : null });

/** The graph at the largest call of the function. */
export const hrefToGraph = (model: FlameModel, zoom: number): string => {
  const node = zoom > 0 ? largestCall(model, model.name[zoom] as number) : 0;
  return hrefWith({ view: null, frame: node > 0 ? pathHash(model, node) : null });
};
