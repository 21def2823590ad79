// pprof files written by hand for tests, in every form that the wire allows. Shares no code with the product.

export interface DrawnFunction {
  readonly name?: string | Uint8Array;
  readonly systemName?: string;
  readonly file?: string;
}

export interface DrawnLocation {
  /** Names of functions, the innermost first; none: an address alone. */
  readonly lines?: readonly (readonly [fn: string, line: number])[];
  readonly address?: number;
  readonly mapping?: number;
}

export interface DrawnSample {
  /** Names of locations, leaf first. */
  readonly stack: readonly string[];
  readonly values: readonly (number | bigint)[];
  readonly labels?: readonly (readonly [key: string, value: string | number])[];
}

export interface DrawnPprof {
  readonly types: readonly (readonly [type: string, unit: string])[];
  readonly functions: Readonly<Record<string, DrawnFunction>>;
  readonly locations: Readonly<Record<string, DrawnLocation>>;
  readonly samples: readonly DrawnSample[];
  readonly defaultType?: string;
  readonly mappings?: readonly string[];
}

/** How a file says what it says. */
export interface Wire {
  /** Lists as one field, or a field per item. */
  readonly packed: boolean;
  /** Fields of the profile in the order of their first appearance. */
  readonly order: readonly number[];
  /** The id of the n-th row of a table. */
  readonly id: (n: number) => number | bigint;
  /** Unknown fields between the known ones. */
  readonly unknown: boolean;
}

export const PLAIN: Wire = { packed: true, order: [1, 2, 3, 4, 5, 6, 14], id: (n) => n + 1, unknown: false };

export const varint = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
};
export const integer = (field: number, value: number | bigint): number[] => [
  ...varint(field << 3),
  ...varint(value),
];
export const message = (field: number, content: Iterable<number>): number[] => {
  const bytes = [...content];
  return [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes];
};

const UNKNOWN_FIELDS = [
  ...integer(99, 2n ** 64n - 1n),
  ...message(100, [1, 2, 3]),
  ...[...varint((101 << 3) | 1), 0, 0, 0, 0, 0, 0, 0, 0],
  ...[...varint((102 << 3) | 5), 0, 0, 0, 0],
];

export function drawPprof(drawn: DrawnPprof, wire: Wire = PLAIN): Uint8Array {
  const strings: (string | Uint8Array)[] = [''];
  const text = (value: string | Uint8Array): number => {
    const known = strings.indexOf(value);
    return known >= 0 ? known : strings.push(value) - 1;
  };
  const list = (field: number, values: readonly (number | bigint)[]) =>
    wire.packed ? message(field, values.flatMap(varint)) : values.flatMap((value) => integer(field, value));
  const ids = (table: Readonly<Record<string, unknown>>) =>
    new Map(Object.keys(table).map((name, i) => [name, wire.id(i)]));
  const functionIds = ids(drawn.functions);
  const locationIds = ids(drawn.locations);
  const label = ([key, value]: readonly [string, string | number]) =>
    message(3, [
      ...integer(1, text(key)),
      ...(typeof value === 'string' ? integer(2, text(value)) : integer(3, value)),
    ]);
  const tables: Record<number, number[][]> = {
    1: drawn.types.map(([type, unit]) => message(1, [...integer(1, text(type)), ...integer(2, text(unit))])),
    2: drawn.samples.map(({ stack, values, labels = [] }) =>
      message(2, [
        ...list(
          1,
          stack.map((name) => locationIds.get(name)!),
        ),
        ...labels.flatMap(label),
        ...list(2, values),
      ]),
    ),
    3: (drawn.mappings ?? []).map((file, i) => message(3, [...integer(1, i + 1), ...integer(5, text(file))])),
    4: Object.entries(drawn.locations).map(([name, { lines = [], address = 0, mapping = 0 }]) =>
      message(4, [
        ...lines.flatMap(([fn, line]) =>
          message(4, [...integer(2, line), ...integer(1, functionIds.get(fn)!)]),
        ),
        ...integer(3, address),
        ...integer(2, mapping),
        ...integer(1, locationIds.get(name)!),
      ]),
    ),
    5: Object.entries(drawn.functions).map(([key, { name = '', systemName = '', file = '' }]) =>
      message(5, [
        ...integer(4, text(file)),
        ...integer(3, text(systemName)),
        ...integer(2, text(name)),
        ...integer(1, functionIds.get(key)!),
      ]),
    ),
    14: drawn.defaultType === undefined ? [] : [integer(14, text(drawn.defaultType))],
  };
  const encoder = new TextEncoder();
  tables[6] = strings.map((value) => message(6, typeof value === 'string' ? encoder.encode(value) : value));
  const rows = wire.order.flatMap((field) => tables[field] ?? []);
  return Uint8Array.from(rows.flatMap((row) => (wire.unknown ? [...row, ...UNKNOWN_FIELDS] : row)));
}
