import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../lib/segments/bytes.ts';
import { codec } from '../../lib/segments/codec.ts';
import type { Kind } from '../../lib/segments/kind.ts';
import { KINDS, type KindName } from '../../lib/segments/kinds/index.ts';
import { readFooter, readSection } from '../../lib/segments/segment.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'segments');
const ARRAYS: Readonly<Record<string, (of: never) => unknown>> = {
  Int8Array: (of) => Int8Array.from(of),
  Uint32Array: (of) => Uint32Array.from(of),
  Float64Array: (of) => Float64Array.from(of),
};

function untagged(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $map, $big, $array, of } = value as Record<string, never>;
  if ($map !== undefined) return new Map($map);
  if ($big !== undefined) return BigInt($big);
  return $array === undefined ? value : ARRAYS[$array]?.(of as never);
}

const stored = readFileSync(join(FIXTURES, 'version-1.tdsg'));
const said = JSON.parse(readFileSync(join(FIXTURES, 'version-1.json'), 'utf8'), untagged) as {
  readonly uploads: readonly string[];
  readonly sections: Readonly<Record<KindName, unknown>>;
};

describe('a segment that an earlier version has written', () => {
  it('is of version 1 in all its sections, and says which uploads it holds', () => {
    const { sections, uploads } = readFooter(stored);
    expect(sections.map(({ kind, codecVersion }) => [kind, codecVersion])).toEqual(
      Object.keys(said.sections)
        .sort()
        .map((kind) => [kind, 1]),
    );
    expect(uploads.list()).toEqual(said.uploads);
  });

  it.each(Object.keys(said.sections) as KindName[])('%s says what it said then', (name) => {
    const kind = KINDS[name] as Kind<unknown>;
    const state = readSection(stored, readFooter(stored), name);
    expect(state).toEqual(said.sections[name]);
    // Merged, it is written in the present version, and says the same.
    const merged = kind.merge(state, kind.empty());
    expect(kind.decode(kind.encode(merged), kind.codecVersion)).toEqual(said.sections[name]);
  });

  it('was written before instance and latency had a second version', () => {
    expect([KINDS.instance.codecVersion, KINDS.latency.codecVersion]).toEqual([2, 2]);
  });
});

describe('codec()', () => {
  /** Three versions of a state: a number, a number with its unit, and both under other names. */
  const temperature = codec<{ degrees: number; scale: string }>(
    'temperature',
    [
      {
        read: (from) => from.int(),
        upgrade: (value: number) => ({ value, unit: 'C' }),
      },
      {
        read: (from) => ({ value: from.int(), unit: from.text() }),
        upgrade: ({ value, unit }: { value: number; unit: string }) => ({ degrees: value, scale: unit }),
      },
      { read: (from) => ({ scale: from.text(), degrees: from.int() }) },
    ],
    (out, { degrees, scale }) => {
      out.text(scale);
      out.int(degrees);
    },
  );

  it('writes the last version', () => {
    expect(temperature.codecVersion).toBe(3);
    const bytes = temperature.encode({ degrees: -4, scale: 'F' });
    const from = new ByteReader(bytes);
    expect([from.text(), from.int()]).toEqual(['F', -4]);
    expect(temperature.decode(bytes, 3)).toEqual({ degrees: -4, scale: 'F' });
  });

  it('takes what is older through every step that follows', () => {
    expect(temperature.decode(Uint8Array.of(42), 1)).toEqual({ degrees: 21, scale: 'C' });
    expect(temperature.decode(Uint8Array.of(42, 1, 75), 2)).toEqual({ degrees: 21, scale: 'K' });
  });

  it.each([0, -1, 4, 1.5, Number.NaN])('refuses version %s with both versions named', (version) => {
    expect(() => temperature.decode(Uint8Array.of(42), version)).toThrow(
      `Cannot decode temperature section: version ${version}, know 1 to 3`,
    );
  });

  it('refuses bytes that are left over, in any version', () => {
    expect(() => temperature.decode(Uint8Array.of(42, 0), 1)).toThrow('bytes are left over');
  });
});
