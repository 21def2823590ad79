import { useState } from 'preact/hooks';
import type { Frame } from './frame.tsx';

const MIN_PX = 6;

export interface Brush {
  readonly dragging: boolean;
  /** Both ends in pixels, left first, once the drag is long enough to mean something. */
  readonly span: readonly [number, number] | undefined;
  readonly start: (event: PointerEvent) => void;
  readonly move: (event: PointerEvent) => void;
  readonly end: (event: PointerEvent) => void;
  readonly cancel: () => void;
}

/** Drag with a mouse or pen = preview, release = zoom. Touch scrolls the page instead: there the range control zooms. */
export function useBrush(frame: Frame, zoom: (from: number, to: number) => void): Brush {
  const [drag, setDrag] = useState<readonly [number, number] | undefined>();
  const pixel = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.min(frame.right, Math.max(frame.left, event.clientX - box.left));
  };
  const ends = drag && ([Math.min(...drag), Math.max(...drag)] as const);
  const span = ends && ends[1] - ends[0] >= MIN_PX ? ends : undefined;
  return {
    dragging: drag !== undefined,
    span,
    start: (event) => {
      if (event.pointerType === 'touch' || event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      setDrag([pixel(event), pixel(event)]);
    },
    move: (event) => {
      if (drag) setDrag([drag[0], pixel(event)]);
    },
    end: () => {
      setDrag(undefined);
      if (span) zoom(frame.timeAt(span[0]), frame.timeAt(span[1]));
    },
    cancel: () => setDrag(undefined),
  };
}
