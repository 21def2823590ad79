import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openProduct, type Product } from '../support/product.ts';
import { AT } from './door-app.ts';
import { KEPT_TRACE, type OpenApiDocument, openProductWithData } from './product-with-data.ts';

let full: Product;
let empty: Product;
let document: OpenApiDocument;
beforeAll(async () => {
  full = await openProductWithData();
  empty = await openProduct({ at: AT });
  document = await full.get('/openapi.json');
});
afterAll(() => Promise.all([full.close(), empty.close()]));

/** Every GET of the document, with its braces filled from what the product holds. */
async function getsOf(product: Product): Promise<{ path: string; template: string }[]> {
  const services = await product.get<{ items: { service: string }[] }>('/services');
  const findings = await product.get<{ items: { id: string }[] }>('/findings');
  const uploads = await product.get<{ items: { id: string }[] }>(
    `/uploads?from=${product.clock.time - 47 * 3_600_000}`,
  );
  const values: Record<string, string[]> = {
    service: services.items.map(({ service }) => service),
    id: findings.items.map(({ id }) => id),
    upload: uploads.items.map(({ id }) => id).slice(0, 3),
    transaction: ['http GET /kept'],
    trace: product === full ? [KEPT_TRACE] : [],
  };
  return Object.entries(document.paths).flatMap(([template, { get }]) => {
    if (get === undefined) return [];
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const query = get.parameters
      .filter(({ in: where, required }) => where === 'query' && required)
      .map((parameter) => `${parameter.name}=${encodeURIComponent(values[parameter.name]?.[0] ?? 'x')}`);
    const filled = names.reduce<string[]>(
      (paths, name) =>
        paths.flatMap((path) =>
          (values[name] ?? []).map((value) => path.replace(`{${name}}`, encodeURIComponent(value))),
        ),
      [template],
    );
    return filled.map((path) => ({
      template,
      path: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    }));
  });
}

const schemaOf = (template: string) => {
  const content = document.paths[template]?.get?.responses['200']?.content['application/json'];
  return z.fromJSONSchema(content?.schema as Parameters<typeof z.fromJSONSchema>[0]);
};

describe('the OpenAPI document', () => {
  it('lists every route that is served, and each of them once', async () => {
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(
      expect.arrayContaining([
        ...[
          'get /status',
          'get /services',
          'get /services/{service}/memory',
          'get /services/{service}/leaks',
        ],
        ...[
          'get /services/{service}/units',
          'get /services/{service}/routes',
          'get /services/{service}/transactions',
        ],
        ...[
          'get /services/{service}/settings',
          'put /services/{service}/settings',
          'get /health/services/{service}',
        ],
        ...[
          'get /findings',
          'get /findings/{id}',
          'post /findings/{id}/snooze',
          'post /findings/{id}/dismiss',
        ],
        ...['get /deploys', 'get /uploads', 'get /setup', 'get /keys', 'get /rules'],
      ]),
    );
    for (const line of listed) {
      const [method = '', path = ''] = line.split(' ');
      const response = await empty.api(path.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
      const text = await response.text();
      expect(text, line).not.toContain('Nothing is served');
      expect(response.status, `${line}: ${text}`).toBeLessThan(500);
    }
  });

  it('names what each route needs, and no schema that its answers are not checked by', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const named = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        expect(named, `${method} ${path}`).toEqual(inPath);
        expect(operation.description).toMatch(/^Needs the scope "(read|admin)"\.$/);
        expect(operation.responses['200']?.content['application/json']?.schema).toMatchObject({
          type: 'object',
        });
      }
    }
  });
});

describe('every JSON answer conforms to its schema', () => {
  it('on a product with data', async () => {
    const gets = await getsOf(full);
    const templates = new Set(gets.map(({ template }) => template));
    expect([...templates].sort()).toEqual(
      Object.entries(document.paths)
        .filter(([, { get }]) => get !== undefined)
        .map(([path]) => path)
        .sort(),
    );
    for (const { path, template } of gets) {
      const answer = await full.get<{ items?: unknown[] }>(path);
      const { error } = schemaOf(template).safeParse(answer);
      expect(error?.issues, path).toBeUndefined();
    }
  });

  it('which would show a missing and an unknown field', async () => {
    const status = await full.get<Record<string, unknown>>('/status');
    const { version: _, ...less } = status;
    const fits = (answer: unknown) => schemaOf('/status').safeParse(answer).success;
    expect([fits(status), fits(less), fits({ ...status, more: 1 })]).toEqual([true, false, false]);
  });

  it('on an empty one', async () => {
    for (const { path, template } of await getsOf(empty)) {
      const { error } = schemaOf(template).safeParse(await empty.get(path));
      expect(error?.issues, path).toBeUndefined();
    }
  });

  it('of services that nothing was heard of', async () => {
    for (const template of Object.keys(document.paths).filter((path) => path.includes('{service}'))) {
      const response = await full.api(
        template.replace('{service}', 'nobody').replace('{transaction}', 'http%20GET%20%2Fx'),
      );
      const { error } = response.ok
        ? schemaOf(template).safeParse(await response.json())
        : z.object({ status: z.literal(404) }).safeParse(await response.json());
      expect(error?.issues, template).toBeUndefined();
    }
  });

  it('transactions come by pages, or one alone', async () => {
    type Page = { items: { unit: { kind: string; name: string } }[]; cursor: string | null };
    const path = '/services/leaky/transactions';
    const all = await full.get<Page>(path);
    const first = await full.get<Page>(`${path}?limit=1`);
    const rest = await full.get<Page>(`${path}?cursor=${first.cursor}`);
    expect([...first.items, ...rest.items].map(({ unit }) => unit)).toEqual(
      all.items.map(({ unit }) => unit),
    );
    expect([first.items.length, first.cursor, rest.cursor, all.cursor]).toEqual([1, '1', null, null]);
    const last = all.items.at(-1)!;
    const { kind, name } = last.unit;
    expect(await full.get<Page>(`${path}?unit=${encodeURIComponent(`${kind} ${name}`)}`)).toEqual({
      items: [last],
      cursor: null,
    });
  });

  it('and the data is there to be checked', async () => {
    const counts = async (path: string) => (await full.get<{ items: unknown[] }>(path)).items.length;
    expect(await counts('/services')).toBeGreaterThan(0);
    expect(await counts('/findings')).toBeGreaterThan(0);
    expect(await counts('/services/leaky/units')).toBeGreaterThan(0);
    expect(await counts('/services/leaky/transactions')).toBeGreaterThan(0);
    expect(await counts('/deploys?service=leaky')).toBeGreaterThan(0);
    const { series } = await full.get<{ series: { lives: unknown[] }[] }>('/services/leaky/memory');
    expect(series[0]?.lives.length).toBeGreaterThan(0);
    const { balance, refused } = await full.get<{ balance: { rejected: number }; refused: unknown[] }>(
      '/uploads',
    );
    expect([balance.rejected > 0, refused.length > 0]).toEqual([true, true]);
  });
});

it('draws the curves of the 200 most frequent units, and counts them all', async () => {
  const product = await openProduct({ at: AT });
  const spans = Array.from({ length: 250 }, (_, i) =>
    Array.from({ length: i < 200 ? 2 : 1 }, (__, copy) => ({
      ...{ name: 'GET', kind: 2, attributes: [{ key: 'http.route', value: { stringValue: `/r${i}` } }] },
      traceId: `${i}`.padStart(32, '1'),
      spanId: `${2 * i + copy}`.padStart(16, '2'),
      ...{ startTimeUnixNano: `${AT - 5000}000000`, endTimeUnixNano: `${AT - 4000}000000` },
    })),
  ).flat();
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'wide' } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  const headers = { 'content-type': 'application/json' };
  await product.send('/v1/traces', { method: 'POST', headers, body });
  await product.settle();
  const { items } = await product.get<{ items: { history: unknown[] }[] }>('/services/wide/units');
  expect(items.map(({ history }) => history.length > 0)).toEqual([
    ...Array(200).fill(true),
    ...Array(50).fill(false),
  ]);
  await product.close();
});

describe('the read API, asked for what it cannot give', () => {
  const NASTY = [
    '%',
    '%00',
    '%E0%A4%A',
    '..',
    '%2e%2e',
    '%2F',
    '%2F%2F%2F%2F',
    'a%2Fb%2Fc%2Fd%2Fe',
    '%ff',
    '%0A',
    "'",
    '%23',
    '%F0%9F%98%80',
    'x'.repeat(2000),
  ];
  it.each(NASTY)('a service %j gets an answer and no 500', async (name) => {
    for (const template of Object.keys(document.paths).filter((path) => path.includes('{'))) {
      const response = await full.api(template.replace(/\{\w+\}/, name));
      expect(response.status, `${template}: ${await response.text()}`).toBeLessThan(500);
    }
  });

  it.each([
    'from=yesterday',
    'to=x',
    'from=2&to=1',
    'from=0&to=99999999999999',
    'from=1e3',
    'to=-1',
    'from=NaN',
    'from[]=1',
  ])('range %s gets a problem or an answer', async (query) => {
    for (const path of [
      '/uploads',
      '/services/leaky/memory',
      '/services/leaky/units',
      '/services/leaky/leaks',
    ]) {
      const response = await full.api(`${path}?${query}`);
      expect([200, 400], `${path}: ${await response.clone().text()}`).toContain(response.status);
      if (response.status === 400)
        expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
  });

  it.each<[string, string, string]>([
    ['PUT', '/services/leaky/settings', '{'],
    ['PUT', '/services/leaky/settings', '{}'],
    ['PUT', '/services/leaky/settings', '{"limitBytes":-1}'],
    ['PUT', '/services/leaky/settings', '{"limitBytes":1e300}'],
    ['PUT', '/services/leaky/settings', '{"limitBytes":"1"}'],
    ['POST', '/findings/none/dismiss', '{"reason":"  "}'],
    ['POST', '/findings/none/snooze', '[]'],
  ])('%s %s with %s gets 400', async (method, path, body) => {
    expect((await full.api(path, { method, body })).status).toBe(400);
  });

  it('bodies beyond 64 KiB get 413, unknown paths and findings 404', async () => {
    const body = JSON.stringify({ limitBytes: 1, more: 'x'.repeat(70_000) });
    expect((await full.api('/services/leaky/settings', { method: 'PUT', body })).status).toBe(413);
    expect((await full.api('/nothing')).status).toBe(404);
    expect((await full.api('/findings/none')).status).toBe(404);
    expect((await full.api('/status', { method: 'POST' })).status).toBe(404);
  });

  it.each(['https://evil.example', 'null', 'http://tidemark.test:81'])(
    'a page of %s changes nothing',
    async (origin) => {
      const init = { method: 'PUT', body: '{"limitBytes":1}', headers: { origin } };
      expect((await full.api('/services/leaky/settings', init)).status).toBe(403);
      expect(await full.get('/services/leaky/settings')).toMatchObject({ limitBytes: null, rules: {} });
    },
  );

  it('its own page changes settings and findings', async () => {
    const headers = { origin: 'http://tidemark.test', 'sec-fetch-site': 'same-origin' };
    const put = { method: 'PUT', body: '{"limitBytes":123456789}', headers };
    expect((await full.api('/services/leaky/settings', put)).status).toBe(200);
    expect(await full.get('/services/leaky/settings')).toMatchObject({ limitBytes: 123_456_789, rules: {} });
    const [finding] = (await full.get<{ items: { id: string }[] }>('/findings')).items;
    const snooze = {
      method: 'POST',
      body: JSON.stringify({ untilMs: full.clock.time + 3_600_000 }),
      headers,
    };
    const answer = await full.api(`/findings/${finding?.id}/snooze`, snooze);
    expect(await answer.json()).toMatchObject({ id: finding?.id, state: 'snoozed' });
  });
});
