import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ServiceName, serviceName, serviceParts } from '../../lib/model/service.ts';
import { serviceKey } from '../../lib/records/keys.ts';

const bytes = (text: string) => new TextEncoder().encode(text).length;

describe('serviceName', () => {
  it.each([
    [{ name: 'shop' }, 'shop'],
    [{ name: 'shop', namespace: 'retail' }, 'retail/shop'],
    [{ name: 'shop', environment: 'production' }, 'production//shop'],
    [{ name: 'a/b%c' }, 'a%2Fb%25c'],
    [{ name: '' }, 'unknown_service'],
    [{}, 'unknown_service'],
    [{ name: 'x'.repeat(255) }, 'x'.repeat(255)],
    [{ name: 'x'.repeat(256) }, 'x'.repeat(255)],
    [{ name: '咖'.repeat(90) }, '咖'.repeat(85)],
    [{ name: 'half \ud83d' }, 'half \ufffd'],
    [{ name: '.' }, '%2E'],
    [{ name: '..', namespace: '.' }, '%2E/%2E%2E'],
    [{ name: '...' }, '...'],
    [{ name: '%2E' }, '%252E'],
  ])('%j is %s', (parts, name) => expect(serviceName(parts)).toBe(name));

  // 1,024 bytes is the least that a store of records takes, see the port.
  it('always fits into the key of a record, beside the longest project', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom('/', '%', '#', '\ud800', '\u{1f600}', 'x').map((one) => one.repeat(300)),
      fc.constantFrom('.', '..', '%2e', '%2E'),
    );
    fc.assert(
      fc.property(part, part, part, (environment, namespace, name) => {
        const service = serviceName({ environment, namespace, name });
        const { pk, sk } = serviceKey('p'.repeat(63), service);
        expect([bytes(pk), bytes(sk)].every((length) => length <= 1024)).toBe(true);
        expect((pk + sk).isWellFormed()).toBe(true);
        expect(serviceName(serviceParts(service as ServiceName))).toBe(service);
        // As one segment of a path, it is what a URL parser hands on.
        const { pathname } = new URL(`http://tidemark/services/${encodeURIComponent(service)}/memory`);
        expect(decodeURIComponent(pathname.split('/')[2] ?? '')).toBe(service);
      }),
    );
  });
});
