import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Loaded, Problem } from '../api.ts';
import { hourMinute } from '../time.ts';
import { useView } from '../view.ts';

const PATIENCE_MS = 150;

/** Nothing for 150 ms, then the shape of what comes. */
export function Skeleton({ chart = true }: { chart?: boolean }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`skeleton${shown ? '' : ' hidden'}`} role="status" aria-label="Loading">
      <span class="sk sk-tag" />
      <span class="sk sk-say" />
      <span class="sk sk-say short" />
      {chart && <span class="sk sk-chart" />}
      {[1, 2, 3, 4].map((n) => (
        <span key={n} class="sk sk-row" />
      ))}
    </div>
  );
}

/** What could not be read, the code, since when the view is old, and one button. */
export function Failed({
  what,
  problem,
  retry,
  old = false,
}: {
  what: string;
  problem: Problem;
  retry: () => void;
  old?: boolean;
}) {
  const { zone } = useView();
  return (
    <div class="msg err" role="alert">
      <span aria-hidden="true" />
      <p>
        <b>Could not read {what}</b>: {problem.detail ?? problem.title}
        {problem.status > 0 && <span class="dim"> ({problem.status})</span>}.
        {old && <> What you see was read before {hourMinute(problem.at, zone)}.</>}
      </p>
      <button type="button" class="btn" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** A part of a page: its data when there, else its state. A part that fails never blanks another. */
export function Part<T>({
  of,
  what,
  children,
  chart = true,
}: {
  of: Loaded<T>;
  what: string;
  children: (data: T) => ComponentChildren;
  chart?: boolean;
}) {
  if (of.data === undefined) {
    return of.problem ? (
      <Failed what={what} problem={of.problem} retry={of.reload} />
    ) : (
      <Skeleton chart={chart} />
    );
  }
  return (
    <>
      {of.problem && <Failed what={what} problem={of.problem} retry={of.reload} old />}
      <div class={`part${of.pending ? ' pale' : ''}`}>{children(of.data)}</div>
    </>
  );
}

/** Says what was looked for, the nearest thing that exists, and one way on. */
export const Empty = ({ children }: { children: ComponentChildren }) => (
  <div class="msg plain">
    <span aria-hidden="true" />
    <p>{children}</p>
  </div>
);
