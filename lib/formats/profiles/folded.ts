import { invalidInput } from '../../model/fault.ts';
import type { Profile, SampleType } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from './builder.ts';
import { guessInApp } from './in-app.ts';
import { MAX_DEPTH, tooMany } from './limits.ts';
import { decodeText } from './text.ts';
import { wholeWeights } from './value-column.ts';

// Folded stacks, `a;b;c 12` a line, as stackcollapse-*.pl, py-spy, async-profiler, Excimer and StackProf write them
// (https://github.com/brendangregg/FlameGraph); and Pyroscope's `lines`, a stack a line that counts once.

const COUNT = /^(.*\S|)[ \t]+(-?\d+(?:\.\d+)?)[ \t]*$/;
const WHOLE = /^-?\d+$/;
/** Austin's lines about itself, `# duration: 383010`. */
const METADATA = /^# [\w-]+: /;
const SAMPLES: SampleType = { type: 'samples', unit: 'count', temporality: 'delta' };

/** Lines that are no stack with a count are passed over: tools write comments and warnings between. */
export function decodeFolded(bytes: Uint8Array, sampleType = SAMPLES): Profile {
  const builder = createProfileBuilder(1);
  const pusher = stackPusher(builder);
  const whole = wholeWeights(1);
  forEachLine(decodeText(bytes), (line) => {
    const match = METADATA.test(line) ? null : COUNT.exec(line);
    if (match === null || match[1] === '') return;
    const count = match[2]!;
    pusher(match[1]!);
    builder.value(0, WHOLE.test(count) ? integer(count) : whole(Number(count)));
  });
  if (builder.sampleCount === 0)
    throw invalidInput('Cannot decode folded stacks: no line is a stack with a count');
  return builder.finish({ format: 'folded', sampleTypes: [sampleType] });
}

export function decodeLines(bytes: Uint8Array, sampleType = SAMPLES): Profile {
  const builder = createProfileBuilder(1);
  const pusher = stackPusher(builder);
  forEachLine(decodeText(bytes), (line) => {
    if (line.trim() === '') return;
    pusher(line);
    builder.value(0, 1);
  });
  if (builder.sampleCount === 0) throw invalidInput('Cannot decode lines: every line is empty');
  return builder.finish({ format: 'lines', sampleTypes: [sampleType] });
}

function integer(text: string): number | bigint {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  // Digits beyond any 64-bit integer are refused by the column; a megabyte of them should not become a bigint first.
  if (text.length > 20)
    throw invalidInput(`Cannot decode folded stacks: the count ${text.slice(0, 24)}… has more than 64 bits`);
  return BigInt(text);
}

/** Lines end in LF, CRLF or CR. No array of all lines: that would double a large file once more. */
export function forEachLine(text: string, visit: (line: string) => void): void {
  const isMac = !text.includes('\n') && text.includes('\r');
  const separator = isMac ? '\r' : '\n';
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    const last = end > start && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
    if (last > start) visit(text.slice(start, last));
    start = end + 1;
  }
}

/** Adds one sample; frames of many lines are the same few. */
function stackPusher(builder: ProfileBuilder): (stack: string) => void {
  const frames = new Map<string, number>();
  return (stack) => {
    let node = ROOT;
    let depth = 0;
    for (let start = 0; start <= stack.length; depth += 1) {
      if (depth >= MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
      const found = stack.indexOf(';', start);
      const end = found < 0 ? stack.length : found;
      node = builder.node(node, frameOf(stack.slice(start, end).trim(), frames, builder));
      start = end + 1;
    }
    builder.sample(node);
  };
}

function frameOf(name: string, frames: Map<string, number>, builder: ProfileBuilder): number {
  const known = frames.get(name);
  if (known !== undefined) return known;
  const frame = builder.frame(builder.string(name), 0, 0, guessInApp(name, ''));
  frames.set(name, frame);
  return frame;
}
