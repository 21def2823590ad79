import { useEffect, useRef, useState } from 'preact/hooks';

/** Runs in a frame of its own, after the one that shows what is drawn now: no frame does the work of both. */
export function afterFrame(run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(() => {
      timer = setTimeout(run);
    });
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/** A value as it was a frame ago: for what may be drawn after that which the reader looks at. */
export function useAfterFrame<T>(value: T): T {
  const [late, setLate] = useState(value);
  useEffect(() => (late === value ? undefined : afterFrame(() => setLate(value))), [value, late]);
  return late;
}

/** Calls with the last of what came, when the frame is drawn: else a press after a move lays the page out twice. */
export function useInFrame<T>(run: (last: T) => void): (next: T) => void {
  const kept = useRef({ run, waiting: [] as T[] }).current;
  kept.run = run;
  return (next) => {
    if (kept.waiting.length === 0) {
      requestAnimationFrame(() => {
        const [last] = kept.waiting.splice(0);
        kept.run(last as T);
      });
    }
    kept.waiting[0] = next;
  };
}
