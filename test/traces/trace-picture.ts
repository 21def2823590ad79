import { serviceName } from '../../lib/model/service.ts';
import type { Span, Trace } from '../../lib/model/trace.ts';

// Traces drawn as text: one span a line, indented below its parent: `db SELECT 1 | 10-30`, milliseconds from the start.

const START_US = 1_795_248_586_000_000;

/** @param picture first line: the transaction, `GET /x | 0-100`; the others: `op description | from-to` */
export function traceOf(picture: string, changes: Partial<Trace> = {}): Trace {
  const lines = picture.split('\n').filter((line) => line.trim() !== '');
  const indent = (line: string) => line.length - line.trimStart().length;
  const above: { indent: number; id: string }[] = [];
  const spans = lines.map((line, i): Span => {
    while (above.length > 0 && above.at(-1)!.indent >= indent(line)) above.pop();
    const [what = '', times = ''] = line.trim().split(' | ');
    const [from = 0, to = 0] = times.split('-').map(Number);
    const space = what.indexOf(' ');
    const spanId = i.toString(16).padStart(16, '0');
    const span: Span = {
      spanId,
      parentSpanId: above.at(-1)?.id ?? '',
      op: i === 0 ? 'http.server' : what.slice(0, space === -1 ? undefined : space),
      description: i === 0 ? what : space === -1 ? '' : what.slice(space + 1),
      origin: 'manual',
      status: 'ok',
      start: START_US + from * 1000,
      end: START_US + to * 1000,
      threadId: '1',
      threadName: 'MainThread',
    };
    above.push({ indent: indent(line), id: spanId });
    return span;
  });
  const [root, ...others] = spans;
  return {
    source: 'sentry-transaction',
    traceId: 'a'.repeat(32),
    root: root!,
    spans: others.sort((a, b) => a.start - b.start),
    droppedSpans: 0,
    name: root!.description,
    nameSource: 'route',
    unit: { kind: 'http', name: root!.description },
    failed: false,
    statusClass: '2xx',
    weight: 1,
    service: serviceName({ name: 'shop' }),
    environment: '',
    release: 'shop@1',
    version: '1',
    host: 'h',
    process: '',
    platform: 'python',
    runtime: '',
    sdk: { name: 'sentry.python', version: '2', integrations: [] },
    profile: { eventId: '', profilerId: '' },
    ...changes,
  };
}

export const msFromStart = (us: number): number => (us - START_US) / 1000;
export const atMs = (ms: number): number => START_US / 1000 + ms;
