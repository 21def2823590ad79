import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { TOKENS } from './colours.ts';
import type { FlameModel } from './model.ts';
import type { Scene } from './painter.ts';
import type { PainterMessage } from './painter.worker.ts';

/** Keeps a canvas painted by a thread of its own: again when what it shows changes, when it is scrolled, and when the theme does. */
export function usePainter(scene: Omit<Scene, 'theme' | 'top' | 'ratio'>) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tell = useRef<(what: PainterMessage) => void>(() => {});
  const sent = useRef<FlameModel | undefined>(undefined);
  const [failed, setFailed] = useState(false);
  const ratio = useRatio();
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const worker = new Worker(new URL('./painter.worker.ts', import.meta.url), { type: 'module' });
    worker.onerror = () => setFailed(true);
    const moved = canvas.current.transferControlToOffscreen();
    worker.postMessage({ canvas: moved }, [moved]);
    tell.current = (what) => worker.postMessage(what);
    return () => worker.terminate();
  }, []);
  useLayoutEffect(() => {
    const { model, ...view } = scene;
    // A model is copied to the other thread: once.
    tell.current({ ...view, ...(sent.current !== model && { model }), ratio });
    sent.current = model;
  }, [...Object.values(scene), ratio]);
  useEffect(() => {
    const paint = () => {
      if (canvas.current) tell.current({ theme: themeOf(canvas.current) });
    };
    paint();
    return onTheme(paint);
  }, []);
  return { canvas, scroll: (top: number) => tell.current({ top }), failed };
}

/** Device pixels to a CSS pixel: another one when the reader zooms the page, or takes the window to another screen. */
function useRatio(): number {
  const [ratio, setRatio] = useState(devicePixelRatio || 1);
  useEffect(() => {
    const same = matchMedia(`(resolution: ${ratio}dppx)`);
    const changed = () => setRatio(devicePixelRatio || 1);
    same.addEventListener('change', changed);
    return () => same.removeEventListener('change', changed);
  }, [ratio]);
  return ratio;
}

function themeOf(element: HTMLElement): Scene['theme'] {
  const style = getComputedStyle(element);
  const colours = Object.fromEntries(
    TOKENS.map((token) => [token, style.getPropertyValue(token).trim()] as const),
  );
  return { colours, family: style.fontFamily };
}

/** Calls back when the reader, or their system, turns from light to dark. */
function onTheme(changed: () => void): () => void {
  const chosen = new MutationObserver(changed);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => {
    chosen.disconnect();
    dark.removeEventListener('change', changed);
  };
}
