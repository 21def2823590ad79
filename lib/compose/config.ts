import { hostname } from 'node:os';
import { Fault } from '../model/fault.ts';
import { KEPT_BEYOND_PAST_DAYS } from '../model/lifetimes.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/units.ts';

/** Every setting of the embedded product; `docs/operations/settings.md` is their table. */
export interface Config {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Ask for keys on loopback too. */
  readonly auth: boolean;
  readonly acceptPastMs: number;
  readonly acceptFutureMs: number;
  readonly retentionDays: number;
  readonly rollUpDays: number;
  /** No project keeps less: roll-ups could not be rebuilt. */
  readonly retentionMinDays: number;
  readonly scanIntervalMs: number;
  readonly publicUrl: string;
  readonly slackWebhookUrl: string | undefined;
  /** A generic webhook; its messages are signed. */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
}

export const DEFAULT_PORT = 4040;
const ACCEPT_FUTURE_MS = 5 * MINUTE_MS;

type Environment = Readonly<Record<string, string | undefined>>;
export type Overrides = Partial<Pick<Config, 'dataDir' | 'host' | 'port' | 'auth'>>;

/** @throws Fault('invalid-input') naming the variable, its value and what is allowed */
export function readConfig(env: Environment, overrides: Overrides = {}): Config {
  const port = overrides.port ?? wholeNumber(env, 'TIDEMARK_PORT', DEFAULT_PORT, 0, 65_535);
  const host = overrides.host ?? '127.0.0.1';
  const acceptPastMs = number(env, 'TIDEMARK_ACCEPT_PAST_HOURS', 48, 1, 24 * 3650) * HOUR_MS;
  const retentionMin = Math.ceil(acceptPastMs / DAY_MS) + KEPT_BEYOND_PAST_DAYS;
  return {
    dataDir: overrides.dataDir ?? (env.TIDEMARK_DATA || '.tidemark'),
    host,
    port,
    auth: overrides.auth ?? false,
    acceptPastMs,
    acceptFutureMs: ACCEPT_FUTURE_MS,
    retentionDays: number(env, 'TIDEMARK_RETENTION_DAYS', Math.max(30, retentionMin), retentionMin, 3650),
    retentionMinDays: retentionMin,
    rollUpDays: number(env, 'TIDEMARK_ROLLUP_DAYS', Math.max(400, retentionMin), retentionMin, 3650),
    scanIntervalMs: number(env, 'TIDEMARK_SCAN_INTERVAL_S', 300, 1, 86_400) * SECOND_MS,
    publicUrl: (url(env, 'TIDEMARK_PUBLIC_URL') ?? `http://${hostInUrl(nameOf(host))}:${port}`).replace(
      /\/+$/,
      '',
    ),
    slackWebhookUrl: url(env, 'TIDEMARK_SLACK_WEBHOOK_URL'),
    webhook: signedWebhook(env),
  };
}

function number(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw new Fault('invalid-input', `Cannot use ${name}="${text}": need a number from ${min} to ${max}`);
}

function wholeNumber(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const value = number(env, name, fallback, min, max);
  if (Number.isInteger(value)) return value;
  throw new Fault('invalid-input', `Cannot use ${name}="${env[name]}": need a whole number`);
}

/** IPv6 addresses stand in brackets there. */
export const hostInUrl = (host: string) => (host.includes(':') ? `[${host}]` : host);

/** Nobody can go to "all addresses": links name the machine. */
export const isWildcard = (host: string) => host === '0.0.0.0' || host === '::';
const nameOf = (host: string) => (isWildcard(host) ? hostname() : host);

/** The value of a URL may be a secret: it is not repeated. */
function url(env: Environment, name: string): string | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new Fault('invalid-input', `Cannot use ${name}: need a URL that begins with http:// or https://`);
}

function signedWebhook(env: Environment): Config['webhook'] {
  const target = url(env, 'TIDEMARK_WEBHOOK_URL');
  const secret = env.TIDEMARK_WEBHOOK_SECRET;
  if (target === undefined) return undefined;
  if (!secret) {
    throw new Fault(
      'invalid-input',
      'Cannot use TIDEMARK_WEBHOOK_URL alone: its messages are signed, set TIDEMARK_WEBHOOK_SECRET too',
    );
  }
  return { url: target, secret };
}
