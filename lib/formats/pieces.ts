import type { Piece } from '../model/piece.ts';
import type { Trace } from '../model/trace.ts';
import { tracesOfSpanPieces } from './otlp/index.ts';
import { type ProfileItem, profileOfPiece, tracesOfStreamed, transactionOfPiece } from './sentry/index.ts';

type Form = Piece['form'];

/** Form → the traces of its pieces. A new form is a line here and a name in `model/piece.ts`. */
const TRACES: Readonly<Record<Form, (payloads: readonly Uint8Array[]) => readonly Trace[]>> = {
  'otlp-spans': tracesOfSpanPieces,
  'sentry-span': tracesOfStreamed,
  'sentry-transaction': (payloads) => payloads.map(transactionOfPiece),
  'sentry-chunk': () => [],
  'sentry-profile': () => [],
};

/** Traces of all pieces that there are of them, by whatever protocol they came. A root that came twice is one trace. */
export function tracesOfPieces(pieces: readonly Piece[]): readonly Trace[] {
  const traces = new Map<string, Trace>();
  for (const [form, group] of Map.groupBy(pieces, (piece) => piece.form)) {
    for (const trace of TRACES[form](group.map(({ payload }) => payload))) {
      const key = `${trace.traceId} ${trace.root.spanId}`;
      if (!traces.has(key)) traces.set(key, trace);
    }
  }
  return [...traces.values()];
}

/** Profiles of transactions, and chunks of continuous ones, among pieces. */
export const profilesOfPieces = (pieces: readonly Piece[]): readonly ProfileItem[] =>
  pieces.flatMap(({ form, payload }) =>
    form === 'sentry-chunk' || form === 'sentry-profile' ? [profileOfPiece(TYPES[form], payload)] : [],
  );
const TYPES = { 'sentry-chunk': 'profile_chunk', 'sentry-profile': 'profile' } as const;
