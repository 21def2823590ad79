import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const NARROW = '(max-width: 720px)';
/** Heights of a row in the sheet: a bar beside its name, and a bar under it. */
const ROW_PX = 28;
const NARROW_ROW_PX = 44;
const SPARE = 20;

/** Which rows are near the window. Below `virtualFrom` rows all are, and nothing is measured. */
export function useRowWindow(box: RefObject<HTMLElement | null>, count: number, virtualFrom: number) {
  const virtual = count >= virtualFrom;
  const [span, setSpan] = useState({ from: 0, to: virtualFrom });
  const rowPx = matchMedia(NARROW).matches ? NARROW_ROW_PX : ROW_PX;
  useEffect(() => {
    if (!virtual) return;
    const look = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowPx) - SPARE);
      const to = Math.ceil((innerHeight - top) / rowPx) + SPARE;
      setSpan((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [box, virtual, rowPx]);
  return virtual ? { ...span, rowPx, virtual } : { from: 0, to: count, rowPx, virtual };
}
