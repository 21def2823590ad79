import type { Draw } from './draw.ts';

/** What a call may do to a store. A conditional write is one that may answer that somebody was faster. */
export type Access = 'read' | 'write' | 'conditional write';

/** What may happen between two awaits, and at which calls it makes a difference. */
export const FAULTS = {
  'crash before': ['read', 'write', 'conditional write'],
  'crash after': ['write', 'conditional write'],
  'no answer': ['read', 'write', 'conditional write'],
  'no answer, written': ['write', 'conditional write'],
  'no answer, written later': ['write', 'conditional write'],
  'answer lost': ['conditional write'],
  'pause before': ['read', 'write', 'conditional write'],
  'pause after': ['read', 'write', 'conditional write'],
  'clock jumps': ['read', 'write', 'conditional write'],
} as const satisfies Record<string, readonly Access[]>;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** Operation → fault → how often it hit. */
export type FaultTable = Record<string, Partial<Record<FaultName, number>>>;

export interface FaultBook {
  readonly table: FaultTable;
  /** While false, nothing goes wrong. */
  isOpen: boolean;
  /** One of the faults that this call can have; those that this operation has met least come most. */
  draw(operation: string, access: Access): FaultName;
}

/** How many faults are any that can be; the others are those that were met least. */
const AT_RANDOM = 0.3;

export function faultBook(draw: Draw): FaultBook {
  const table: FaultTable = {};
  const met = (operation: string, fault: FaultName) => table[operation]?.[fault] ?? 0;
  return {
    table,
    isOpen: true,
    draw(operation, access) {
      const possible = FAULT_NAMES.filter((name) => (FAULTS[name] as readonly Access[]).includes(access));
      const drawn = draw.chance(AT_RANDOM) ? [draw.pick(possible)] : possible;
      const least = Math.min(...drawn.map((fault) => met(operation, fault)));
      const fault = draw.pick(drawn.filter((one) => met(operation, one) === least));
      table[operation] = { ...table[operation], [fault]: met(operation, fault) + 1 };
      return fault;
    },
  };
}

export function addTable(total: FaultTable, more: FaultTable): void {
  for (const [operation, row] of Object.entries(more)) {
    const sum = total[operation] ?? {};
    total[operation] = sum;
    for (const [fault, count] of Object.entries(row) as [FaultName, number][])
      sum[fault] = (sum[fault] ?? 0) + count;
  }
}

export const faultsIn = (table: FaultTable): number =>
  Object.values(table).reduce((sum, row) => sum + Object.values(row).reduce((a, b) => a + b, 0), 0);

/** The table as text, a line for each operation. */
export function printed(table: FaultTable): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length), 'operation'.length) + 2;
  const heads = FAULT_NAMES.map((name) => name.padStart(name.length + 2));
  const lines = Object.entries(table).map(([operation, row]) => {
    const cells = FAULT_NAMES.map((name) => String(row[name] ?? '-').padStart(name.length + 2));
    return operation.padEnd(width) + cells.join('');
  });
  return ['operation'.padEnd(width) + heads.join(''), ...lines].join('\n');
}

/** Operations whose faults count: what is done around them goes wrong as well. */
export const CORE = ['commit', 'compact', 'roll up', 'expire', 'replay', 'join', 'scan'] as const;
