import { expect, it } from 'vitest';
import { learnLayers } from '../../lib/traces/nesting/learned-layers.ts';
import { DEFAULTS } from '../../lib/traces/nesting/settings.ts';
import { Keys, tableOf } from '../../lib/traces/nesting/span-table.ts';
import { traceOf } from './trace-picture.ts';

it('counts a leaf once for each pair, in whatever order its children come', () => {
  const keys = new Keys();
  const bare = 'GET /x | 0-100\n  db a | 10-30';
  const holds = `${bare}
    one a | 10.1-11
    two b | 10.2-11
    one c | 10.3-11
    two d | 10.4-11`;
  const tables = (picture: string) => Array.from({ length: 10 }, () => tableOf(traceOf(picture), keys));
  const half = [...tables(holds).slice(5), ...tables(bare).slice(5)];
  expect([...learnLayers(tables(holds), DEFAULTS).layers]).toHaveLength(2);
  expect([...learnLayers(half, DEFAULTS).layers]).toEqual([]);
});

it('takes a listed pair for chance that is seldom, unless that is all there is of its inner leaves', () => {
  const keys = new Keys();
  const apart = 'GET /x | 0-100\n  db a | 10-30\n  http.client b | 40-50';
  const held = 'GET /x | 0-100\n  db a | 10-30\n    http.client b | 11-20';
  const first = 'GET /x | 0-100\n  db a | 10-30\n    socket.connection c | 11-20';
  const tables = [first, held, ...Array.from({ length: 10 }, () => apart)].map((one) =>
    tableOf(traceOf(one), keys),
  );
  expect([...learnLayers(tables, DEFAULTS).chance]).toEqual(['db\tmanual\nhttp.client\tmanual']);
});
