import type { Clock } from '../ports/clock.ts';
import type { DeliveryOutcome } from '../ports/notifier.ts';

export const DELIVERY_TIMEOUT_MS = 10_000;
const RETRY_MS = 30_000;
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60 * 60 * 1000; // a target that asks for more is asked again after an hour
const MAX_ANSWER_BYTES = 1024;

export interface Delivery {
  /** A secret: it must not come to light in any outcome, error or log. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Posts JSON and reads the target's answer as a `DeliveryOutcome`; never throws. 2xx is 'sent'. 408, 425, 429, 5xx, a
 * lost connection and a time-out are 'retry': the message may have arrived, and rather comes twice than never.
 * Everything else is 'refused'. Reasons are made of the status, words of the form `no_service` and Node's error codes
 * only, since answers and messages of errors may repeat the URL.
 */
export async function deliver(delivery: Delivery): Promise<DeliveryOutcome> {
  const { url, headers, body, fetch, timeoutMs, clock } = delivery;
  if (!isHttpUrl(url)) return { outcome: 'refused', reason: 'The URL is no http or https URL' };
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
      body,
      redirect: 'manual', // a redirect would hand the message, and parts of the secret, to somebody else
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    return { outcome: 'retry', afterMs: RETRY_MS, reason: reasonOf(error, timeoutMs) };
  }
  const word = await errorWord(response);
  if (response.ok) return { outcome: 'sent' };
  const { status } = response;
  const reason = `The target answered ${status}${word}`;
  if (RETRY_STATUS.has(status) || status >= 500) {
    return { outcome: 'retry', afterMs: retryAfterMs(response.headers.get('Retry-After'), clock), reason };
  }
  return { outcome: 'refused', reason };
}

const RETRY_STATUS: ReadonlySet<number> = new Set([408, 425, 429]);

function isHttpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:';
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `No answer within ${timeoutMs} ms; the message may have arrived`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? `No answer (${code})` : 'No answer';
}

/** `: no_service` when the answer is such a word, as Slack's are; else ''. Reads no more than a word is long. */
async function errorWord(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const text = new TextDecoder();
  let answer = '';
  try {
    while (answer.length < MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      answer += text.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    return ''; // the status has come, and it decides
  }
  return /^[a-z]+(?:_[a-z]+)*$/.test(answer) && answer.length <= 60 ? `: ${answer}` : '';
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3). */
function retryAfterMs(header: string | null, clock: Clock): number {
  if (header === null) return RETRY_MS;
  const wanted = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - clock.now();
  return Number.isFinite(wanted) ? Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, wanted)) : RETRY_MS;
}
