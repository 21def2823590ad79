import type { Piece } from '../../model/piece.ts';
import type { Trace } from '../../model/trace.ts';
import type { Attributes, AttributeValue } from '../work/attributes.ts';
import type { DecodedTraces, ResourceSpans, Scope, Span } from './decoded.ts';
import { isLocalRoot, processOf, tracesOfSpans } from './to-traces.ts';

// Payloads are JSON of our own types, attributes as lists: pieces live for an hour or two, and their object tells the version.

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();
/** Resources are told again with every trace. What names a process or a machine is never as long as a command line. */
const RESOURCE_VALUE_CHARS = 255;

type Entries = readonly (readonly [string, AttributeValue])[];
type StoredSpan = Omit<Span, 'attributes'> & { readonly attributes: Entries };
interface StoredResource {
  readonly attributes: Entries;
  readonly scopes: { readonly scope: Scope; readonly spans: readonly StoredSpan[] }[];
}

/** The spans of an upload: one piece for each trace of each resource. */
export function spanPieces(decoded: DecodedTraces): readonly Piece[] {
  return decoded.resources.flatMap((resource) => {
    const attributes = [...resource.attributes].filter(
      ([, value]) => typeof value !== 'string' || value.length <= RESOURCE_VALUE_CHARS,
    );
    const process = processOf(resource.attributes);
    return [...byTrace(resource)].map(([key, { scopes, roots, spans }]): Piece => {
      const stored: StoredResource = { attributes, scopes: [...scopes.values()] };
      const payload = utf8.encode(JSON.stringify(stored));
      return { form: 'otlp-spans', key, process, roots: [...roots], profiler: '', spans, payload };
    });
  });
}

interface OfTrace {
  readonly scopes: Map<Scope, { readonly scope: Scope; readonly spans: StoredSpan[] }>;
  /** A span that was sent again is the same root. */
  readonly roots: Set<string>;
  spans: number;
}

function byTrace({ scopes }: ResourceSpans): ReadonlyMap<string, OfTrace> {
  const traces = new Map<string, OfTrace>();
  for (const { scope, spans } of scopes) {
    for (const span of spans) {
      // As `tracesOfSpans` has it: without ids and a time nothing can be joined.
      if (span.start <= 0 || span.spanId === '' || span.traceId === '') continue;
      const found: OfTrace = traces.get(span.traceId) ?? { scopes: new Map(), roots: new Set(), spans: 0 };
      traces.set(span.traceId, found);
      const inScope = found.scopes.get(scope) ?? { scope, spans: [] };
      found.scopes.set(scope, inScope);
      inScope.spans.push({ ...span, attributes: [...span.attributes] });
      found.spans += 1;
      if (isLocalRoot(span)) found.roots.add(span.spanId);
    }
  }
  return traces;
}

/** The traces of pieces that came in several uploads. */
export function tracesOfSpanPieces(payloads: readonly Uint8Array[]): readonly Trace[] {
  const resources = payloads.map((payload) => resourceOf(JSON.parse(fromUtf8.decode(payload))));
  return tracesOfSpans({ resources, spans: 0 });
}

const resourceOf = ({ attributes, scopes }: StoredResource): ResourceSpans => ({
  attributes: attributesOf(attributes),
  scopes: scopes.map(({ scope, spans }) => ({
    scope,
    spans: spans.map((span) => ({ ...span, attributes: attributesOf(span.attributes) })),
  })),
});

/** JSON has no NaN and no infinities: they come back as null, which is no attribute. */
const attributesOf = (entries: Entries): Attributes => new Map(entries.filter(([, value]) => value !== null));
