// The one scrubber: what stands in a name of a unit, a metric's part or a frame and was meant for nobody else goes before
// it reaches a segment. Raw uploads keep it; they are readable with scope admin alone.

interface Rule {
  readonly pattern: RegExp;
  readonly put: string | ((match: string, ...groups: string[]) => string);
}

// Every pattern is linear: it starts at a boundary that its own body cannot cross (lookbehind), or its length is bounded.

/** Credentials: named ones, then those known by their shape. */
const SECRETS: readonly Rule[] = [
  { pattern: /(?<=:\/\/)[^\s/?#]*@/g, put: '<credentials>@' }, // https://user:password@host
  {
    pattern:
      /(?<![A-Za-z])(pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|authorization|auth|signature|sig|session(?:[_-]?id)?|cookie|credential|(?:access|refresh|id|client)[_-](?:token|key|secret))(["']?[=:]["']?)(?![/:])[^\s&;,'")\]}]+/gi,
    put: (_, name, sign) => `${name}${sign}<secret>`,
  },
  { pattern: /\b(Bearer|Basic|Token) (?=[A-Za-z+/._~-]*[0-9=])[A-Za-z0-9+/=._~-]{8,}/gi, put: '$1 <secret>' },
  // JSON web tokens: base64 of '{"'.
  { pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_.-]+/g, put: '<token>' },
  {
    // Stripe, OpenAI, GitHub, GitLab, Slack, npm, SendGrid, Google, Standard Webhooks, AWS and our own keys.
    pattern:
      /(?<![A-Za-z0-9_-])(?:(?:[sr]k|pk)[_-](?:live_|test_|proj-|ant-)?|gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|npm_|SG\.|AIza|ya29\.|whsec_|tm_|dop_v1_)(?=[A-Za-z_.-]*[0-9])[A-Za-z0-9_.-]{16,}/g,
    put: '<token>',
  },
  { pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, put: '<token>' },
];

const PEOPLE: readonly Rule[] = [
  {
    // The domain's first label has a letter and its last only letters, so that `express@4.18.2` is no address.
    pattern:
      /[\p{L}\p{N}._%+-]{1,64}@(?=[\p{N}-]{0,62}\p{L})[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24}(?![\p{L}\p{N}])/gu,
    put: '<email>',
  },
  {
    pattern: /(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])/g,
    put: (digits) => (isCard(digits) ? '<card>' : digits),
  },
];

const IDS: readonly Rule[] = [
  {
    pattern: /(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])/gi,
    put: ':id',
  },
  { pattern: /(?<![0-9A-Za-z])(0x)?[0-9a-f]{16,}(?![0-9A-Za-z])/gi, put: ':id' },
  { pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32,}/g, put: (run) => (looksDrawn(run) ? '<token>' : run) },
];

/** Literals of a statement; the order matters: quotes before what may stand inside of them. */
const SQL: readonly Rule[] = [
  { pattern: /\/\*[\s\S]*?(?:\*\/|$)/g, put: ' ' }, // tracers put ids into comments
  { pattern: /\$([A-Za-z_]{0,16})\$[\s\S]*?(?:\$\1\$|$)/g, put: '?' },
  { pattern: /(?:(?<![A-Za-z0-9_])[bnexBNEX])?'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)/g, put: '?' },
  { pattern: /(?<=[=(,]\s{0,4}|[<>]\s{1,4}|\blike\s{1,4})"(?:[^"\\]|\\[\s\S]|"")*(?:"|\\?$)/gi, put: '?' },
  {
    pattern:
      /(?<![\p{L}\p{N}_$:@.?])-?(?:0x[0-9a-f]+|[0-9][0-9_]*(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?)(?![\p{L}\p{N}_])/giu,
    put: '?',
  },
  {
    pattern: /\([\s?,]*\)(?:\s?,\s?\([\s?,]*\))*/g, // IN (?, ?) and VALUES (?, ?), (?, ?)
    put: (list) => (list.includes('?') ? '(?)' : list),
  },
];
const SQL_VERB = /\b(?:select|insert|update|delete|merge|replace|with)\s/i;
const SQL_CLAUSE = /\s(?:from|into|set|values|where|join|using)\b/i;
const SQL_CALL = /^\s*(?:call|exec|execute)\s+[\w.$]+\s*[('@]/i;
const isSql = (text: string) => (SQL_VERB.test(text) && SQL_CLAUSE.test(text)) || SQL_CALL.test(text);

/** Values in the text of a document query: `{"find":"users","filter":{"name":"Ann"}}`. */
const JSON_VALUES: readonly Rule[] = [
  { pattern: /(?<=[^\\]"\s?:\s?)(?:"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|-?[0-9][0-9.eE+-]*)/g, put: '?' },
];

const NAME_RULES = [...SECRETS, ...PEOPLE, ...IDS];
const VERSION_RULES = [...SECRETS, ...PEOPLE];
/** Nothing that a rule looks for can be without one of these. */
const SUSPICIOUS = /[0-9@'"=:*$]|eyJ|[A-Za-z0-9_-]{32}/;
/** A replacement may bring two pieces together that match anew; nobody sends a name that needs more rounds. */
const ROUNDS_MAX = 8;

/**
 * A name without what may be private in it: SQL literals, tokens, keys and passwords, mail addresses, card numbers, and
 * ids (UUIDs, long hex), which are templated as those of paths are. What is left says the same thing of every request.
 *
 * Linear in the length of `text`; idempotent; the same text back when there is nothing to remove.
 */
export const scrub = (text: string): string => toFixedPoint(text, scrubOnce);

/** As `scrub`, but a version may be a commit or a digest: hex stays. */
export const scrubVersion = (text: string): string =>
  toFixedPoint(text, (part) => applied(part, VERSION_RULES));

function toFixedPoint(text: string, once: (text: string) => string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let before = text;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const after = once(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

function scrubOnce(text: string): string {
  const plain = applied(text, NAME_RULES);
  if (isSql(plain)) return applied(plain, SQL);
  return plain.startsWith('{') || plain.startsWith('[') ? applied(plain, JSON_VALUES) : plain;
}

const applied = (text: string, rules: readonly Rule[]): string =>
  rules.reduce((part, { pattern, put }) => part.replace(pattern, put as string), text);

/** Luhn's check digit, by which card numbers are told from other long numbers. */
function isCard(text: string): boolean {
  const digits = text.replaceAll(/[^0-9]/g, '');
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Of drawn base62, 62 % of neighbours change between lower, upper and digit; of camelCase names about 30 %. */
const DRAWN_CHANGES = 0.45;

function looksDrawn(run: string): boolean {
  let changes = 0;
  for (let i = 1; i < run.length; i += 1) if (classOf(run, i) !== classOf(run, i - 1)) changes += 1;
  return changes >= DRAWN_CHANGES * (run.length - 1) && /[0-9]/.test(run) && /[A-Za-z]/.test(run);
}

function classOf(text: string, at: number): 'digit' | 'upper' | 'lower' {
  const code = text.charCodeAt(at);
  if (code < 0x3a && code > 0x2f) return 'digit';
  return code < 0x5b && code > 0x40 ? 'upper' : 'lower';
}
