import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptionGroup } from '../../lib/traces/description-group.ts';

describe('descriptionGroup', () => {
  it.each([
    [
      'db',
      "SELECT * FROM t1 WHERE id IN (1, 2, 3) AND name = 'a''b'",
      'SELECT * FROM t1 WHERE id IN (?) AND name = ?',
    ],
    ['db', "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3,'z');", 'INSERT INTO t (a, b) VALUES (?)'],
    [
      'db',
      'SELECT "m"."id" FROM "m" WHERE a = %s AND b=$1 AND c = :name',
      'SELECT "m"."id" FROM "m" WHERE a = ? AND b=? AND c = ?',
    ],
    ['db', 'SELECT  1 -- trace 77\n  , 2 /* id=9 */', 'SELECT ?'],
    [
      'db.sql.query',
      'UPDATE `shard_12` SET x = "secret", y = x::text',
      'UPDATE `shard_12` SET x = ?, y = x::text',
    ],
    [
      'db',
      'SELECT a FROM t WHERE "t"."b" = "u"."c" LIMIT 21',
      'SELECT a FROM t WHERE "t"."b" = "u"."c" LIMIT ?',
    ],
    ['db', 'SAVEPOINT "s140309459700608_x1"', 'SAVEPOINT ?'],
    ['db.redis', "SET 'session:8f3a' 'value'", 'SET session:*'],
    [
      'http.client',
      'GET https://u:p@api.example/users/42/orders/3f2a9c77aa?token=1#x',
      'GET https://api.example/users/:id/orders/:id',
    ],
    ['http.client', 'post /v2/items/order-12345', 'POST /v2/items/order-:id'],
    ['http.client', 'GET https://api.example', 'GET https://api.example'],
    ['cache.get', 'user:42:cart, user:43:cart', 'user:*:cart'],
    ['cache.get', 'views.decorators.cache.cache_page..9b2a', 'views.decorators.cache.cache_page..*'],
    ['cache.get', 'cart:ann@example.com', 'cart:*.com'],
    [
      'db',
      'SELECT "app_team"."id", "app_team"."name", COUNT("id") FROM "app_team" WHERE "mail" = \'ann@example.com\'',
      'SELECT "app_team"."id", "app_team"."name", COUNT("id") FROM "app_team" WHERE "mail" = ?',
    ],
    ['db', 'SELECT * FROM "ann@example.com"', 'SELECT * FROM "<email>"'],
    ['function', 'test_fn 0', 'test_fn *'],
    ['template.render', 'report-2021.html', 'report-*.html'],
    ['function', 'shop.quote', 'shop.quote'],
  ])('%s %j', (op, description, group) => {
    expect(descriptionGroup(op, description)).toBe(group);
  });

  it('is the same for other values, and for itself', () => {
    const number = fc.nat().map(String);
    fc.assert(
      fc.property(number, number, (a, b) => {
        const of = (n: string) => descriptionGroup('db', `SELECT x FROM t WHERE id = ${n} AND s = '${n}'`);
        expect(of(a)).toBe(of(b));
        expect(descriptionGroup('db', of(a))).toBe(of(a));
      }),
    );
  });

  it('takes anything, and keeps it short', () => {
    const op = fc.constantFrom('db', 'db.redis', 'http.client', 'cache.get', 'function', '');
    const hard = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom("'", '"', '(', '?, ', '/*', '--', '%s', '\\', '1', ' '), { maxLength: 3_000 })
        .map((a) => a.join('')),
    );
    fc.assert(
      fc.property(op, hard, (which, description) => {
        expect(descriptionGroup(which, description).length).toBeLessThanOrEqual(300);
      }),
    );
  });
});
