import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../keys.ts';
import { go, hrefWith } from '../router.ts';
import { serverNow } from '../status.ts';
import { ageMs, dayTime, fromInput, isoTime, PRESETS, resolveTime, toInput, zoneName } from '../time.ts';
import { useView } from '../view.ts';
import { ArrowIcon } from './icons.tsx';

const DEFAULT_SPAN_MS = 86_400_000;
const SOON_MS = 120_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Moves the range by half of itself; the right end never passes now. */
function shift(range: { from: string | null; to: string | null }, way: -1 | 1, shown: Span | undefined) {
  const now = serverNow();
  const to = resolveTime(range.to, now) ?? Math.min(now, shown?.to ?? now);
  const from = resolveTime(range.from, now) ?? shown?.from ?? to - DEFAULT_SPAN_MS;
  const span = to - from;
  const end = Math.min(now, to + (way * span) / 2);
  go(hrefWith({ from: isoTime(end - span), to: end >= now - 1000 ? null : isoTime(end) }));
}

/** `shown` is what the page shows while the reader has chosen nothing. */
export function RangeControl({ shown }: { shown?: Span | undefined }) {
  const { range, zone, now } = useView();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLFieldSetElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const toggleZone = () => go(hrefWith({ tz: zone === 'utc' ? 'local' : null }), 'replace');
  useKeys({ '[': () => shift(range, -1, shown), ']': () => shift(range, 1, shown), u: toggleZone });

  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const outside = event.target instanceof Node && !box.current?.contains(event.target);
      const escaped = event instanceof KeyboardEvent && event.key === 'Escape';
      if (escaped) button.current?.focus();
      if (escaped || (outside && event.type === 'pointerdown')) setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, [open]);

  const from = resolveTime(range.from, now);
  const to = resolveTime(range.to, now);
  const age = ageMs(range.from);
  const words =
    from === undefined
      ? shown
        ? `${dayTime(shown.from, zone)} – ${shown.to > now - SOON_MS ? 'now' : dayTime(shown.to, zone)}`
        : 'all data'
      : age !== undefined && to === undefined
        ? `last ${range.from?.replace('-', '')}`
        : `${dayTime(from, zone)} – ${to === undefined ? 'now' : dayTime(to, zone)}`;
  const short =
    from === undefined ? 'all' : age !== undefined ? (range.from?.replace('-', '') ?? '') : 'chosen';
  const choose = (change: { from: string | null; to: string | null }) => {
    setOpen(false);
    go(hrefWith(change));
    button.current?.focus();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const [a, b] = ['from', 'to'].map((name) => fromInput(String(data.get(name) ?? ''), zone));
    if (a !== undefined) choose({ from: isoTime(a), to: b === undefined ? null : isoTime(b) });
  };
  return (
    <fieldset class="range" aria-label="Time range" ref={box}>
      <button type="button" class="icon" aria-label="Earlier" onClick={() => shift(range, -1, shown)}>
        <ArrowIcon left />
      </button>
      <button type="button" class="when" ref={button} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="only-l">
          {words} <span class="dim">{zoneName(zone)}</span>
        </span>
        <span class="only-s">{short}</span>
        <span class="sr">, change the range</span>
      </button>
      <button
        type="button"
        class="icon"
        aria-label="Later"
        disabled={to === undefined}
        onClick={() => shift(range, 1, shown)}
      >
        <ArrowIcon left={false} />
      </button>
      {open && (
        <div class="pop">
          <div class="row presets">
            {PRESETS.map((preset) => (
              <button
                key={preset}
                type="button"
                class="btn"
                aria-pressed={range.from === `-${preset}` && range.to === null}
                onClick={() => choose({ from: `-${preset}`, to: null })}
              >
                {preset}
              </button>
            ))}
            <button
              type="button"
              class="btn"
              aria-pressed={range.from === null && range.to === null}
              onClick={() => choose({ from: null, to: null })}
            >
              all
            </button>
          </div>
          <form onSubmit={submit}>
            <label>
              From
              <input
                class="field"
                type="datetime-local"
                name="from"
                required
                value={toInput(from ?? now - DEFAULT_SPAN_MS, zone)}
              />
            </label>
            <label>
              To
              <input
                class="field"
                type="datetime-local"
                name="to"
                value={to === undefined ? '' : toInput(to, zone)}
              />
            </label>
            <button type="submit" class="btn primary">
              Show
            </button>
          </form>
          <fieldset class="seg" aria-label="Time zone">
            <button type="button" aria-pressed={zone === 'utc'} onClick={toggleZone}>
              UTC
            </button>
            <button type="button" aria-pressed={zone === 'local'} onClick={toggleZone}>
              {zoneName('local')}
            </button>
          </fieldset>
        </div>
      )}
    </fieldset>
  );
}
