// A guess at the route behind a raw path, for senders that give none: what looks like an id becomes `:id`.

const MAX_SEGMENTS = 8;
const MAX_SEGMENT_LENGTH = 64;
const MAX_LENGTH = 200;
const ID = ':id';

const NUMBER = /^[\d.,:+-]*\d[\d.,:+-]*$/; // 42, 2024-11-20, 10.5
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i;
const TOKEN = /^(?=.*\d)(?=.*[a-z])[\w~.=-]{20,}$/i; // ULID, nano id, JWT
const VERSION = /^v\d{1,3}$/i;
const NUMBERED = /^(.*?[^\d])[-_]?\d{3,}$/; // order-12345; two digits may be a name
const MARKS = /[{<]|(^|\/):|\*/;

/** True when a path is a template already: it has a `{name}`, `<int:name>`, `:name` or `*`. */
export const isTemplate = (path: string): boolean => MARKS.test(path);

/** `/orders/1234/items?page=2` → `/orders/:id/items` */
export function templatePath(target: string): string {
  const path = target.replace(/^[a-z][a-z+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const segments = path.split('/').filter((segment) => segment !== '');
  const kept = segments.slice(0, MAX_SEGMENTS).map(templateSegment);
  if (segments.length > MAX_SEGMENTS) kept.push('*');
  const template = `/${kept.join('/')}`;
  return template.length > MAX_LENGTH ? `${template.slice(0, MAX_LENGTH)}*` : template;
}

function templateSegment(segment: string): string {
  if (VERSION.test(segment)) return segment;
  if (segment.length > MAX_SEGMENT_LENGTH) return ID;
  if (NUMBER.test(segment) || UUID.test(segment) || HEX.test(segment) || TOKEN.test(segment)) return ID;
  if (segment.includes('@') || segment.includes('%')) return ID;
  const numbered = NUMBERED.exec(segment);
  return numbered === null ? segment : `${numbered[1]!.replace(/[-_]$/, '')}-${ID}`;
}
