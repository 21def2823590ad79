import type { ProfileBuilder } from './builder.ts';
import { APP, guessInApp, LIBRARY, UNKNOWN } from './in-app.ts';
import { isObject, type JsonObject, type jsonReader } from './json.ts';

// Frames of V8's profilers. https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#type-CallFrame of `callFrame`;
// before Node 8 the same members stood in the node itself.

/** The profile itself, where a file is the inspector's whole answer: `{"profile": …}`. */
export const unwrapped = (file: JsonObject): JsonObject => (isObject(file.profile) ? file.profile : file);

/** The node that all stacks begin at. It is no frame of its own. */
export function isV8Root(node: JsonObject): boolean {
  const call = isObject(node.callFrame) ? node.callFrame : node;
  return call.functionName === '(root)' || call.functionName === undefined || call.functionName === '';
}

/** @returns the frame's index */
export function v8Frame(
  node: JsonObject,
  builder: ProfileBuilder,
  read: ReturnType<typeof jsonReader>,
): number {
  const call = isObject(node.callFrame) ? node.callFrame : node;
  const name = read.text(call.functionName) || '(anonymous)';
  const file = read.text(call.url);
  // Zero-based, −1 where there is none; the old form counts from 1 and has no column.
  const line = typeof call.lineNumber === 'number' ? call.lineNumber : -1;
  const lineFrom1 = call === node ? line : line + 1;
  return builder.frame(
    builder.string(name),
    builder.string(file),
    Number.isInteger(lineFrom1) && lineFrom1 > 0 && lineFrom1 <= 0x7fff_ffff ? lineFrom1 : 0,
    v8InApp(name, file),
  );
}

/** Without a URL it is built into V8 or Node. */
function v8InApp(name: string, file: string): number {
  if (file === '') return LIBRARY;
  const guess = guessInApp(name, file);
  return guess === UNKNOWN ? APP : guess;
}
