import { invalidInput } from '../../model/fault.ts';
import type { WorkSeries } from '../../model/leak.ts';
import type { UnitKind, UnitOfWork } from '../../model/unit-of-work.ts';
import { areCumulative, countedUp } from './counts.ts';
import { livesOf, parseTable } from './csv.ts';
import { decompress } from './decompress.ts';
import { timesOf } from './times.ts';

const KINDS: readonly UnitKind[] = ['http', 'graphql', 'rpc', 'job', 'message', 'connection'];

export interface ParsedUnits {
  readonly work: readonly WorkSeries[];
  /** What was guessed, for people. */
  readonly assumed: readonly string[];
}

/**
 * Reads `time_s,GET /orders,POST /orders,…`: finished units of work, one column each, on the clock of the memory file; where
 * that clock starts again, those of the last process. Counts are cumulative in all columns (falling only where a counter
 * begins anew) or since the row before in all. `job:mails` names a kind.
 */
export function parseUnits(packed: Uint8Array): ParsedUnits {
  const table = parseTable(new TextDecoder().decode(decompress(packed)));
  if (table.header.length < 2)
    throw invalidInput('Cannot read the units: need time_s and one column per unit');
  const present = livesOf(table).at(-1)!;
  const hasTime = (_: number, row: number) => Number.isFinite(present.columns[0]![row]);
  const times = timesOf(present).filter(hasTime);
  const columns = present.columns.slice(1).map((column) => column.filter(hasTime));
  const isCumulative = areCumulative(columns);
  const work = columns.map((column, i) => ({
    unit: unitOfHeader(table.header[i + 1]!),
    status: '',
    times,
    counts: countedUp(column, isCumulative),
    complete: true,
  }));
  return { work, assumed: [...table.assumed, isCumulative ? 'counts are cumulative' : 'counts are per row'] };
}

function unitOfHeader(header: string): UnitOfWork {
  const kind = KINDS.find((k) => header.startsWith(`${k}:`));
  return kind ? { kind, name: header.slice(kind.length + 1) } : { kind: 'http', name: header };
}
