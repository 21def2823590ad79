/**
 * A part of a trace, or of a profile, whose other parts come in other uploads. A join puts them together by their key, once
 * the local root is there.
 */
export interface Piece {
  /** Which reader of `formats/` understands the payload. */
  readonly form: PieceForm;
  /** What the parts share: the trace's id; of a profile's chunk its profiler's session. */
  readonly key: string;
  /** What all parts of one local root's work share, and other processes do not, as far as it is told; may be ''. */
  readonly process: string;
  /** Span ids of the local roots in it. Whoever holds the root decides when the trace is put together. */
  readonly roots: readonly string[];
  /** Session of the continuous profiler whose chunks tell what its roots did; '' for none. */
  readonly profiler: string;
  /** How many spans it holds; 1 for a chunk. */
  readonly spans: number;
  readonly payload: Uint8Array;
}

/** In the order of their numbers in stored pieces: new ones go to the end. */
export const PIECE_FORMS = [
  'otlp-spans',
  'sentry-span',
  'sentry-transaction',
  'sentry-chunk',
  'sentry-profile',
] as const;
export type PieceForm = (typeof PIECE_FORMS)[number];
