import { invalidInput } from '../../model/fault.ts';
import type { WorkSeries } from '../../model/leak.ts';
import type { UnitKind, UnitOfWork } from '../../model/unit-of-work.ts';
import { parseTable, timesOf } from './csv.ts';
import { decompress } from './decompress.ts';

const KINDS: readonly UnitKind[] = ['http', 'graphql', 'rpc', 'job', 'message', 'connection'];

/**
 * Reads `time_s,GET /orders,POST /orders,…`: finished units of work, one column each, on the clock of the memory file.
 * A column that never falls is cumulative; any other one holds the count since the row before. `job:mails` names a kind.
 */
export function parseUnits(packed: Uint8Array): WorkSeries[] {
  const table = parseTable(new TextDecoder().decode(decompress(packed)));
  if (table.header.length < 2)
    throw invalidInput('Cannot read the units: need time_s and one column per unit');
  const times = timesOf(table);
  return table.columns.slice(1).map((column, i) => ({
    unit: unitOfHeader(table.header[i + 1]!),
    status: '',
    times,
    counts: cumulative(column),
    complete: true,
  }));
}

function unitOfHeader(header: string): UnitOfWork {
  const kind = KINDS.find((k) => header.startsWith(`${k}:`));
  return kind ? { kind, name: header.slice(kind.length + 1) } : { kind: 'http', name: header };
}

function cumulative(column: Float64Array): Float64Array {
  const filled = new Float64Array(column.length);
  const counts = column.map((v) => (Number.isFinite(v) && v > 0 ? v : 0));
  const falls = counts.some((v, i) => i > 0 && Number.isFinite(column[i]!) && v < (counts[i - 1] ?? 0));
  let sum = 0;
  for (const [i, count] of counts.entries()) {
    sum = falls ? sum + count : Math.max(sum, count);
    filled[i] = sum;
  }
  return filled;
}
