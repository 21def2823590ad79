import { useEffect, useState } from 'preact/hooks';

/** A value that several parts draw, and that changes too often to draw anything else with it: what the pointer is on. */
export interface Shared<T> {
  now: T;
  readonly set: (value: T) => void;
  readonly listeners: Set<() => void>;
}

export function shared<T>(first: T): Shared<T> {
  const listeners = new Set<() => void>();
  const set = (value: T) => {
    if (value === self.now) return;
    self.now = value;
    for (const listener of listeners) listener();
  };
  const self: Shared<T> = { now: first, set, listeners };
  return self;
}

/** The value; who asks is drawn again when it changes. */
export function useShared<T>(of: Shared<T>): T {
  const [, setValue] = useState(of.now);
  useEffect(() => listen(of, () => setValue(of.now)), [of]);
  return of.now; // of another one at once: what was kept is not its value
}

/** Whether it is this one; who asks is drawn again when that changes. */
export function useIsShared<T>(of: Shared<T>, wanted: T): boolean {
  const [, setIs] = useState(of.now === wanted);
  useEffect(() => listen(of, () => setIs(of.now === wanted)), [of, wanted]);
  return of.now === wanted;
}

function listen({ listeners }: Pick<Shared<unknown>, 'listeners'>, listener: () => void): () => void {
  listener(); // it may have changed since it was drawn
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
