import { isOtlpProfiles, isPprof } from '../pprof/detect.ts';
import { outlineJson } from './json.ts';
import { decodeText, textEncoding } from './text.ts';

export const PROFILE_FORMATS = [
  'pprof',
  'v8-cpuprofile',
  'v8-heapprofile',
  'folded',
  'lines',
  'speedscope',
  'sentry',
  'otlp-profiles',
  'jfr',
  'go-debug-text',
] as const;
export type ProfileFormat = (typeof PROFILE_FORMATS)[number];

/**
 * The format of a file by its content alone. A file that is cut or damaged further on is still claimed: its decoder
 * says what is wrong with it. Cheap, never throws.
 *
 * @param bytes not compressed
 */
export function detectProfile(bytes: Uint8Array): ProfileFormat | 'not-mine' {
  if (bytes.length === 0) return 'not-mine';
  if (startsWith(bytes, 'FLR\0')) return 'jfr';
  const sign = bytes[firstSign(bytes)];
  const found = sign === OPEN_OBJECT ? detectJson(bytes) : 'not-mine';
  if (found !== 'not-mine') return found;
  // Protobuf may begin with a line feed too, and then with a length that reads as a brace or a bracket.
  if (isPprof(bytes)) return 'pprof';
  if (isOtlpProfiles(bytes)) return 'otlp-profiles';
  return detectText(bytes, sign === OPEN_OBJECT || sign === OPEN_ARRAY);
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

const startsWith = (bytes: Uint8Array, text: string) =>
  Array.from(text).every((char, i) => bytes[i] === char.charCodeAt(0));

/** After a byte order mark and white space. */
function firstSign(bytes: Uint8Array): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at += 1;
  return at;
}

const HEAD_BYTES = 64 * 1024;

function detectJson(bytes: Uint8Array): ProfileFormat | 'not-mine' {
  if (isSentryEnvelope(bytes)) return 'sentry';
  const keys = new Set(outlineJson(bytes).keys);
  const has = (...names: string[]) => names.some((name) => keys.has(name));
  const head = () => new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  if (has('resourceProfiles') || (has('dictionary') && head().includes('Table"'))) return 'otlp-profiles';
  if (has('shared') && has('profiles')) return 'speedscope';
  if (has('$schema') && head().includes('speedscope')) return 'speedscope';
  if (
    has('profile') &&
    has('profiler_id', 'chunk_id', 'transaction', 'transactions', 'event_id', 'version', 'platform')
  ) {
    return 'sentry';
  }
  if (has('profile') && head().includes('"callFrame"'))
    return head().includes('"selfSize"') ? 'v8-heapprofile' : 'v8-cpuprofile';
  if (has('nodes') && (has('timeDeltas', 'startTime', 'endTime') || head().includes('"callFrame"')))
    return 'v8-cpuprofile';
  if (!has('head')) return 'not-mine';
  if (has('startTime', 'timestamps', 'typeId') || head().includes('"hitCount"')) return 'v8-cpuprofile';
  return head().includes('"selfSize"') || head().includes('"callFrame"') ? 'v8-heapprofile' : 'not-mine';
}

const NEWLINE = 0x0a;
const OF_ENVELOPE = /"(?:event_id|sent_at|dsn|sdk|trace)"/;
const OF_ITEM = /"type" *: *"/;

/** By its first two lines: an object with what an envelope's header says, then one with what an item's does. */
export function isSentryEnvelope(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, HEAD_BYTES);
  // Payloads by themselves are one line each, and come here by every upload.
  if (!head.includes(NEWLINE)) return false;
  const [header = '', item = ''] = new TextDecoder().decode(head).split('\n', 2);
  const isHeader =
    header === '{}' || (header.startsWith('{') && header.endsWith('}') && OF_ENVELOPE.test(header));
  return isHeader && item.startsWith('{') && OF_ITEM.test(item);
}

const DEBUG_TEXT =
  /^(heap profile: |goroutine profile: |threadcreate profile: |--- (contention|mutex|heap|cpu)|goroutine \d+ \[)/;
const COUNTED = /\S[ \t]+-?\d+(\.\d+)?[ \t]*$/;
const NUMBER_CELL = /(^|;)\s*-?\d+([.,]\d+)?\s*(;|$)/;
/** Lines that decide. */
const SAMPLE_LINES = 200;

/**
 * @param isLikeJson it may be a Chrome trace or the like: only stacks are taken then, for the outermost frame is often
 *   `[main tid=7]` (async-profiler), `[unknown]` (perf) or `{closure}` (PHP)
 */
function detectText(bytes: Uint8Array, isLikeJson: boolean): ProfileFormat | 'not-mine' {
  const text = decodeText(bytes.subarray(0, HEAD_BYTES));
  if (DEBUG_TEXT.test(text)) return 'go-debug-text';
  if (textEncoding(bytes) === 'utf-8' && isBinary(bytes)) return 'not-mine';
  // The last line of the head may be cut.
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  if (bytes.length > HEAD_BYTES && lines.length > 1) lines.pop();
  const read = lines.slice(0, SAMPLE_LINES);
  const counted = read.filter((line) => COUNTED.test(line));
  const stacks = counted.filter((line) => line.includes(';'));
  if (stacks.length > 0 && 4 * counted.length >= read.length) return 'folded';
  if (isLikeJson) return 'not-mine';
  if (counted.length > 0 && counted.length === read.length && !read.some((line) => line.includes(',')))
    return 'folded';
  if (counted.length > 0 || read.length === 0 || !read.every((line) => line.includes(';'))) return 'not-mine';
  // Tables with semicolons between their cells are no stacks.
  return 2 * read.filter((line) => NUMBER_CELL.test(line)).length > read.length ? 'not-mine' : 'lines';
}

/** A line of junk is no reason to refuse a file, binary data is. */
const FEW_CONTROLS = 8;
const MAX_CONTROLS = 1 / 64;

function isBinary(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, HEAD_BYTES);
  let controls = 0;
  for (let i = 0; i < end; i += 1) if (bytes[i]! < 0x09) controls += 1;
  return controls > FEW_CONTROLS + MAX_CONTROLS * end;
}
