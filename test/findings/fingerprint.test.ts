import { describe, expect, it } from 'vitest';
import { fingerprint, fnv1a64, type Subject } from '../../lib/findings/fingerprint.ts';
import { serviceName } from '../../lib/model/service.ts';

const subject: Subject = {
  project: 'default',
  service: serviceName({ name: 'checkout' }),
  kind: 'leak',
  role: 'heap_used',
};

describe('fingerprint', () => {
  it('never changes: stored findings and links in messages have it', () => {
    expect(fingerprint(subject)).toBe('leak-526d9876bfd23f21');
  });
  it('is fit for a URL, whatever the names', () => {
    const odd = {
      ...subject,
      project: 'p/ü#%',
      service: serviceName({ name: '\u{1f600}/?&', environment: 'é' }),
    };
    expect(fingerprint(odd)).toMatch(/^leak-[0-9a-f]{16}$/);
  });
  it('tells apart what differs in anything', () => {
    const all: Subject[] = [
      subject,
      { ...subject, project: 'default2' },
      { ...subject, service: serviceName({ name: 'checkout', environment: 'production' }) },
      { ...subject, kind: 'killed' },
      { ...subject, role: 'rss' },
      { ...subject, project: 'defaul', service: serviceName({ name: 'tcheckout' }) },
    ];
    expect(new Set(all.map(fingerprint)).size).toBe(all.length);
  });
});

describe('fnv1a64', () => {
  // Test vectors of http://www.isthe.com/chongo/src/fnv/test_fnv.c
  it.each([
    ['', 0xcbf29ce484222325n],
    ['a', 0xaf63dc4c8601ec8cn],
    ['foobar', 0x85944171f73967e8n],
  ])('of %j', (words, expected) => {
    expect(fnv1a64(new TextEncoder().encode(words))).toBe(expected);
  });
});
