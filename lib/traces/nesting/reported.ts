import { cutCycles } from '../../model/cycles.ts';
import { ROOT, type SpanTable } from './span-table.ts';

/** The reported parents made fit to be walked: unknown ones become the root, and cycles are cut. */
export const reportedParents = ({ parent }: SpanTable): Int32Array =>
  cutCycles(parent.map((p) => Math.max(p, ROOT)));
