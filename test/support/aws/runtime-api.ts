import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { answer, bodyOf, listen } from './listen.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html for one function with one environment: a child process that
// loads the bundle. A call that takes too long ends the environment, as it does in Lambda; the next call gets a new one.

export interface LambdaFunction {
  /** Answers what the handler returned. @throws LambdaError when it threw, could not be loaded, or took too long */
  invoke(event: unknown, options?: { readonly now?: number | undefined }): Promise<unknown>;
  /** Ends the environment in the middle of whatever it does. */
  kill(): void;
  /** Lines that the function wrote to its log. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

export class LambdaError extends Error {
  override readonly name = 'LambdaError';
}

/** Lambda's own bound for events and answers. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

interface Call {
  readonly id: string;
  readonly event: string;
  readonly now: number | undefined;
  done(result: unknown): void;
  failed(error: Error): void;
}

export interface LambdaOptions {
  /** Folder of the bundle. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export async function startLambda({
  bundle,
  environment,
  timeoutMs,
}: LambdaOptions): Promise<LambdaFunction> {
  const waiting: Call[] = [];
  const log: string[] = [];
  let running: Call | undefined;
  let asking: ServerResponse | undefined;
  let child: ChildProcess | undefined;

  const hand = () => {
    if (asking === undefined || running !== undefined) return;
    running = waiting.shift();
    if (running === undefined) return;
    const { id, event, now } = running;
    answer(asking, 200, event, {
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      ...(now === undefined ? {} : { 'tidemark-test-now': String(now) }),
    });
    asking = undefined;
  };
  const finish = (settle: (call: Call) => void) => {
    const call = running;
    running = undefined;
    if (call !== undefined) settle(call);
    hand();
  };

  const api = await listen(async (request, response) => {
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    if (path === 'invocation/next') {
      asking = response;
      return hand();
    }
    const body = (await bodyOf(request)).toString();
    answer(response, 202);
    if (path.endsWith('/response')) {
      if (body.length > PAYLOAD_BYTES_MAX)
        return finish(({ failed }) => failed(new LambdaError('ResponseSizeTooLarge')));
      return finish(({ done }) => done(JSON.parse(body)));
    }
    const { errorType, errorMessage } = JSON.parse(body) as Record<string, string>;
    const error = new LambdaError(`${errorType}: ${errorMessage}`);
    if (path === 'init/error') running ??= waiting.shift();
    finish(({ failed }) => failed(error));
  });

  const start = () => {
    child = spawn(process.execPath, [...PRELOAD, fileURLToPath(new URL('./bootstrap.ts', import.meta.url))], {
      env: {
        ...pick(process.env, ['PATH', 'TIDEMARK_TEST_CLOCK_SHIFT_DAYS']),
        ...environment,
        AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''),
        LAMBDA_TASK_ROOT: bundle,
        _HANDLER: 'index.handler',
        TZ: 'UTC',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const mine = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => void log.push(text.trimEnd()));
    child.once('exit', (code, signal) => {
      if (child !== mine) return;
      child = undefined;
      asking = undefined;
      finish(({ failed }) =>
        failed(new LambdaError(`Runtime exited: ${signal ?? code} ${log.at(-1) ?? ''}`)),
      );
      if (waiting.length > 0) start();
    });
  };

  return {
    log,
    async invoke(event, { now } = {}) {
      const text = JSON.stringify(event);
      if (text.length > PAYLOAD_BYTES_MAX) throw new LambdaError('RequestTooLarge');
      if (child === undefined) start();
      let timer: ReturnType<typeof setTimeout> | undefined;
      try {
        return await new Promise((done, failed) => {
          const call: Call = { id: randomUUID(), event: text, now, done, failed };
          timer = setTimeout(() => {
            failed(new LambdaError(`Task timed out after ${timeoutMs} ms`));
            child?.kill('SIGKILL');
          }, timeoutMs);
          waiting.push(call);
          hand();
        });
      } finally {
        clearTimeout(timer);
      }
    },
    kill: () => void child?.kill('SIGKILL'),
    async close() {
      child?.kill('SIGKILL');
      await api.close();
    },
  };
}

const PRELOAD = ['--import', new URL('../shift-clock.ts', import.meta.url).href];

const pick = (from: NodeJS.ProcessEnv, names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
