import { expect, it } from 'vitest';
import { SERVICES_MAX } from '../../lib/formats/few-services.ts';
import { parseUpload } from '../../lib/formats/index.ts';
import { spans, tracesBody } from '../jobs/world.ts';

const bodyOf = (services: number) => {
  const bodies = Array.from({ length: services }, (_, n) => tracesBody(spans(1, { service: `s${n}` })));
  return JSON.stringify({ resourceSpans: bodies.flatMap(({ resourceSpans }) => resourceSpans) });
};
const parsed = (services: number) =>
  parseUpload({
    route: 'otlp-traces',
    project: 'p',
    contentType: 'application/json',
    contentEncoding: '',
    receivedAt: 0,
    body: new TextEncoder().encode(bodyOf(services)),
  });

it('takes the first services of an upload that names more than a cluster has, and counts the rest', () => {
  const { reports, pieces, dropped } = parsed(SERVICES_MAX + 5);
  expect(new Set(reports.map(({ service }) => service)).size).toBe(SERVICES_MAX);
  expect(pieces?.()).toHaveLength(SERVICES_MAX);
  expect(dropped.get('too many services')).toBe(5);
});

it('takes all of them where they are as many as that', () => {
  const { reports, pieces, dropped } = parsed(SERVICES_MAX);
  expect(reports).toHaveLength(SERVICES_MAX);
  expect(pieces?.()).toHaveLength(SERVICES_MAX);
  expect([...dropped]).toEqual([]);
});
