import { useEffect, useRef } from 'preact/hooks';

// Single keys, off in fields and off for everybody who says so (WCAG 2.1.4).

export type KeyMap = Record<string, () => void>;
const maps: { current: KeyMap }[] = [];
const STORE = 'tidemark-keys';
const SEQUENCE_MS = 1200;

export const keysAreOn = (): boolean => {
  try {
    return localStorage.getItem(STORE) !== 'off';
  } catch {
    return true; // storage switched off: the default holds
  }
};
export function switchKeys(on: boolean) {
  try {
    localStorage.setItem(STORE, on ? 'on' : 'off');
  } catch {
    // Storage is switched off: the choice lasts as long as the page, which is to say not at all.
  }
}

/** The page's keys: a character, or two in a row such as `g s`. The innermost map that knows a key wins. */
export function useKeys(map: KeyMap) {
  const entry = useRef(map);
  entry.current = map;
  useEffect(() => {
    maps.unshift(entry);
    return () => void maps.splice(maps.indexOf(entry), 1);
  }, []);
}

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select'));

export function startKeys() {
  let prefix = '';
  let prefixAt = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
    if (document.querySelector('dialog[open]') || !keysAreOn()) return;
    const sequence =
      prefix && event.timeStamp - prefixAt < SEQUENCE_MS ? `${prefix} ${event.key}` : event.key;
    prefix = '';
    const action = maps.map((map) => map.current[sequence]).find((found) => found !== undefined);
    if (action) {
      event.preventDefault();
      action();
    } else if (event.key === 'g') {
      prefix = event.key;
      prefixAt = event.timeStamp;
    }
  });
}

/** `j` and `k`: moves the focus along the rows of the page. */
export function moveRow(step: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('#main [data-row]')].filter(
    (row) => row.offsetParent,
  );
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  const target = next?.matches('a, button') ? next : next?.querySelector<HTMLElement>('a, button');
  target?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
