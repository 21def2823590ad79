import { decompress } from '../formats/decompress.ts';
import { tracesOfSpans } from '../formats/otlp/index.ts';
import { decodeProfile } from '../formats/profiles/index.ts';
import { parseTraceFile, type TraceFile } from '../formats/trace-files.ts';
import { Fault } from '../model/fault.ts';
import { MIB } from '../model/units.ts';
import { analyzeTraces } from '../traces/analyze.ts';
import type { TraceProfile } from '../traces/sampled.ts';
import type { Io } from './command.ts';
import { readBytes } from './read-file.ts';
import { traceDocument } from './trace-json.ts';
import { traceView } from './trace-view.ts';

const MAX_BYTES = 1024 * MIB;

/** @returns how many traces are nested wrongly */
export async function checkTraceFiles(
  {
    files,
    json,
    limit,
  }: { readonly files: readonly string[]; readonly json: boolean; readonly limit: number },
  io: Io,
): Promise<number> {
  const read: TraceFile[] = [];
  for (const file of files) read.push(await readTraceFile(file, io));
  const resources = read.flatMap(({ spans }) => spans.flatMap((one) => one.resources));
  const spans = read.flatMap((one) => one.spans).reduce((sum, one) => sum + one.spans, 0);
  const traces = [...read.flatMap((one) => one.traces), ...tracesOfSpans({ resources, spans })];
  const profiles = read.flatMap((one) => profilesOf(one, io));
  for (const [reason, count] of droppedIn(read))
    io.stderr(`tidemark trace: left out: ${count} × ${reason}\n`);
  const result = analyzeTraces({ traces, profiles });
  io.stdout(json ? `${JSON.stringify(traceDocument(result))}\n` : traceView(result, limit));
  return result.traces.filter(({ nested }) => nested.verdict === 'misnested').length;
}

async function readTraceFile(file: string, io: Io): Promise<TraceFile> {
  const bytes = await readBytes(file, io);
  try {
    const limits = { maxBytes: MAX_BYTES, maxRatio: Number.POSITIVE_INFINITY };
    return parseTraceFile(decompress(bytes, '', limits));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

/** A profile that cannot be read costs its gaps their causes, nothing else. */
function profilesOf({ profiles }: TraceFile, io: Io): TraceProfile[] {
  return profiles.flatMap(({ payload, ...facts }) => {
    try {
      return [{ ...facts, profile: decodeProfile(payload, { format: 'sentry' }) }];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      io.stderr(`tidemark trace: left out a profile: ${error.message}\n`);
      return [];
    }
  });
}

function droppedIn(files: readonly TraceFile[]): ReadonlyMap<string, number> {
  const dropped = new Map<string, number>();
  for (const file of files)
    for (const [reason, count] of file.dropped) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  return dropped;
}
