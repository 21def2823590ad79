import type { Piece } from '../../model/piece.ts';
import type { Trace } from '../../model/trace.ts';
import type { DecodedEnvelope } from './decode.ts';
import { idAt } from './json.ts';
import { type SentSpan, type StreamedSpan, tracesOfSentSpans } from './streamed.ts';

// Payloads are JSON of our own types: pieces live for an hour or two, and their object tells the version.

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();
const PROFILER_DIGITS = 32;

/**
 * Streamed spans, transactions, their profiles and chunks of continuous ones. Also transactions that came whole: how a
 * process nests its spans, and who held its event loop, is seen in many of them together.
 */
export function envelopePieces({ traces, streamed, profiles, context }: DecodedEnvelope): readonly Piece[] {
  const spans = streamed.map((one): Piece => {
    const root = one.isSegment ? { roots: [one.span.spanId], profiler: profilerOf(one) } : NO_ROOT;
    // Of a span below a segment nothing tells the process for certain: its server may be the one that it called.
    const facts = { key: one.traceId, process: context.project, ...root };
    return { form: 'sentry-span', ...facts, spans: 1, payload: json({ one, context }) };
  });
  const transactions = traces
    .filter(({ source }) => source === 'sentry-transaction')
    .map((trace): Piece => {
      const { traceId, root, profile, spans } = trace;
      const own = {
        ...{ key: traceId, process: processOf(trace) },
        ...{ roots: [root.spanId], profiler: profile.profilerId },
      };
      return { form: 'sentry-transaction', ...own, spans: 1 + spans.length, payload: json(trace) };
    });
  const chunks = profiles
    .filter(({ kind, profilerId }) => kind === 'chunk' && profilerId !== '')
    .map(
      ({ profilerId, payload }): Piece => ({
        form: 'sentry-chunk',
        key: profilerId,
        process: '',
        ...NO_ROOT,
        spans: 1,
        payload,
      }),
    );
  const traceOf = new Map(traces.map((trace) => [trace.profile.eventId, trace]));
  const ofTransactions = profiles
    .filter(({ kind, eventId }) => kind === 'transaction' && eventId !== '' && traceOf.has(eventId))
    .map(({ eventId, payload }): Piece => {
      const trace = traceOf.get(eventId) as Trace;
      const facts = { key: trace.traceId, process: processOf(trace), ...NO_ROOT };
      return { form: 'sentry-profile', ...facts, spans: 1, payload };
    });
  return [...spans, ...transactions, ...chunks, ...ofTransactions];
}

const processOf = ({ service, host, process }: Trace) => `${service}\n${host}\n${process}`;
const NO_ROOT = { roots: [], profiler: '' };
const json = (payload: SentSpan | Trace) => utf8.encode(JSON.stringify(payload));
const profilerOf = ({ data }: StreamedSpan) => idAt(data, 'sentry.profiler_id', PROFILER_DIGITS);

/** Segments with their spans, however many envelopes they came in. */
export const tracesOfStreamed = (payloads: readonly Uint8Array[]): readonly Trace[] =>
  tracesOfSentSpans(payloads.map((payload) => JSON.parse(fromUtf8.decode(payload)) as SentSpan));

export const transactionOfPiece = (payload: Uint8Array): Trace =>
  JSON.parse(fromUtf8.decode(payload)) as Trace;
