import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SIGNATURE_HEADERS, secretOfText, sign, signedContent } from '../http/signing.ts';
import { Fault } from '../model/fault.ts';
import { digest, hexOf } from '../model/ids.ts';
import { EXIT, type Io } from './command.ts';
import { readProgress, type SendProgress } from './send-progress.ts';
import { doorOf, requestsOfFile } from './sendable.ts';

const HELP = `Usage: tidemark send FILE… --to URL --key K [--secret S]

Uploads files of telemetry: OTLP metrics or traces, JSON or protobuf, one export or one a line, plain, gzip
or zstd. What they hold is told by their content. With --secret each request is signed; with --key tm_… alone it carries the token.

  --to URL       where the server listens, e.g. http://127.0.0.1:4040
  --key K        id of a key (k_…, with --secret) or a token (tm_…); TIDEMARK_KEY
  --secret S     upload secret (whsec_…); TIDEMARK_SECRET
  --progress F   remembers here what was taken, so that the same command goes on where it stopped (default: none)
  --json         one JSON document on stdout
  --help         this text

An upload that comes twice counts once, so starting over is safe too. Exit code 1 when a file was refused.
`;

const TRIES = 6;
const TIMEOUT_MS = 30_000;

interface Target {
  readonly url: string;
  readonly key: string;
  readonly secret: Uint8Array<ArrayBuffer> | undefined;
}
interface Sent {
  readonly file: string;
  readonly part: number;
  readonly status: number | null;
  readonly outcome: 'taken' | 'skipped' | 'refused';
  readonly detail: string;
}

export async function send(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      key: { type: 'string' },
      secret: { type: 'string' },
      progress: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const key = values.key ?? process.env.TIDEMARK_KEY ?? '';
  const secret = values.secret ?? process.env.TIDEMARK_SECRET;
  const mistake = mistakeIn(positionals, values.to, key, secret);
  if (mistake !== undefined || values.to === undefined) {
    io.stderr(`tidemark send: ${mistake}; tidemark send --help\n`);
    return EXIT.usage;
  }
  const target: Target = {
    url: values.to.replace(/\/+$/, ''),
    key,
    secret: secret === undefined ? undefined : secretOfText(secret),
  };
  const progress = await readProgress(values.progress);
  const sent: Sent[] = [];
  for (const file of positionals) sent.push(...(await sendFile(file, target, progress, io)));
  report(sent, values.json === true, io);
  return sent.some(({ outcome }) => outcome === 'refused') ? EXIT.failed : EXIT.done;
}

function mistakeIn(
  files: readonly string[],
  to: string | undefined,
  key: string,
  secret: string | undefined,
): string | undefined {
  if (files.length === 0 || to === undefined) return 'Needs at least one FILE and --to URL';
  if (!URL.canParse(to) || !/^https?:/.test(to))
    return `Cannot use --to ${to}: need a URL that begins with http:// or https://`;
  if (secret !== undefined && key.startsWith('tm_'))
    return '--secret goes with the id of its key (k_…), not with a token';
  if (secret === undefined && key.startsWith('k_'))
    return '--key k_… needs --secret; a token (tm_…) does without';
  return undefined;
}

async function sendFile(file: string, target: Target, progress: SendProgress, io: Io): Promise<Sent[]> {
  const parts = requestsOfFile(await io.readFile(file));
  const sent: Sent[] = [];
  for (const [part, body] of parts.entries()) {
    if (io.isTerminal) io.stderr(`\r\x1b[K${file}  ${part + 1} of ${parts.length}`);
    const mark = hexOf(await digest(target.url, body));
    if (progress.has(mark)) {
      sent.push({ file, part, status: null, outcome: 'skipped', detail: 'sent before' });
      continue;
    }
    const { status, detail } = await post(target, body);
    const taken = status !== null && status >= 200 && status < 300;
    if (taken) await progress.add(mark);
    sent.push({ file, part, status, outcome: taken ? 'taken' : 'refused', detail });
  }
  if (io.isTerminal) io.stderr('\r\x1b[K');
  return sent;
}

async function post(
  target: Target,
  plain: Uint8Array<ArrayBuffer>,
): Promise<{ status: number | null; detail: string }> {
  let door: ReturnType<typeof doorOf>;
  try {
    door = doorOf(plain);
  } catch (error) {
    // The other parts of the file may be fine: a Collector writes logs between them.
    if (!(error instanceof Fault)) throw error;
    return { status: null, detail: error.message };
  }
  const { path, encoding } = door;
  const contentType = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  const contentEncoding = 'gzip';
  const body = new Uint8Array(gzipSync(plain));
  const url = `${target.url}${path}`;
  // One id for all tries: a try whose answer was lost is answered as the first one was.
  const id = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const headers = await headersOf(target, { id, url, body, contentType, contentEncoding });
    const answer = await attemptPost(url, headers, body);
    const again = answer.status === 0 || answer.status === 429 || answer.status >= 500;
    if (!again) return answer;
    if (attempt === TRIES) {
      throw new Fault('unavailable', `Cannot send to ${target.url}: ${answer.detail} (${TRIES} tries)`);
    }
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfterMs ?? 250 * 2 ** attempt));
  }
}

interface Answer {
  readonly status: number;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

async function attemptPost(url: string, headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual', // followed, a POST would become a GET, whose 200 says nothing
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const seconds = Number(response.headers.get('retry-after'));
    const detail = messageOf(text) || response.statusText;
    return {
      status: response.status,
      detail,
      ...(seconds > 0 ? { retryAfterMs: Math.min(60, seconds) * 1000 } : {}),
    };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    return { status: 0, detail: cause ?? (error as Error).message };
  }
}

function messageOf(text: string): string {
  try {
    const parsed = JSON.parse(text) as { detail?: string; message?: string };
    return parsed.detail ?? parsed.message ?? '';
  } catch {
    // A protobuf Status: its message is the only readable run of text.
    return text
      .replaceAll(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, 200);
  }
}

interface Request {
  readonly id: string;
  readonly url: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly contentEncoding: string;
}

async function headersOf({ key, secret }: Target, request: Request): Promise<Headers> {
  const { id, url, body, contentType, contentEncoding } = request;
  const headers = new Headers({ 'content-type': contentType, 'user-agent': 'tidemark-send' });
  if (contentEncoding !== '') headers.set('content-encoding', contentEncoding);
  if (secret === undefined) {
    if (key !== '') headers.set('authorization', `Bearer ${key}`);
    return headers;
  }
  const timestamp = String(Math.floor(Date.now() / 1000));
  const { pathname, search } = new URL(url);
  const target = `${pathname}${search}`;
  const content = await signedContent({
    id,
    timestamp,
    method: 'POST',
    target,
    body,
    contentType,
    contentEncoding,
  });
  headers.set(SIGNATURE_HEADERS.key, key);
  headers.set(SIGNATURE_HEADERS.id, id);
  headers.set(SIGNATURE_HEADERS.timestamp, timestamp);
  headers.set(SIGNATURE_HEADERS.signature, await sign(secret, content));
  return headers;
}

function report(sent: readonly Sent[], json: boolean, io: Io) {
  const count = (outcome: Sent['outcome']) => sent.filter((one) => one.outcome === outcome).length;
  const totals = { taken: count('taken'), skipped: count('skipped'), refused: count('refused') };
  if (json) {
    io.stdout(`${JSON.stringify({ ...totals, uploads: sent })}\n`);
    return;
  }
  for (const { file, part, status, outcome, detail } of sent) {
    if (outcome === 'refused')
      io.stderr(
        `tidemark send: ${file}, part ${part + 1}: ${status === null ? 'not sent' : `refused with ${status}`}: ${detail}\n`,
      );
  }
  io.stdout(`${totals.taken} taken, ${totals.skipped} sent before, ${totals.refused} refused\n`);
}
