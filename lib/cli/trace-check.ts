import { decompress } from '../formats/decompress.ts';
import { tracesOfSpans } from '../formats/otlp/index.ts';
import { decodeProfile } from '../formats/profiles/index.ts';
import { tracesOfSentSpans } from '../formats/sentry/index.ts';
import { parseTraceFile, type TraceFile } from '../formats/trace-files.ts';
import { Fault } from '../model/fault.ts';
import { MIB } from '../model/units.ts';
import { analyzeTraces } from '../traces/analyze.ts';
import type { TraceProfile } from '../traces/sampled.ts';
import type { Io } from './command.ts';
import { naming, readBytes } from './read-file.ts';
import { traceDocument } from './trace-json.ts';
import { traceView } from './trace-view.ts';

const MAX_BYTES = 1024 * MIB;

/**
 * Files are one run: what lies in several of them is put together. One that cannot be read does not take the others with it.
 *
 * @returns how many traces are nested wrongly, and the faults of files that could not be read
 * @throws Fault when none could be
 */
export async function checkTraceFiles(
  {
    files,
    json,
    limit,
  }: { readonly files: readonly string[]; readonly json: boolean; readonly limit: number },
  io: Io,
): Promise<{ readonly misnested: number; readonly faults: readonly Fault[] }> {
  const read: TraceFile[] = [];
  const faults: Fault[] = [];
  for (const file of files) {
    try {
      read.push(await readTraceFile(file, io));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
  }
  if (read.length === 0) throw faults[0]!;
  const { traces, fileOf, rootless } = joined(read);
  const profiles = read.flatMap((one) => profilesOf(one, io));
  const dropped = droppedIn(read);
  if (rootless > 0) dropped.set('span without a local root in these files', rootless);
  for (const [reason, count] of dropped) io.stderr(`tidemark trace: left out: ${count} × ${reason}\n`);
  const result = analyzeTraces({ traces, profiles, partOf: (index) => fileOf[index]! });
  io.stdout(json ? `${JSON.stringify(traceDocument(result))}\n` : traceView(result, limit));
  const misnested = result.traces.filter(({ nested }) => nested.verdict === 'misnested').length;
  return { misnested, faults };
}

async function readTraceFile(file: string, io: Io): Promise<TraceFile> {
  const bytes = await readBytes(file, io);
  const limits = { maxBytes: MAX_BYTES, maxRatio: Number.POSITIVE_INFINITY };
  return naming(file, () => parseTraceFile(decompress(bytes, '', limits)));
}

/**
 * The traces of all files, each with its file (of spans that came one by one that of their local root), and how many of
 * those spans have no local root in any of them.
 */
function joined(files: readonly TraceFile[]) {
  const fileOfSpan = new Map<string, number>();
  const idOf = (traceId: string, spanId: string) => `${traceId} ${spanId}`;
  const resourcesOf = ({ spans }: TraceFile) => spans.flatMap(({ resources }) => resources);
  for (const [f, file] of files.entries()) {
    for (const { scopes } of resourcesOf(file))
      for (const { spans } of scopes)
        for (const { traceId, spanId } of spans) fileOfSpan.set(idOf(traceId, spanId), f);
    for (const { one } of file.streamed) fileOfSpan.set(idOf(one.traceId, one.span.spanId), f);
  }
  const built = [
    ...tracesOfSpans({ resources: files.flatMap(resourcesOf), spans: 0 }),
    ...tracesOfSentSpans(files.flatMap(({ streamed }) => streamed)),
  ];
  const placed = built.reduce((sum, { spans, droppedSpans }) => sum + 1 + spans.length + droppedSpans, 0);
  return {
    traces: [...files.flatMap(({ traces }) => traces), ...built],
    fileOf: [
      ...files.flatMap(({ traces }, f) => traces.map(() => f)),
      ...built.map(({ traceId, root }) => fileOfSpan.get(idOf(traceId, root.spanId))!),
    ],
    rootless: fileOfSpan.size - placed,
  };
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

function droppedIn(files: readonly TraceFile[]): Map<string, number> {
  const dropped = new Map<string, number>();
  for (const file of files)
    for (const [reason, count] of file.dropped) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  return dropped;
}
