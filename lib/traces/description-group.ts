import { scrub, scrubVersion } from '../model/scrub.ts';

// Spans that do the same thing have one description but for values: ids in SQL and URLs, the rest of a cache key. Every
// pass is linear in the description's length, which is cut first.

const MAX_CHARS = 2_000;
const MAX_GROUP_CHARS = 300;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const HEX = /^(?=.*\d)[0-9a-f]{6,}$/i;
const NUMBER = /^[\d.,:+-]*\d[\d.,:+-]*$/;
const HAS_LONG_NUMBER = /\d{2,}/;
const HTTP = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|QUERY)\s+(\S+)/i;
const REDIS = /^[A-Z]+(?:\s|$)/;

/** One text for all calls of a kind: `SELECT * FROM orders WHERE id = ?`, `GET https://api.example/users/:id`, `price:*`. */
export function descriptionGroup(op: string, description: string): string {
  const text = description.slice(0, MAX_CHARS);
  return groupOf(op, text);
}

const short = (group: string) => group.trim().slice(0, MAX_GROUP_CHARS);

function groupOf(op: string, text: string): string {
  if (op.startsWith('http')) return cleanTarget(short(httpGroup(text)));
  if (op.startsWith('cache')) return short(keysGroup(text));
  if (op.startsWith('db.redis') || (op === 'db' && isRedisCommand(text))) return short(redisGroup(text));
  if (op.startsWith('db')) return cleanSql(short(sqlGroup(text)));
  return short(wordsGroup(text));
}

// What nobody should read goes as well: secrets, mail addresses, ids. A statement keeps what is in double quotes: its
// values are gone, these are names of columns. Keys lost all that could be a value.
const cleanSql = remembering(scrubVersion);
const cleanTarget = remembering(scrub);

const REMEMBERED_MAX = 10_000;

/** Groups are few, however many spans there are. */
function remembering(of: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= REMEMBERED_MAX) known.clear();
    const after = of(text);
    known.set(text, after);
    return after;
  };
}

const isRedisCommand = (text: string) =>
  /^(GET|SET|MGET|MSET|HGET|HSET|DEL|INCR|EXPIRE|LPUSH|RPUSH|SADD|ZADD)\s/.test(text);

// --- SQL: what is quoted or counted goes, lists of any length are one, white space and the case of nothing matters less

const SQL_TOKEN =
  /\s+|--[^\n]*|\/\*[^*]*(?:\*(?!\/)[^*]*)*(?:\*\/|$)|'[^']*(?:''[^']*)*'?|\$\d+|%s|%\([^)]{0,64}\)s|::\w+|:\w+|@\w+|[A-Za-z_][\w$]*|"[^"]*"\.|"[^"]*"?|`[^`]*`?|\d[\w.]*|\?|[\s\S]/g;
const SAVEPOINT = /^(savepoint|release savepoint|rollback to savepoint)\s+.*/i;

function sqlGroup(text: string): string {
  const savepoint = SAVEPOINT.exec(text);
  if (savepoint !== null) return `${savepoint[1]!.toUpperCase()} ?`;
  const out: string[] = [];
  for (const [token] of text.matchAll(SQL_TOKEN)) {
    const first = token.charCodeAt(0);
    if (first <= 0x20 || token.startsWith('--') || token.startsWith('/*')) {
      if (out.length > 0 && out.at(-1) !== ' ') out.push(' ');
    } else out.push(isValue(token, first) || isQuotedValue(token, out) ? '?' : token);
  }
  return out
    .join('')
    .replace(LIST, '?')
    .replace(ROWS, '(?)')
    .replace(/ ?;? ?$/, '');
}

/** MySQL's "text": a name in quotes has its table before it, or stands at other places than behind a comparison. */
function isQuotedValue(token: string, out: readonly string[]): boolean {
  if (token[0] !== '"' || token.endsWith('.')) return false;
  const before = out.at(-1) === ' ' ? out.at(-2) : out.at(-1);
  return before === '=' || before === '<' || before === '>' || before?.toLowerCase() === 'like';
}

/** A literal, a number or a parameter of any style. Names with numbers in them (`shard_12`, `t1`) are names. */
function isValue(token: string, first: number): boolean {
  if (first === 0x27 || token === '?') return true; // 'text'
  if (first >= 0x30 && first <= 0x39) return true;
  if (token.length < 2) return false;
  return first === 0x24 || first === 0x25 || first === 0x40 || (first === 0x3a && token[1] !== ':');
}

/** IN lists and rows of VALUES have any length. */
const LIST = /\?(?: ?, ?\?)+/g;
const ROWS = /\( ?\? ?\)(?: ?, ?\( ?\? ?\))+/g;

// --- HTTP: no query, no credentials, ids of the path as :id

function httpGroup(text: string): string {
  const match = HTTP.exec(text);
  const method = match === null ? '' : `${match[1]!.toUpperCase()} `;
  const target = match === null ? text : match[2]!;
  const cut = target.search(/[?#]/);
  const plain = cut === -1 ? target : target.slice(0, cut);
  const host = /^([a-z][a-z+.-]{0,20}:)?\/\/[^/]*/i.exec(plain)?.[0] ?? '';
  const path = plain.slice(host.length).split('/').map(pathPart).join('/');
  return method + host.replace(/\/\/[^@/]*@/, '//') + path;
}

function pathPart(part: string): string {
  if (part.length > 64 || NUMBER.test(part) || UUID.test(part) || HEX.test(part)) return ':id';
  return part.includes('@') || part.includes('%') ? ':id' : withoutNumbers(part, ':id');
}

/** `order-12345` → `order-:id`; `v2` and `utf8` stay. */
const withoutNumbers = (word: string, put: string) =>
  HAS_LONG_NUMBER.test(word) ? word.replace(/\d{2,}/g, put) : word;

// --- keys: `user:42:cart, user:43:cart` → `user:*:cart`

/** One key or a list of them, a command before it or not. */
function keysGroup(text: string): string {
  const keys = new Set(text.split(',').map((key) => key.trim().split(/\s+/).map(keyGroup).join(' ')));
  return [...keys].slice(0, 5).join(', ');
}

const keyGroup = (key: string): string =>
  key
    .replace(/^[[('"]+|[\])'"]+$/g, '')
    .split(/([:./|_-])/)
    .map((part) => (/[\d@]/.test(part) || part.length > 32 ? '*' : part))
    .join('');

function redisGroup(text: string): string {
  const command = REDIS.exec(text)?.[0].trim() ?? '';
  if (command === '') return keysGroup(text);
  const [key = ''] = text.slice(command.length).trim().split(/\s+/, 1);
  return key === '' ? command : `${command} ${keyGroup(key)}`;
}

/** Names of functions and templates: numbers of two digits and more, ids. */
const wordsGroup = (text: string): string =>
  scrub(text)
    .split(/(\s+)/)
    .map((word) => (UUID.test(word) || HEX.test(word) || NUMBER.test(word) ? '*' : withoutNumbers(word, '*')))
    .join('');
