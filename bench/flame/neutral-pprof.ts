// A reader of pprof of its own, for measuring: the plainest way from the description of the format to tables, with no
// line in common with the product. It decides whether two merges are equal.

interface Field {
  readonly number: number;
  readonly integer: bigint;
  readonly bytes: Uint8Array;
  readonly isBytes: boolean;
}

function* fields(bytes: Uint8Array): Generator<Field> {
  const at = { i: 0 };
  const empty = new Uint8Array(0);
  while (at.i < bytes.length) {
    const tag = Number(integerAt(bytes, at));
    if ((tag & 7) === 0)
      yield { number: tag >> 3, integer: integerAt(bytes, at), bytes: empty, isBytes: false };
    else if ((tag & 7) === 2) {
      const length = Number(integerAt(bytes, at));
      if (at.i + length > bytes.length) throw new Error('field past the end');
      yield { number: tag >> 3, integer: 0n, bytes: bytes.subarray(at.i, at.i + length), isBytes: true };
      at.i += length;
    } else throw new Error(`wire type ${tag & 7}`);
  }
}

function integerAt(bytes: Uint8Array, at: { i: number }): bigint {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at.i++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt(low);
  }
  let value = BigInt(low);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = bytes[at.i++]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return BigInt.asUintN(64, value);
}

function list(field: Field): bigint[] {
  if (!field.isBytes) return [field.integer];
  const values: bigint[] = [];
  const at = { i: 0 };
  while (at.i < field.bytes.length) values.push(integerAt(field.bytes, at));
  return values;
}

const signed = (value: bigint) => BigInt.asIntN(64, value);

/** Ids are resolved: locations and functions of samples and lines are places in their tables. */
export interface NeutralProfile {
  readonly sampleTypes: string[];
  readonly samples: { locations: number[]; values: number[]; labels: string[] }[];
  readonly locations: {
    mapping: number;
    address: bigint;
    lines: { function: number; line: bigint; column: bigint }[];
    isFolded: boolean;
  }[];
  readonly functions: { name: string; systemName: string; file: string; startLine: bigint }[];
  readonly mappings: {
    start: bigint;
    limit: bigint;
    offset: bigint;
    file: string;
    buildId: string;
    hasFunctions: boolean;
    flags: string;
  }[];
  readonly header: string[];
}

export function neutralPprof(bytes: Uint8Array): NeutralProfile {
  const all = [...fields(bytes)];
  const decoder = new TextDecoder('latin1');
  const strings = all.filter((f) => f.number === 6).map((f) => decoder.decode(f.bytes));
  const text = (index: bigint | undefined) => strings[Number(index ?? 0n)]!;
  const record = (field: Field) => new Map([...fields(field.bytes)].map((f) => [f.number, f.integer]));
  const pair = (field: Field) => `${text(record(field).get(1))}/${text(record(field).get(2))}`;
  const place = (rows: readonly Field[]) => new Map(rows.map((row, i) => [record(row).get(1)!, i]));
  const mappingRows = all.filter((f) => f.number === 3);
  const functionRows = all.filter((f) => f.number === 5);
  const locationRows = all.filter((f) => f.number === 4);
  const mappingPlace = place(mappingRows);
  const functionPlace = place(functionRows);
  const locationPlace = place(locationRows);
  const one = (number: number) => all.filter((f) => f.number === number).at(-1);
  const header = [7, 8, 14, 15].map((number) => `${number} ${text(one(number)?.integer)}`);
  for (const number of [9, 10, 12]) header.push(`${number} ${signed(one(number)?.integer ?? 0n)}`);
  const period = one(11);
  header.push(`11 ${period === undefined ? '/' : pair(period)}`);
  header.push(
    ...all
      .filter((f) => f.number === 13)
      .flatMap(list)
      .map((comment) => `13 ${text(comment)}`),
  );
  return {
    sampleTypes: all.filter((f) => f.number === 1).map(pair),
    header,
    mappings: mappingRows.map((row) => {
      const m = record(row);
      const flags = [7, 8, 9, 10].map((number) => m.get(number) ?? 0n).join('');
      return {
        start: m.get(2) ?? 0n,
        limit: m.get(3) ?? 0n,
        offset: m.get(4) ?? 0n,
        file: text(m.get(5)),
        buildId: text(m.get(6)),
        hasFunctions: (m.get(7) ?? 0n) !== 0n,
        flags,
      };
    }),
    functions: functionRows.map((row) => {
      const f = record(row);
      return {
        name: text(f.get(2)),
        systemName: text(f.get(3)),
        file: text(f.get(4)),
        startLine: signed(f.get(5) ?? 0n),
      };
    }),
    locations: locationRows.map((row) => {
      const parts = [...fields(row.bytes)];
      const get = (number: number) => parts.find((f) => f.number === number)?.integer ?? 0n;
      const lines = parts
        .filter((f) => f.number === 4)
        .map((f) => {
          const l = record(f);
          return {
            function: functionPlace.get(l.get(1) ?? 0n)!,
            line: signed(l.get(2) ?? 0n),
            column: signed(l.get(3) ?? 0n),
          };
        });
      return {
        mapping: get(2) === 0n ? 0 : mappingPlace.get(get(2))! + 1,
        address: get(3),
        lines,
        isFolded: get(5) !== 0n,
      };
    }),
    samples: all
      .filter((f) => f.number === 2)
      .map((row) => {
        const parts = [...fields(row.bytes)];
        const labels = parts
          .filter((f) => f.number === 3)
          .map((f) => {
            const l = record(f);
            return `${text(l.get(1))}=${text(l.get(2))}/${signed(l.get(3) ?? 0n)}/${text(l.get(4))}`;
          });
        return {
          locations: parts
            .filter((f) => f.number === 1)
            .flatMap(list)
            .map((id) => locationPlace.get(id)!),
          values: parts
            .filter((f) => f.number === 2)
            .flatMap(list)
            .map((value) => Number(signed(value))),
          labels: labels.sort(),
        };
      }),
  };
}

/** A profile as sorted lines without ids: equal texts are equal profiles, whatever the order of their tables. */
export function canonical(profile: NeutralProfile): string[] {
  const mappings = profile.mappings.map(
    (m) => `${m.start}-${m.limit}+${m.offset} ${m.file} ${m.buildId} ${m.flags}`,
  );
  const functions = profile.functions.map((f) => `${f.name}|${f.systemName}|${f.file}|${f.startLine}`);
  const locations = profile.locations.map(
    (l) =>
      `${mappings[l.mapping - 1] ?? '-'} @${l.address} ${l.isFolded} ${l.lines.map((x) => `${functions[x.function]}:${x.line}:${x.column}`).join(' < ')}`,
  );
  const ranks = new Map([...new Set(locations)].sort().map((text, i) => [text, i]));
  return [
    `types ${profile.sampleTypes.join(' ')}`,
    ...profile.header,
    ...mappings.toSorted().map((m) => `mapping ${m}`),
    ...functions.toSorted().map((f) => `function ${f}`),
    ...locations.toSorted().map((l) => `location ${l}`),
    ...profile.samples
      .map(
        (s) =>
          `sample ${s.locations.map((l) => ranks.get(locations[l]!)).join(',')} [${s.labels.join(' ')}] ${s.values.join(' ')}`,
      )
      .sort(),
  ];
}
