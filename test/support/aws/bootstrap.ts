// What the managed runtime does in a Lambda: asks for calls, has the bundle answer them, one at a time. The clock of the
// product (Date.now) stands where the caller says; signatures (new Date()) keep to the machine's.
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const base = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const Real = Date;
let now: number | undefined;
globalThis.Date = new Proxy(Real, {
  get: (target, name, receiver) =>
    name === 'now' ? () => now ?? Real.now() : (Reflect.get(target, name, receiver) as unknown),
});

const post = (path: string, body: unknown) =>
  fetch(`${base}/${path}`, { method: 'POST', body: JSON.stringify(body ?? null) });
const toError = (error: unknown) => {
  const { name, message, stack } = error as Error;
  return { errorType: name, errorMessage: message, stackTrace: stack?.split('\n') ?? [] };
};

type Handler = (event: unknown, context: object) => Promise<unknown>;

async function load(): Promise<Handler> {
  const [file, name] = (_HANDLER ?? 'index.handler').split('.');
  const loaded = (await import(pathToFileURL(`${LAMBDA_TASK_ROOT}/${file}.mjs`).href)) as Record<
    string,
    Handler
  >;
  const handler = loaded[name ?? ''];
  if (handler === undefined) throw new Error(`${_HANDLER} is undefined or not exported`);
  // nodejs24.x takes no callbacks: a handler with three parameters is refused when it is loaded.
  if (handler.length > 2) throw new Error('CallbackHandlerDeprecated');
  return handler;
}

const handler = await load().catch(async (error: unknown) => {
  await post('init/error', toError(error));
  process.exit(1);
});

for (;;) {
  const next = await fetch(`${base}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id') ?? '';
  const told = next.headers.get('tidemark-test-now');
  now = told === null ? undefined : Number(told);
  const event: unknown = await next.json();
  try {
    await post(`invocation/${id}/response`, await handler(event, { awsRequestId: id }));
  } catch (error) {
    await post(`invocation/${id}/error`, toError(error));
  }
}
