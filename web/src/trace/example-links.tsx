import type { ApiSuspectSpan } from '../../../lib/http/trace-schemas.ts';
import { milliseconds } from '../format.ts';
import { traceHref } from './link.ts';

type Example = ApiSuspectSpan['examples'][number];

/** Retained traces behind a number, each by its own time. `open` says what of the trace is shown. */
export function ExampleLinks({
  service,
  examples,
  open,
  about,
}: {
  service: string;
  examples: readonly Example[];
  open: (example: Example) => Record<string, string>;
  about: string;
}) {
  if (examples.length === 0) return <span class="dim">none kept</span>;
  return (
    <span class="links">
      {examples.slice(0, 3).map((example, i) => (
        <span key={`${example.traceId} ${example.spanId} ${example.ms}`}>
          {i > 0 && ' · '}
          <a
            href={traceHref(service, example.traceId, example.at, open(example))}
            aria-label={`Trace with ${about} of ${milliseconds(example.ms)}`}
          >
            {milliseconds(example.ms)}
          </a>
        </span>
      ))}
    </span>
  );
}
