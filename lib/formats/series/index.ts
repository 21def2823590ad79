import { invalidInput } from '../../model/fault.ts';
import type { MemoryRole } from '../../model/memory.ts';
import { parseTables } from './csv.ts';
import { decompress } from './decompress.ts';
import { isPrometheus, parsePrometheus } from './prometheus.ts';
import type { ParsedSeries } from './series.ts';
import { seriesOfTable } from './table-series.ts';

export { parseCurves } from './curves.ts';
export { decompress } from './decompress.ts';
export { type ParsedSeries, roleOfName } from './series.ts';
export { parseUnits } from './units.ts';

/**
 * Memory series of a file of any kind that `tidemark scan` reads without the OTLP decoders.
 * @param role which column of a table is wanted, where one has it
 */
export function parseSeries(packed: Uint8Array, role?: MemoryRole): ParsedSeries[] {
  const text = new TextDecoder().decode(decompress(packed));
  const head = text.trimStart().slice(0, 1);
  if (head === '') throw invalidInput('Cannot read the file: it is empty');
  if (head !== '{' && head !== '[') {
    const series = parseTables(text).flatMap((table) => seriesOfTable(table, role));
    if (series.length === 0) throw invalidInput('Cannot read the CSV: none of its metrics is memory');
    return series;
  }
  const json = parseJson(text);
  if (isPrometheus(json)) return parsePrometheus(json);
  const { status, error } = (json ?? {}) as Record<string, unknown>;
  if (status === 'error')
    throw invalidInput(`Cannot read the Prometheus answer: it is an error, "${String(error)}"`);
  throw invalidInput('Cannot read the JSON: it is not a Prometheus query_range answer');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidInput(`Cannot read the JSON: ${(error as Error).message}`, { cause: error });
  }
}
