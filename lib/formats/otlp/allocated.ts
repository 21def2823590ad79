import type { WorkSpan } from '../../model/telemetry.ts';
import type { Attributes, AttributeValue } from '../work/attributes.ts';

// What a middleware of the team's own says of one request: the difference of tracemalloc (or process.memoryUsage) over it, and
// the lines that allocated most, as `memory.allocated_bytes` and `memory.top_allocator.N.{file,size_bytes}`, N from 0 or 1.

const TOP_MAX = 10;
/** More than any process has: a mistake of the sender. */
const BYTES_MAX = 2 ** 50;

/** Undefined when the span says nothing of it. */
export function allocatedIn(attributes: Attributes): WorkSpan['allocated'] {
  const bytes = bytesOf(attributes.get('memory.allocated_bytes'));
  if (bytes === undefined) return undefined;
  const top = Array.from({ length: TOP_MAX + 1 }, (_, n) => {
    const file = attributes.get(`memory.top_allocator.${n}.file`);
    const size = bytesOf(attributes.get(`memory.top_allocator.${n}.size_bytes`));
    return typeof file === 'string' && size !== undefined && size > 0
      ? [{ file: withoutNoLine(file), bytes: size }]
      : [];
  }).flat();
  return { bytes, top };
}

/** Numbers beyond 2^53 come as texts, and some middlewares write all of them so. */
function bytesOf(value: AttributeValue | undefined): number | undefined {
  if (value === undefined || value === '' || typeof value === 'boolean') return undefined;
  const bytes = Number(value);
  return Number.isFinite(bytes) && Math.abs(bytes) <= BYTES_MAX ? Math.round(bytes) : undefined;
}

/** tracemalloc, asked by file, writes `cart.py:0`: there is no line. */
const withoutNoLine = (file: string) => file.replace(/:0$/, '').slice(0, 500);
