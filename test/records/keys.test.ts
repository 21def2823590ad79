import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTITION_MS } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import {
  deployKey,
  headKey,
  headPlace,
  headsBetween,
  ledgerKey,
  serviceKey,
  servicesOf,
} from '../../lib/records/keys.ts';

const options = { seed: 20_310_510, numRuns: 300 };
const name = fc.string({ unit: fc.constantFrom('a', '#', '%', '/', 'é', '2', '3') });
const partition = (start: number, service = 'shop') => ({
  project: 'default',
  service: serviceName({ name: service }),
  generation: 0,
  start,
});

describe('headsBetween()', () => {
  it('holds the heads of exactly those partitions that begin before the end and end after the beginning', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40 * PARTITION_MS), fc.nat(3 * PARTITION_MS), (bucket, from, length) => {
        const start = bucket * PARTITION_MS;
        const to = from + length;
        const { sk } = headKey(partition(start));
        const range = headsBetween({ ...partition(0), from, to });
        // Keys tell whole seconds: a partition that begins within the last one may be read for nothing.
        const inside = start > from - PARTITION_MS && start < to;
        if (inside) expect(sk >= range.from && sk < range.to).toBe(true);
        else if (start <= from - PARTITION_MS || start >= to + 1000) {
          expect(sk >= range.from && sk < range.to).toBe(false);
        }
      }),
      options,
    );
  });

  it('holds the partition that begins with the last half second of the range', () => {
    const start = 1000 * PARTITION_MS;
    const { from, to } = headsBetween({ ...partition(0), from: start - 1, to: start + 500 });
    const { sk } = headKey(partition(start));
    expect(sk >= from && sk < to).toBe(true);
    expect(headPlace(sk)).toEqual({ generation: 0, start });
  });
});

describe('keys', () => {
  it('differ for different names, whatever characters these hold', () => {
    fc.assert(
      fc.property(name, name, name, name, (a, b, c, d) => {
        const [left, right] = [deployKey(a, b, 0, 'v'), deployKey(c, d, 0, 'v')];
        expect(left.pk === right.pk).toBe(a === c && b === d);
      }),
      options,
    );
  });

  it('of services lie in the range of their project, and in no other', () => {
    fc.assert(
      fc.property(name, name, (project, service) => {
        const { pk, sk } = serviceKey(project, service);
        const range = servicesOf(project);
        expect([pk, sk >= range.from && sk < range.to]).toEqual([range.pk, true]);
      }),
      options,
    );
  });

  it('of ledger records spread a project over 64 partitions', () => {
    const ids = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0').padEnd(32, '0'));
    expect(new Set(ids.map((id) => ledgerKey('p', id).pk)).size).toBe(64);
  });
});
