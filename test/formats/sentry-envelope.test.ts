import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelopeOfStore, identityOf, parseEnvelope, unwrapBase64 } from '../../lib/formats/sentry/index.ts';
import { Fault } from '../../lib/model/fault.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const ID = '9ec79c33ec9942ab8353589fcb2e04dc';
const itemsOf = (body: string) =>
  parseEnvelope(utf8(body)).items.map(({ type, payload }) => `${type}: ${text(payload)}`);

describe('parseEnvelope', () => {
  it.each([
    ['no items', '{}', []],
    ['no items, newline', `{"event_id":"${ID}"}\n`, []],
    ['a length', '{}\n{"type":"transaction","length":2}\n{}\n', ['transaction: {}']],
    ['no last newline', '{}\n{"type":"transaction","length":2}\n{}', ['transaction: {}']],
    [
      'no length',
      '{}\n{"type":"transaction"}\n{"a":1}\n{"type":"span"}\n{}',
      ['transaction: {"a":1}', 'span: {}'],
    ],
    ['a carriage return, which belongs to the payload', '{}\n{"type":"event"}\nabc\r\n', ['event: abc\r']],
    ['newlines inside of a payload with a length', '{}\n{"type":"a","length":5}\n1\n2\n3\n', ['a: 1\n2\n3']],
    ['bytes, not characters', '{}\n{"type":"a","length":3}\n→\n{"type":"b"}\n', ['a: →', 'b: ']],
    ['length 0', '{}\n{"type":"a","length":0}\n', ['a: ']],
    [
      'length 0 and another item',
      '{}\n{"type":"a","length":0}\n\n{"type":"b","length":1}\nx',
      ['a: ', 'b: x'],
    ],
    ['a header without newline', '{}\n{"type":"a"}', ['a: ']],
    ['an unknown type', '{}\n{"type":"tomorrow"}\nx\n{"type":"span"}\n{}', ['tomorrow: x', 'span: {}']],
    ['newlines at the end', '{}\n{"type":"a","length":1}\nx\n\n\n', ['a: x']],
    ["the browsers' name of chunks", '{}\n{"type":"profile_chunk_ui"}\n{}', ['profile_chunk: {}']],
    ['length null', '{}\n{"type":"a","length":null}\nx', ['a: x']],
  ])('reads %s', (_, body, items) => {
    expect(itemsOf(body)).toEqual(items);
  });

  it.each([
    ['nothing', '', 'it is empty'],
    ['no JSON', 'hello', 'not a JSON object'],
    ['an array as header', '[]', 'not a JSON object'],
    ['a space after the header', '{} \n', 'not a JSON object'],
    ['a carriage return after the header', '{}\r\n{"type":"a"}\nx', 'not a JSON object'],
    ['a half header', '{"event_id":', 'not a JSON object'],
    ['an item without a type', '{}\n{"length":1}\nx', 'no type'],
    [
      'a length beyond the end',
      '{}\n{"type":"a","length":5}\nabc',
      'unexpected end of file: 3 bytes are left of 5',
    ],
    ['a length that is too short', '{}\n{"type":"a","length":2}\nabc\n', 'missing newline'],
    ['a negative length', '{}\n{"type":"a","length":-1}\nabc\n', 'no number of bytes'],
    ['a length in words', '{}\n{"type":"a","length":"3"}\nabc\n', 'no number of bytes'],
    ['a broken second item', '{}\n{"type":"a"}\nx\nboom\n', 'header of item 2'],
  ])('refuses %s', (_, body, message) => {
    expect(() => parseEnvelope(utf8(body))).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    expect(() => parseEnvelope(utf8(body))).toThrow(message);
  });

  it('refuses what is not UTF-8 in a header, and nests no deeper than 64', () => {
    expect(() => parseEnvelope(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(Fault);
    const deep = `{"a":${'['.repeat(70)}${']'.repeat(70)}}`;
    expect(() => parseEnvelope(utf8(deep))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  it('takes an event id with dashes and in any case', () => {
    const dashed = '9EC79C33-EC99-42AB-8353-589FCB2E04DC';
    expect(parseEnvelope(utf8(`{"event_id":"${dashed}"}`)).eventId).toBe(ID);
    expect(parseEnvelope(utf8('{"event_id":"nope"}')).eventId).toBe('');
  });

  const item = fc.record({
    type: fc.constantFrom('transaction', 'span', 'session', 'next_year'),
    payload: fc.uint8Array({ maxLength: 200 }),
    withLength: fc.boolean(),
  });
  it('gives back every payload that a writer framed, byte by byte', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), fc.boolean(), (items, lastNewline) => {
        const parts: Uint8Array[] = [utf8('{"sent_at":"now"}\n')];
        const written = items.map(({ type, payload, withLength }) => {
          // Without a length a payload ends with its line.
          const framed = withLength ? payload : payload.filter((byte) => byte !== 0x0a);
          const header = withLength ? { type, length: framed.length } : { type };
          parts.push(utf8(`${JSON.stringify(header)}\n`), framed, utf8('\n'));
          return { type, payload: [...framed] };
        });
        if (!lastNewline && items.length > 0) parts.pop();
        const read = parseEnvelope(Uint8Array.from(parts.flatMap((part) => [...part])));
        expect(read.items.map(({ type, payload }) => ({ type, payload: [...payload] }))).toEqual(written);
      }),
    );
  });

  it('answers garbage with a Fault, never with anything else', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom('{}', '\n', '{"type":"a"}', '{"type":"a","length":3}', '"', '{', ']').map(utf8),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parseEnvelope(Uint8Array.from(parts.flatMap((part) => [...part])));
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

describe('identityOf', () => {
  const of = (body: string) => text(identityOf(parseEnvelope(utf8(body))));

  it('is the same for a resend, whose headers differ', () => {
    const first =
      '{"sent_at":"2026-11-21T08:00:00Z"}\n{"type":"transaction","length":2}\n{}\n{"type":"session"}\n{"a":1}';
    const again = '{"sent_at":"2026-11-21T08:00:09Z"}\n{"type":"transaction"}\n{}\n';
    expect(of(again)).toBe(of(first));
  });

  it('tells payloads apart, and where one ends', () => {
    expect(of('{}\n{"type":"span"}\n{"a":1}')).not.toBe(of('{}\n{"type":"span"}\n{"a":2}'));
    expect(of('{}\n{"type":"span"}\nab\n{"type":"span"}\nc')).not.toBe(
      of('{}\n{"type":"span"}\na\n{"type":"span"}\nbc'),
    );
  });
});

describe('/store/ bodies', () => {
  it('are one event, whose NaN and Infinity are null outside of texts', () => {
    const { items, eventId } = envelopeOfStore(
      utf8(`{"event_id":"${ID}","type":"transaction","a":NaN,"b":[-Infinity],"c":"NaN \\" NaN"}`),
    );
    expect(eventId).toBe(ID);
    expect(items.map(({ type, payload }) => [type, JSON.parse(text(payload))])).toEqual([
      ['transaction', { event_id: ID, type: 'transaction', a: null, b: [null], c: 'NaN " NaN' }],
    ]);
  });

  it('may be in base64', () => {
    expect(text(unwrapBase64(utf8('eyJhIjoxfQ=='))!)).toBe('{"a":1}');
    expect(unwrapBase64(utf8(' {"a":1}'))).toBeUndefined();
    expect(() => envelopeOfStore(utf8('{"a":'))).toThrow(Fault);
  });
});
