import { serviceName } from '../../lib/model/service.ts';
import type { Span, Trace } from '../../lib/model/trace.ts';

const US_PER_COLUMN = 10_000;
const EPOCH_US = 1_790_000_000_000_000;
const LINE = /^\s*(\w+)<(\w+) +([\w.]+)(?: "([^"]*)")? *\|( *)(-+)/;

/**
 * A trace from a picture: one span a line, `id<reported parent op "description" |   ---- `, a column is 10 ms. The
 * root is called `root` and lasts for as long as the longest line.
 */
export function drawTrace(picture: string, facts: Partial<Trace> & { readonly origin?: string } = {}): Trace {
  const { origin = 'manual', ...rest } = facts;
  const spans = picture
    .trim()
    .split('\n')
    .map((line) => {
      const [, spanId, parentSpanId, op, description, before, bar] = LINE.exec(line)!;
      const start = EPOCH_US + before!.length * US_PER_COLUMN;
      return spanOf({
        spanId: spanId!,
        parentSpanId: parentSpanId!,
        op: op!,
        description: description ?? spanId!,
        origin,
        start,
        end: start + bar!.length * US_PER_COLUMN,
      });
    });
  return traceOf(spans, rest);
}

export const spanOf = (span: Partial<Span>): Span => ({
  spanId: 'a',
  parentSpanId: 'root',
  op: 'function',
  description: '',
  origin: 'manual',
  status: '',
  start: EPOCH_US,
  end: EPOCH_US,
  threadId: '1',
  threadName: 'MainThread',
  ...span,
});

export const traceOf = (spans: readonly Span[], facts: Partial<Trace> = {}): Trace => ({
  source: 'sentry-transaction',
  traceId: 'aa',
  root: spanOf({
    spanId: 'root',
    parentSpanId: '',
    op: 'http.server',
    end: spans.reduce((latest, { end }) => Math.max(latest, end), EPOCH_US),
  }),
  spans: spans.toSorted((a, b) => a.start - b.start),
  droppedSpans: 0,
  name: '/orders',
  nameSource: 'route',
  unit: { kind: 'http', name: '/orders' },
  failed: false,
  statusClass: '2xx',
  weight: undefined,
  service: serviceName({ name: 'shop' }),
  environment: '',
  release: 'shop@1.0.0',
  version: '1.0.0',
  host: 'shop-1',
  process: '',
  platform: 'python',
  runtime: 'CPython 3.11.2',
  sdk: { name: 'sentry.python.fastapi', version: '2.75.0', integrations: ['asyncio', 'fastapi'] },
  profile: { eventId: '', profilerId: '' },
  ...facts,
});
