import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress, inflateZstd, sniffCompression } from '../../lib/formats/decompress.ts';
import { inflate } from '../../lib/http/inflate.ts';
import { Fault } from '../../lib/model/fault.ts';
import { MIB } from '../../lib/model/units.ts';

// The door (Web APIs) and the jobs (node:zlib) unpack the same bodies: one suite for both.

const LIMITS = { maxBytes: 8 * MIB, maxRatio: 200 };
const text = new TextEncoder().encode('some telemetry '.repeat(500));
const packed = { gzip: gzipSync(text), deflate: deflateSync(text), zstd: zstdCompressSync(text) };
const ENCODINGS = ['gzip', 'deflate', 'zstd'] as const;

type Unpack = (bytes: Uint8Array, encoding: string, limits?: typeof LIMITS) => Promise<Uint8Array>;
const IMPLEMENTATIONS: readonly (readonly [string, Unpack])[] = [
  ['decompress', async (bytes, encoding, limits = LIMITS) => decompress(bytes, encoding, limits)],
  [
    'inflate',
    (bytes, encoding, limits = LIMITS) => inflate(bytes, encoding, { ...limits, zstd: inflateZstd }),
  ],
];

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'no fault';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
};

describe.each(IMPLEMENTATIONS)('%s', (_, unpack) => {
  it.each(ENCODINGS)('unpacks %s', async (encoding) => {
    expect(Buffer.from(await unpack(packed[encoding], encoding))).toEqual(Buffer.from(text));
  });

  it('leaves plain bytes as they are', async () => {
    for (const encoding of ['', 'identity', ' Identity ']) expect(await unpack(text, encoding)).toBe(text);
    expect(await unpack(new Uint8Array(), 'gzip')).toHaveLength(0);
  });

  it.each([
    ['gzip', ''],
    ['zstd', ''],
    ['zstd', 'gzip'],
    ['gzip', 'deflate'],
  ] as const)('believes the first bytes: %s under "%s"', async (actual, declared) => {
    expect(Buffer.from(await unpack(packed[actual], declared))).toEqual(Buffer.from(text));
  });

  it('takes raw deflate for deflate', async () => {
    expect(await unpack(deflateRawSync(text), 'deflate')).toHaveLength(text.length);
  });

  it.each(ENCODINGS)('refuses %s that is cut short at any length, and junk behind it', async (encoding) => {
    const body = packed[encoding];
    for (let length = 1; length < body.length; length += 1) {
      expect(await codeOf(unpack(body.subarray(0, length), encoding)), `${length}`).toBe('invalid-input');
    }
    if (encoding === 'zstd') {
      expect(await codeOf(unpack(Buffer.concat([body, Buffer.from('junk')]), encoding))).toBe(
        'invalid-input',
      );
    }
  });

  it('refuses other encodings', async () => {
    for (const encoding of ['snappy', 'lz4', 'gzip, gzip']) {
      expect(await codeOf(unpack(text, encoding))).toBe('unsupported');
    }
  });

  it.each(ENCODINGS)('stops %s at the size limit', async (encoding) => {
    const limits = { maxBytes: text.length - 1, maxRatio: 1_000 };
    expect(await codeOf(unpack(packed[encoding], encoding, limits))).toBe('too-large');
    expect(await unpack(packed[encoding], encoding, { ...limits, maxBytes: text.length })).toHaveLength(
      text.length,
    );
    expect(await codeOf(unpack(text, '', limits))).toBe('too-large');
  });

  it('stops a bomb at the ratio, and lets small ones grow', async () => {
    const bomb = gzipSync(new Uint8Array(4 * MIB)); // × 1,000
    expect(await codeOf(unpack(bomb, 'gzip'))).toBe('too-large');
    expect(await unpack(gzipSync(new Uint8Array(MIB)), 'gzip')).toHaveLength(MIB);
  });
});

describe('decompress', () => {
  it.each(['gzip', 'zstd'] as const)('joins the pieces of a %s file that was appended to', (encoding) => {
    const twice = Buffer.concat([packed[encoding], packed[encoding]]);
    expect(decompress(twice, encoding, LIMITS)).toHaveLength(2 * text.length);
  });
});

describe('inflate', () => {
  it('takes one gzip member alone: a DecompressionStream calls the second one junk', async () => {
    const twice = Buffer.concat([packed.gzip, packed.gzip]);
    expect(await codeOf(inflate(twice, 'gzip', LIMITS))).toBe('invalid-input');
  });
  it('has zstd only where the runtime hands it in', async () => {
    expect(await codeOf(inflate(packed.zstd, 'zstd', LIMITS))).toBe('unsupported');
  });
});

describe('sniffCompression', () => {
  it('knows gzip and zstd, and takes text for text', () => {
    expect(sniffCompression(packed.gzip)).toBe('gzip');
    expect(sniffCompression(packed.zstd)).toBe('zstd');
    expect(sniffCompression(new TextEncoder().encode('x^ is how a zlib stream begins, too'))).toBeUndefined();
    expect(sniffCompression(new Uint8Array())).toBeUndefined();
  });
});
