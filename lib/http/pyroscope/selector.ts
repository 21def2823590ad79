import { Fault } from '../../model/fault.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/units.ts';

// What Pyroscope's query language says about which profiles: a type, then labels as Prometheus matches them.
//   process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="shop", unit=~"GET .*"}

export interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

const TEXT_MAX = 4096;
const PAIR = /^\s*([\w.]+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/;

/** @throws Fault('invalid-input') for what is no selector */
export function parseSelector(text: string): Matcher[] {
  if (text.length > TEXT_MAX) throw bad(text);
  const inner = /^\s*(?:\{([\s\S]*)\})?\s*$/.exec(text);
  if (inner === null) throw bad(text);
  const matchers: Matcher[] = [];
  for (let rest = (inner[1] ?? '').trim(); rest !== ''; ) {
    const pair = PAIR.exec(rest);
    if (pair === null) throw bad(text);
    matchers.push(matcherOf(pair[1]!, pair[2]!, unescaped(pair[3]!)));
    rest = rest.slice(pair[0].length);
  }
  return matchers;
}

const bad = (text: string) =>
  new Fault('invalid-input', `Cannot read selector "${text.slice(0, 100)}": need {label="value", …}`);

const unescaped = (text: string) =>
  text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));

function matcherOf(label: string, operator: string, value: string): Matcher {
  if (operator === '=') return { label, matches: (one) => one === value };
  if (operator === '!=') return { label, matches: (one) => one !== value };
  const pattern = patternOf(value);
  return { label, matches: (one) => pattern(one) === (operator === '=~') };
}

/**
 * Alternatives of texts with `.*` and `.+` in them, which is what Grafana writes. A whole engine of regular expressions
 * would let a query run for ever. Backslashes make the next character plain.
 */
function patternOf(text: string): (value: string) => boolean {
  const alternatives = text
    .replace(/^\((.*)\)$/, '$1')
    .split('|')
    .map(partsOf);
  return (value) => alternatives.some((parts) => fits(value, parts));
}

interface Part {
  readonly text: string;
  /** Characters that have to stand between this part and the next at least; undefined for the last part. */
  readonly gap: number | undefined;
}

function partsOf(alternative: string): Part[] {
  const parts: Part[] = [];
  let text = '';
  for (let i = 0; i < alternative.length; i += 1) {
    const char = alternative[i]!;
    const next = alternative[i + 1];
    if (char === '\\' && next !== undefined) {
      text += next;
      i += 1;
    } else if (char === '.' && (next === '*' || next === '+')) {
      parts.push({ text, gap: next === '+' ? 1 : 0 });
      text = '';
      i += 1;
    } else if (/[()[\]{}^$*+?]/.test(char)) {
      throw new Fault(
        'invalid-input',
        `Cannot match by "${alternative.slice(0, 100)}": only | .* .+ are known`,
      );
    } else text += char;
  }
  return [...parts, { text, gap: undefined }];
}

/** Anchored at both ends, as Prometheus does it; each part as early as it can be, the last one at the end. */
function fits(value: string, parts: readonly Part[]): boolean {
  let at = 0;
  for (const [i, { text, gap }] of parts.entries()) {
    const isLast = gap === undefined;
    const least = i === 0 ? 0 : at + (parts[i - 1]!.gap ?? 0);
    const place =
      i === 0
        ? value.startsWith(text)
          ? 0
          : -1
        : isLast
          ? value.length - text.length
          : value.indexOf(text, least);
    if (place < least || !value.startsWith(text, place)) return false;
    at = place + text.length;
  }
  return at === value.length;
}

/** The sample type of `name:type:unit:period type:period unit`, or of a bare `type:unit`. */
export function sampleTypeOf(id: string): { readonly type: string; readonly unit: string } {
  const parts = id.split(':');
  const [type, unit] = parts.length >= 5 ? [parts[1], parts[2]] : parts;
  if (!type) throw new Fault('invalid-input', `Cannot read profile type "${id.slice(0, 100)}"`);
  return { type, unit: unit ?? '' };
}

/** A query of /render: the type, then the labels in braces. */
export function parseQuery(query: string): { readonly id: string; readonly selector: string } {
  const brace = query.indexOf('{');
  return brace < 0
    ? { id: query, selector: '' }
    : { id: query.slice(0, brace), selector: query.slice(brace) };
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const SECONDS_BELOW = 1e11;

/** `now`, `now-1h`, seconds or milliseconds since 1970. */
export function momentOf(text: string | undefined, now: EpochMs, absent: EpochMs): EpochMs {
  if (text === undefined || text === '') return absent;
  const relative = /^now(?:-(\d{1,9})([smhd]))?$/.exec(text);
  if (relative !== null) return now - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] ?? 0);
  if (!/^\d{1,15}$/.test(text))
    throw new Fault('invalid-input', `Cannot read time "${text.slice(0, 40)}": need now-1h or a Unix time`);
  const number = Number(text);
  return number < SECONDS_BELOW ? number * SECOND_MS : number;
}
