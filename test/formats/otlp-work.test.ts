import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify } from '../../lib/formats/otlp/identity.ts';
import { decodeTraces, tracesFacts, tracesOfSpans } from '../../lib/formats/otlp/index.ts';
import { weightOf } from '../../lib/formats/otlp/sampling.ts';
import type { Attributes } from '../../lib/formats/work/attributes.ts';
import { templatePath } from '../../lib/formats/work/path-template.ts';
import { httpUnit } from '../../lib/formats/work/work-units.ts';
import type { UnitOfWork } from '../../lib/model/unit-of-work.ts';
import { jsonBytes } from './otlp-fixtures.ts';

const map = (values: Readonly<Record<string, string | number>>): Attributes =>
  new Map(Object.entries(values));
const shown = ({ kind, name, guessed }: UnitOfWork) => `${kind} ${name}${guessed ? ' (guessed)' : ''}`;

describe('templatePath', () => {
  it.each([
    ['/orders/1234/items?page=2#x', '/orders/:id/items'],
    ['https://shop.example/a/550e8400-e29b-41d4-a716-446655440000', '/a/:id'],
    ['/commits/0f1e2d3c4b5a', '/commits/:id'],
    ['/files/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/files/:id'],
    ['/reports/2024-11-20', '/reports/:id'],
    ['/users/ann@example.org/mail', '/users/:id/mail'],
    ['/orders/order-12345', '/orders/order-:id'],
    ['/api/v2/orders', '/api/v2/orders'],
    ['/feedback/facade', '/feedback/facade'],
    ['/a/b/c/d/e/f/g/h/i/j', '/a/b/c/d/e/f/g/h/*'],
    ['', '/'],
  ])('%s', (path, template) => expect(templatePath(path)).toBe(template));

  it('settles: a template is its own template', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const once = templatePath(path);
        expect(templatePath(once)).toBe(once);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('httpUnit', () => {
  it.each<[Parameters<typeof httpUnit>, string]>([
    [[map({ 'http.request.method': 'GET', 'http.route': '/a/:id' })], 'http GET /a/:id'],
    [[map({ 'http.method': 'get', 'http.route': 'GET /a/{id}' })], 'http GET /a/{id}'],
    [[map({ 'http.request.method': '_OTHER', 'http.route': '/a' })], 'http HTTP /a'],
    [[map({ 'http.request.method': 'GET' })], 'http GET (no route)'],
    [[map({ 'http.request.method': 'GET', 'url.path': '/a/17' })], 'http GET /a/:id (guessed)'],
    [
      [map({ 'http.request.method': 'GET', 'url.path': '/wp-login.php', 'http.response.status_code': 404 })],
      'http GET (no route)',
    ],
    [
      [map({ 'http.method': 'GET', 'http.target': '/items/<int:n>' }), { targetIsRoute: true }],
      'http GET /items/<int:n>',
    ],
    [[map({ 'http.method': 'GET', 'http.target': '/items/5?q=1' })], 'http GET /items/:id (guessed)'],
    [[map({ method: 'GET', uri: '/orders/{id}', status: '200' })], 'http GET /orders/{id}'],
    [[map({ method: 'GET', uri: 'UNKNOWN', status: '404' })], 'http GET (no route)'],
    [[map({ 'http.request.method': 'GET' }), { spanName: 'GET /audit/{day}' }], 'http GET /audit/{day}'],
    [[map({ 'http.request.method': 'GET' }), { spanName: 'GET /audit/17' }], 'http GET /audit/:id (guessed)'],
    [
      [map({ 'http.request.method': 'GET', 'url.path': '/pick' }), { spanName: 'GET' }],
      'http GET /pick (guessed)',
    ],
    [[map({ 'http.request.method': 'GET', route: '/raw/5' }), { spanName: 'GET' }], 'http GET (no route)'],
  ])('%o is %s', (input, wanted) => expect(shown(httpUnit(...input))).toBe(wanted));
});

describe('spans', () => {
  const HOUR_NS = '1795000000000000000';
  const decoded = (span: object, attributes: Readonly<Record<string, string>> = {}) => {
    const list = Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
    const body = {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  startTimeUnixNano: HOUR_NS,
                  endTimeUnixNano: `${HOUR_NS.slice(0, -6)}123456`,
                  attributes: list,
                  ...span,
                },
              ],
            },
          ],
        },
      ],
    };
    return decodeTraces(jsonBytes(body), 'json');
  };
  const facts = (...span: Parameters<typeof decoded>) => tracesFacts(decoded(...span));
  const unitOf = (span: object, attributes: Readonly<Record<string, string>>) => {
    const unit = facts(span, attributes).reports[0]?.work[0]?.unit;
    return unit === undefined ? undefined : shown(unit);
  };
  const SERVER = { kind: 'SPAN_KIND_SERVER' };
  const CONSUMER = { kind: 5 };

  it.each<[object, Readonly<Record<string, string>>, string | undefined]>([
    [SERVER, { 'http.request.method': 'GET', 'http.route': '/a' }, 'http GET /a'],
    [SERVER, { 'rpc.service': 'shop.Cart', 'rpc.method': 'Add' }, 'rpc shop.Cart/Add'],
    [SERVER, { 'rpc.method': 'shop.Cart/Add' }, 'rpc shop.Cart/Add'],
    [
      { ...SERVER, name: 'POST /graphql' },
      { 'graphql.operation.type': 'query', 'graphql.operation.name': 'Cart' },
      'graphql query Cart',
    ],
    [
      CONSUMER,
      {
        'messaging.system': 'kafka',
        'messaging.destination.name': 'orders',
        'messaging.operation.name': 'process',
      },
      'message process orders',
    ],
    [CONSUMER, { 'messaging.system': 'celery', 'celery.task_name': 'tasks.mail' }, 'job tasks.mail'],
    [SERVER, { 'faas.trigger': 'timer', 'faas.invoked_name': 'nightly' }, 'job invoke nightly'],
    [{ ...SERVER, name: 'tick 42' }, {}, 'rpc tick :id'],
    [{ kind: 3 }, { 'http.request.method': 'GET' }, undefined],
  ])('%o %o', (span, attributes, wanted) => expect(unitOf(span, attributes)).toBe(wanted));

  it.each([
    ['SERVER', { 'http.request.method': 'GET' }, 'http.server'],
    ['SERVER', { 'rpc.system': 'grpc' }, 'rpc.server'],
    ['SERVER', { 'rpc.system.name': 'grpc' }, 'rpc.server'],
    ['SERVER', {}, 'server'],
    ['CONSUMER', {}, 'queue.process'],
  ])('of kind %s with %o have Sentry’s op %s', (kind, attributes, op) => {
    const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), kind: `SPAN_KIND_${kind}` };
    expect(tracesOfSpans(decoded(ids, attributes)).map(({ root }) => root.op)).toEqual([op]);
  });

  it('carry duration, status, failure and weight', () => {
    const [report] = facts(
      {
        ...SERVER,
        status: { code: 'STATUS_CODE_ERROR' },
        traceState: 'vendor=1,ot=rv:1;th:c',
        spanId: 'AABBCCDD00112233',
      },
      { 'http.request.method': 'GET', 'http.route': '/a' },
    ).reports;
    expect(report?.work).toEqual([
      {
        unit: { kind: 'http', name: 'GET /a' },
        status: 'error',
        failed: true,
        start: 1_795_000_000_000,
        durationUs: 123.456,
        weight: 4,
        traceId: '',
        spanId: 'aabbccdd00112233',
      },
    ]);
  });
});

describe('weightOf', () => {
  it.each([
    ['', undefined],
    ['ot=th:0', 1],
    ['ot=th:8', 2],
    ['a=b,ot=rv:123;th:fd70a4', 1 / (1 - 0xfd70a4 / 2 ** 24)],
    ['ot=th:ffffffffffffff', 2 ** 56],
    ['ot=th:xyz', undefined],
    ['not=th:8', undefined],
  ])('%s', (traceState, weight) => {
    if (weight === undefined) expect(weightOf(traceState)).toBeUndefined();
    else expect(weightOf(traceState)).toBeCloseTo(weight, 6);
  });
});

describe('identify', () => {
  const key = (values: Readonly<Record<string, string | number>>) => {
    const { instance } = identify(map(values));
    return [instance.source, instance.key];
  };
  it('takes the strongest name', () => {
    const all = {
      'service.instance.id': 'i',
      'k8s.pod.uid': 'p',
      'container.id': 'c',
      'host.name': 'h',
      'process.pid': 5,
      'faas.instance': 'f',
    };
    const names = Object.entries(all);
    expect(key(all)).toEqual(['service.instance.id', 'i']);
    expect(key(Object.fromEntries(names.slice(1)))).toEqual(['k8s.pod.uid', 'p']);
    expect(key({ ...Object.fromEntries(names.slice(1)), 'k8s.container.name': 'app' })).toEqual([
      'k8s.pod.uid',
      'p/app',
    ]);
    expect(key(Object.fromEntries(names.slice(2)))).toEqual(['container.id', 'c']);
    expect(key(Object.fromEntries(names.slice(3)))).toEqual(['host+pid', 'h/5']);
    expect(key({ 'host.name': 'h', 'faas.instance': 'f' })).toEqual(['faas.instance', 'f']);
    expect(key({ 'host.name': 'h' })).toEqual(['host.name', 'h']);
    expect(key({})).toEqual(['none', 'unnamed']);
  });

  it.each<[Readonly<Record<string, string>>, string | undefined]>([
    [{ 'service.name': 'a', 'service.namespace': 'n', 'deployment.environment': 'prod' }, 'prod/n/a'],
    [
      { 'service.name': 'a', 'deployment.environment': 'old', 'deployment.environment.name': 'new' },
      'new//a',
    ],
    [{ 'telemetry.sdk.language': 'go', 'host.name': 'h' }, 'unknown_service'],
    [{ 'faas.name': 'fn' }, 'fn'],
    [{}, 'unknown_service'],
    [{ 'k8s.pod.name': 'p' }, undefined],
    [{ 'host.name': 'h', 'process.pid': '1' }, undefined],
  ])('%o is %s', (values, service) => expect(identify(map(values)).service).toBe(service));
});
